#include "sample.h"

#include "journal/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct otter_digest sample_digest(unsigned n)
{
    struct otter_digest digest;

    for (unsigned i = 0; i < OTTER_DIGEST_LEN; i++)
        digest.b[i] = (uint8_t)(n * 31 + i * 7 + 1);
    return digest;
}

static enum otter_status set_confirmed(struct otter_journal *j, unsigned n)
{
    const struct otter_confirmed c = {true, n % 2 ? OTTER_SLOT_B : OTTER_SLOT_A, sample_digest(n), n, n + 1,
                                      n + 2};

    return otter_journal_set_confirmed(j, &c);
}

static enum otter_status set_pending(struct otter_journal *j, unsigned n)
{
    const struct otter_pending p = {true, OTTER_SLOT_B, sample_digest(n + 1), n, n + 1,
                                    7,    n + 2,        sample_digest(n + 2)};

    return otter_journal_set_pending(j, &p);
}

static enum otter_status set_trial(struct otter_journal *j, unsigned n)
{
    const struct otter_trial t = {true, sample_digest(n + 1), (uint8_t)(n % 200 + 1), n % 2 != 0, n % 3 != 0};

    return otter_journal_set_trial(j, &t);
}

static enum otter_status set_rejected(struct otter_journal *j, unsigned n)
{
    const struct otter_rejected r = {sample_digest(n),
                                     otter_status_code(n % 2 ? OTTER_WATCHDOG : OTTER_TRIAL_NO_SERVER)};

    return otter_journal_add_rejected(j, &r);
}

static enum otter_status set_installs(struct otter_journal *j, unsigned n)
{
    const struct otter_installs i = {sample_digest(n), (uint8_t)(n % 200 + 1)};

    return otter_journal_set_installs(j, &i);
}

static enum otter_status set_checkpoint(struct otter_journal *j, unsigned n)
{
    const struct otter_checkpoint c = {true, sample_digest(n), OTTER_SLOT_B, 131072 * n, 4096 * n};

    return otter_journal_set_checkpoint(j, &c);
}

static enum otter_status set_report(struct otter_journal *j, unsigned n)
{
    const struct otter_held_report r = {111 + n, n + 1, OTTER_UPDATE_FAILED,
                                        otter_status_code(OTTER_IMAGE_DIGEST)};

    return otter_journal_add_report(j, &r);
}

static enum otter_status set_revoked(struct otter_journal *j, unsigned n)
{
    const struct otter_digest digest = sample_digest(n % OTTER_IMAGE_KEYS);

    return otter_journal_add_revoked(j, &digest);
}

static enum otter_status set_time_floor(struct otter_journal *j, unsigned n)
{
    return otter_journal_set_time_floor(j, 1800000000u + n);
}

static enum otter_status set_token(struct otter_journal *j, unsigned n)
{
    char token[OTTER_TOKEN_MAX + 1];

    snprintf(token, sizeof(token), "%064u", n);
    return otter_journal_set_token(j, token);
}

static enum otter_status set_failures(struct otter_journal *j, unsigned n)
{
    return otter_journal_set_failures(j, n + 1);
}

static enum otter_status set_next_secret(struct otter_journal *j, unsigned n)
{
    const struct otter_digest digest = sample_digest(n + 1);

    return otter_journal_set_next_secret(j, digest.b);
}

static enum otter_status set_root(struct otter_journal *j, unsigned n)
{
    char payload[OTTER_PAYLOAD_MAX];

    for (unsigned i = 0; i < sizeof(payload); i++)
        payload[i] = (char)('a' + (i * 11 + n) % 26);
    return otter_journal_set_root(j, n + 1, payload, (uint16_t)(sizeof(payload) - n % 3));
}

const struct sample_setter sample_setters[SAMPLE_SETTERS] = {
    {"confirmed", set_confirmed},
    {"pending", set_pending},
    {"trial", set_trial},
    {"rejected", set_rejected},
    {"installs", set_installs},
    {"checkpoint", set_checkpoint},
    {"report", set_report},
    {"revoked", set_revoked},
    {"time floor", set_time_floor},
    {"token", set_token},
    {"failures", set_failures},
    {"root", set_root},
    {"next secret", set_next_secret},
};

static void must(enum otter_status status)
{
    if (status != OTTER_OK) {
        fprintf(stderr, "journal: %s\n", otter_status_name(status));
        abort();
    }
}

void sample_fill(struct otter_journal *j, unsigned n)
{
    for (unsigned i = 0; i < OTTER_JOURNAL_REPORTS; i++)
        must(set_report(j, n + i));
    for (unsigned i = 0; i < OTTER_JOURNAL_REJECTED; i++)
        must(set_rejected(j, n + i));
    for (unsigned i = 0; i < OTTER_JOURNAL_INSTALLS; i++)
        must(set_installs(j, n + i));
    for (unsigned i = 0; i < OTTER_IMAGE_KEYS; i++)
        must(set_revoked(j, i));
    for (unsigned i = 0; i < SAMPLE_SETTERS; i++)
        must(sample_setters[i].set(j, n));
}

void sample_take(struct otter_journal *j, struct sample_state *ret)
{
    memset(ret, 0, sizeof(*ret));
    ret->live = j->live;
    must(otter_journal_get_root(j, ret->root, &ret->root_len));
}

bool sample_same(const struct sample_state *a, const struct sample_state *b)
{
    uint8_t x[OTTER_VALUE_MAX], y[OTTER_VALUE_MAX];

    for (unsigned i = 0; otter_value_type(i) != OTTER_RECORD_VOID; i++) {
        uint16_t n = otter_value_encode(otter_value_type(i), &a->live, x);

        if (n != otter_value_encode(otter_value_type(i), &b->live, y) || memcmp(x, y, n) != 0)
            return false;
    }
    return a->live.root_version == b->live.root_version && a->root_len == b->root_len &&
           memcmp(a->root, b->root, a->root_len) == 0;
}
