#include "core/bytes.h"
#include "journal/write.h"

#include <string.h>

static bool same(const struct otter_digest *a, const struct otter_digest *b)
{
    return memcmp(a->b, b->b, OTTER_DIGEST_LEN) == 0;
}

enum otter_status otter_journal_set_confirmed(struct otter_journal *j, const struct otter_confirmed *c)
{
    struct otter_journal_live next = j->live;

    if (c->present && next.confirmed.present && !same(&c->digest, &next.confirmed.digest)) {
        next.has_previous = true;
        next.previous = next.confirmed.digest;
    }
    next.confirmed = *c;
    return otter_journal_commit(j, OTTER_RECORD_CONFIRMED, &next);
}

enum otter_status otter_journal_set_pending(struct otter_journal *j, const struct otter_pending *p)
{
    struct otter_journal_live next = j->live;
    enum otter_status status = OTTER_OK;

    /* First, so that a power cut in between leaves no used-up trial behind for an image installed anew. */
    if (p->present && !next.pending.present)
        status = otter_journal_set_trial(j, &(struct otter_trial){.present = false});
    if (status != OTTER_OK)
        return status;
    next.trial = j->live.trial;
    next.pending = *p;
    return otter_journal_commit(j, OTTER_RECORD_PENDING, &next);
}

enum otter_status otter_journal_set_trial(struct otter_journal *j, const struct otter_trial *t)
{
    struct otter_journal_live next = j->live;

    next.trial = *t;
    return otter_journal_commit(j, OTTER_RECORD_TRIAL, &next);
}

static unsigned find_rejected(const struct otter_journal_live *live, const struct otter_digest *digest)
{
    unsigned i = 0;

    while (i < live->rejected_count && !same(&live->rejected[i].digest, digest))
        i++;
    return i;
}

enum otter_status otter_journal_add_rejected(struct otter_journal *j, const struct otter_rejected *r)
{
    struct otter_journal_live next = j->live;
    unsigned i = find_rejected(&next, &r->digest);

    if (i == OTTER_JOURNAL_REJECTED) {
        i--;
        memmove(&next.rejected[0], &next.rejected[1], i * sizeof(next.rejected[0]));
    } else if (i == next.rejected_count) {
        next.rejected_count++;
    }
    next.rejected[i] = *r;
    return otter_journal_commit(j, OTTER_RECORD_REJECTED, &next);
}

enum otter_status otter_journal_drop_rejected(struct otter_journal *j, const struct otter_digest *digest)
{
    struct otter_journal_live next = j->live;
    unsigned i = find_rejected(&next, digest);

    if (i == next.rejected_count)
        return OTTER_OK;
    next.rejected_count--;
    memmove(&next.rejected[i], &next.rejected[i + 1], (next.rejected_count - i) * sizeof(next.rejected[0]));
    return otter_journal_commit(j, OTTER_RECORD_REJECTED, &next);
}

bool otter_journal_is_rejected(const struct otter_journal *j, const struct otter_digest *digest,
                               struct otter_status_code *ret_cause)
{
    unsigned i = find_rejected(&j->live, digest);

    if (i == j->live.rejected_count)
        return false;
    if (ret_cause != NULL)
        *ret_cause = j->live.rejected[i].cause;
    return true;
}

static unsigned find_installs(const struct otter_journal_live *live, const struct otter_digest *digest)
{
    unsigned i = 0;

    while (i < live->installs_count && !same(&live->installs[i].digest, digest))
        i++;
    return i;
}

enum otter_status otter_journal_set_installs(struct otter_journal *j, const struct otter_installs *installs)
{
    struct otter_journal_live next = j->live;
    unsigned i = find_installs(&next, &installs->digest);

    if (installs->count == 0 && i == next.installs_count)
        return OTTER_OK;
    if (installs->count == 0) {
        next.installs_count--;
        memmove(&next.installs[i], &next.installs[i + 1],
                (next.installs_count - i) * sizeof(next.installs[0]));
        return otter_journal_commit(j, OTTER_RECORD_INSTALLS, &next);
    }
    if (i == OTTER_JOURNAL_INSTALLS) {
        i--;
        memmove(&next.installs[0], &next.installs[1], i * sizeof(next.installs[0]));
    } else if (i == next.installs_count) {
        next.installs_count++;
    }
    next.installs[i] = *installs;
    return otter_journal_commit(j, OTTER_RECORD_INSTALLS, &next);
}

uint8_t otter_journal_install_count(const struct otter_journal *j, const struct otter_digest *digest)
{
    unsigned i = find_installs(&j->live, digest);

    return i == j->live.installs_count ? 0 : j->live.installs[i].count;
}

enum otter_status otter_journal_set_checkpoint(struct otter_journal *j, const struct otter_checkpoint *c)
{
    struct otter_journal_live next = j->live;

    next.checkpoint = *c;
    return otter_journal_commit(j, OTTER_RECORD_CHECKPOINT, &next);
}

static unsigned find_report(const struct otter_journal_live *live, uint64_t attempt, uint32_t step)
{
    unsigned i = 0;

    while (i < live->report_count && (live->report[i].attempt != attempt || live->report[i].step != step))
        i++;
    return i;
}

static void remove_report(struct otter_journal_live *live, unsigned i)
{
    live->report_count--;
    memmove(&live->report[i], &live->report[i + 1], (live->report_count - i) * sizeof(live->report[0]));
}

enum otter_status otter_journal_add_report(struct otter_journal *j, const struct otter_held_report *r)
{
    struct otter_journal_live next = j->live;
    unsigned i = find_report(&next, r->attempt, r->step);

    if (i == OTTER_JOURNAL_REPORTS) {
        remove_report(&next, 0);
        i--;
    }
    if (i == next.report_count)
        next.report_count++;
    next.report[i] = *r;
    next.step_attempt = r->attempt;
    next.step = r->step;
    return otter_journal_commit(j, OTTER_RECORD_REPORTS, &next);
}

enum otter_status otter_journal_drop_report(struct otter_journal *j, uint64_t attempt, uint32_t step)
{
    struct otter_journal_live next = j->live;
    unsigned i = find_report(&next, attempt, step);

    if (i == next.report_count)
        return OTTER_OK;
    remove_report(&next, i);
    return otter_journal_commit(j, OTTER_RECORD_REPORTS, &next);
}

enum otter_status otter_journal_add_revoked(struct otter_journal *j, const struct otter_digest *keyhash)
{
    struct otter_journal_live next = j->live;

    for (unsigned i = 0; i < next.revoked_count; i++)
        if (same(&next.revoked[i], keyhash))
            return OTTER_OK;
    if (next.revoked_count == OTTER_IMAGE_KEYS)
        return OTTER_NO_SPACE;
    next.revoked[next.revoked_count++] = *keyhash;
    return otter_journal_commit(j, OTTER_RECORD_REVOKED, &next);
}

enum otter_status otter_journal_set_time_floor(struct otter_journal *j, uint64_t created)
{
    struct otter_journal_live next = j->live;

    next.time_floor = created;
    return otter_journal_commit(j, OTTER_RECORD_TIME, &next);
}

enum otter_status otter_journal_set_token(struct otter_journal *j, const char *token)
{
    struct otter_journal_live next = j->live;
    size_t len = 0;

    while (len <= OTTER_TOKEN_MAX && token[len] != '\0')
        len++;
    if (len > OTTER_TOKEN_MAX)
        return OTTER_TOO_LARGE;
    memcpy(next.token, token, len + 1);
    return otter_journal_commit(j, OTTER_RECORD_TOKEN, &next);
}

enum otter_status otter_journal_set_next_secret(struct otter_journal *j, const uint8_t *secret)
{
    struct otter_journal_live next = j->live;

    memset(next.next_secret.b, 0, OTTER_DIGEST_LEN);
    if (secret != NULL)
        memcpy(next.next_secret.b, secret, OTTER_DIGEST_LEN);
    return otter_journal_commit(j, OTTER_RECORD_NEXT_SECRET, &next);
}

enum otter_status otter_journal_set_failures(struct otter_journal *j, uint32_t failures)
{
    struct otter_journal_live next = j->live;

    next.failures = failures;
    return otter_journal_commit(j, OTTER_RECORD_FAILURES, &next);
}

enum otter_status otter_journal_set_ended(struct otter_journal *j, uint32_t ended)
{
    struct otter_journal_live next = j->live;

    next.ended = ended;
    return otter_journal_commit(j, OTTER_RECORD_ENDED, &next);
}

/* Is this very root the one on flash? */
static bool root_holds(struct otter_journal *j, uint64_t version, const char *payload, uint16_t len)
{
    struct otter_entry entry = {.at = j->root_at, .len = (uint16_t)(8 + j->root_len)};
    uint8_t piece[32];

    if (j->root_at == 0 || version != j->live.root_version || len != j->root_len)
        return false;
    for (uint32_t at = 0; at < len; at += sizeof(piece)) {
        uint32_t n = len - at < sizeof(piece) ? len - at : (uint32_t)sizeof(piece);

        if (otter_log_read(j, j->now.half, &entry, 8 + at, piece, n) != OTTER_OK ||
            memcmp(piece, payload + at, n) != 0)
            return false;
    }
    return true;
}

enum otter_status otter_journal_set_root(struct otter_journal *j, uint64_t version, const char *payload,
                                         uint16_t len)
{
    const struct otter_new_root root = {.version = version, .payload = payload, .len = len};
    uint32_t at;
    enum otter_status status;

    if (len == 0 || len > OTTER_PAYLOAD_MAX)
        return OTTER_TOO_LARGE;
    if (root_holds(j, version, payload, len))
        return OTTER_OK;
    status = otter_journal_append_root(j, &j->now, &root, &at);
    if (status == OTTER_OK) {
        j->root_at = at;
        j->root_len = len;
    } else if (status == OTTER_NO_SPACE) {
        status = otter_journal_turn(j, &j->live, &root);
    }
    if (status == OTTER_OK)
        j->live.root_version = version;
    return status;
}

enum otter_status otter_journal_get_root(struct otter_journal *j, char *out, uint16_t *ret_len)
{
    struct otter_entry entry = {.at = j->root_at, .len = (uint16_t)(8 + j->root_len)};
    uint16_t len = j->root_at == 0 ? 0 : j->root_len;

    if (len > 0 && otter_log_read(j, j->now.half, &entry, 8, out, len) != OTTER_OK)
        return OTTER_IO_ERROR;
    out[len] = '\0';
    *ret_len = len;
    return OTTER_OK;
}
