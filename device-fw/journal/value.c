#include "journal/value.h"

#include "core/bytes.h"

#include <string.h>

_Static_assert(OTTER_UPDATE_OFFERED == 0 && OTTER_UPDATE_DOWNLOADING == 1 && OTTER_UPDATE_DOWNLOADED == 2 &&
                   OTTER_UPDATE_INSTALLED == 3 && OTTER_UPDATE_TESTING == 4 && OTTER_UPDATE_SUCCEEDED == 5 &&
                   OTTER_UPDATE_FAILED == 6 && OTTER_UPDATE_REVERTED == 7 && OTTER_UPDATE_TIMED_OUT == 8 &&
                   OTTER_UPDATE_CANCELLED == 9,
               "states are stored as these numbers");

enum trial_flag { TRIAL_SELF_TEST_PASSED = 1, TRIAL_HUNG = 2 };

static uint8_t *put_digest(uint8_t *p, const struct otter_digest *digest)
{
    memcpy(p, digest->b, OTTER_DIGEST_LEN);
    return p + OTTER_DIGEST_LEN;
}

static void get_digest(const uint8_t *p, struct otter_digest *ret)
{
    memcpy(ret->b, p, OTTER_DIGEST_LEN);
}

static uint16_t encode_confirmed(const struct otter_journal_live *live, uint8_t *out)
{
    const struct otter_confirmed *c = &live->confirmed;

    if (!c->present)
        return 0;
    out[0] = (uint8_t)c->slot;
    otter_put_le32(out + 1, c->counter);
    otter_put_le64(out + 5, c->epoch);
    otter_put_le64(out + 13, c->sequence);
    put_digest(out + 21, &c->digest);
    out[53] = live->has_previous;
    put_digest(out + 54, &live->previous);
    return OTTER_LEN_CONFIRMED;
}

static bool decode_confirmed(const uint8_t *in, uint16_t len, struct otter_journal_live *live)
{
    struct otter_confirmed *c = &live->confirmed;

    if (len < OTTER_LEN_CONFIRMED || in[0] > OTTER_SLOT_B)
        return false;
    c->present = true;
    c->slot = (enum otter_slot)in[0];
    c->counter = otter_le32(in + 1);
    c->epoch = otter_le64(in + 5);
    c->sequence = otter_le64(in + 13);
    get_digest(in + 21, &c->digest);
    live->has_previous = in[53] != 0;
    get_digest(in + 54, &live->previous);
    return true;
}

static uint16_t encode_pending(const struct otter_journal_live *live, uint8_t *out)
{
    const struct otter_pending *p = &live->pending;

    if (!p->present)
        return 0;
    out[0] = (uint8_t)p->slot;
    otter_put_le32(out + 1, p->counter);
    otter_put_le64(out + 5, p->epoch);
    otter_put_le64(out + 13, p->sequence);
    otter_put_le64(out + 21, p->attempt);
    put_digest(put_digest(out + 29, &p->digest), &p->manifest);
    return OTTER_LEN_PENDING;
}

static bool decode_pending(const uint8_t *in, uint16_t len, struct otter_journal_live *live)
{
    struct otter_pending *p = &live->pending;

    if (len < OTTER_LEN_PENDING || in[0] > OTTER_SLOT_B)
        return false;
    p->present = true;
    p->slot = (enum otter_slot)in[0];
    p->counter = otter_le32(in + 1);
    p->epoch = otter_le64(in + 5);
    p->sequence = otter_le64(in + 13);
    p->attempt = otter_le64(in + 21);
    get_digest(in + 29, &p->digest);
    get_digest(in + 61, &p->manifest);
    return true;
}

static uint16_t encode_trial(const struct otter_journal_live *live, uint8_t *out)
{
    const struct otter_trial *t = &live->trial;

    if (!t->present)
        return 0;
    out[0] = t->boots_used;
    out[1] = (uint8_t)((t->self_test_passed ? TRIAL_SELF_TEST_PASSED : 0) | (t->hung ? TRIAL_HUNG : 0));
    put_digest(out + 2, &t->digest);
    return OTTER_LEN_TRIAL;
}

static bool decode_trial(const uint8_t *in, uint16_t len, struct otter_journal_live *live)
{
    struct otter_trial *t = &live->trial;

    if (len < OTTER_LEN_TRIAL)
        return false;
    t->present = true;
    t->boots_used = in[0];
    t->self_test_passed = (in[1] & TRIAL_SELF_TEST_PASSED) != 0;
    t->hung = (in[1] & TRIAL_HUNG) != 0;
    get_digest(in + 2, &t->digest);
    return true;
}

static uint16_t encode_checkpoint(const struct otter_journal_live *live, uint8_t *out)
{
    const struct otter_checkpoint *c = &live->checkpoint;

    if (!c->present)
        return 0;
    out[0] = (uint8_t)c->slot;
    otter_put_le32(out + 1, c->erased_to);
    otter_put_le32(out + 5, c->written_to);
    put_digest(out + 9, &c->digest);
    return OTTER_LEN_CHECKPOINT;
}

static bool decode_checkpoint(const uint8_t *in, uint16_t len, struct otter_journal_live *live)
{
    struct otter_checkpoint *c = &live->checkpoint;

    if (len < OTTER_LEN_CHECKPOINT || in[0] > OTTER_SLOT_B)
        return false;
    c->present = true;
    c->slot = (enum otter_slot)in[0];
    c->erased_to = otter_le32(in + 1);
    c->written_to = otter_le32(in + 5);
    get_digest(in + 9, &c->digest);
    return true;
}

static uint16_t encode_rejected(const struct otter_journal_live *live, uint8_t *out)
{
    uint8_t *p = out + 1;

    if (live->rejected_count == 0)
        return 0;
    out[0] = live->rejected_count;
    for (unsigned i = 0; i < live->rejected_count; i++) {
        p = put_digest(p, &live->rejected[i].digest);
        otter_put_le32(p, live->rejected[i].cause.crc);
        p += 4;
    }
    return (uint16_t)(p - out);
}

static bool decode_rejected(const uint8_t *in, uint16_t len, struct otter_journal_live *live)
{
    if (len < 1 || in[0] > OTTER_JOURNAL_REJECTED || len < 1u + in[0] * 36u)
        return false;
    live->rejected_count = *in++;
    for (unsigned i = 0; i < live->rejected_count; i++, in += 36) {
        get_digest(in, &live->rejected[i].digest);
        live->rejected[i].cause.crc = otter_le32(in + 32);
    }
    return true;
}

static uint16_t encode_installs(const struct otter_journal_live *live, uint8_t *out)
{
    uint8_t *p = out + 1;

    if (live->installs_count == 0)
        return 0;
    out[0] = live->installs_count;
    for (unsigned i = 0; i < live->installs_count; i++) {
        p = put_digest(p, &live->installs[i].digest);
        *p++ = live->installs[i].count;
    }
    return (uint16_t)(p - out);
}

static bool decode_installs(const uint8_t *in, uint16_t len, struct otter_journal_live *live)
{
    if (len < 1 || in[0] > OTTER_JOURNAL_INSTALLS || len < 1u + in[0] * 33u)
        return false;
    live->installs_count = *in++;
    for (unsigned i = 0; i < live->installs_count; i++, in += 33) {
        get_digest(in, &live->installs[i].digest);
        live->installs[i].count = in[32];
    }
    return true;
}

static uint16_t encode_reports(const struct otter_journal_live *live, uint8_t *out)
{
    uint8_t *p = out + 13;

    if (live->report_count == 0 && live->step_attempt == 0)
        return 0;
    otter_put_le64(out, live->step_attempt);
    otter_put_le32(out + 8, live->step);
    out[12] = live->report_count;
    for (unsigned i = 0; i < live->report_count; i++, p += 17) {
        otter_put_le64(p, live->report[i].attempt);
        otter_put_le32(p + 8, live->report[i].step);
        p[12] = (uint8_t)live->report[i].state;
        otter_put_le32(p + 13, live->report[i].reason.crc);
    }
    return (uint16_t)(p - out);
}

static bool decode_reports(const uint8_t *in, uint16_t len, struct otter_journal_live *live)
{
    if (len < 13 || in[12] > OTTER_JOURNAL_REPORTS || len < 13u + in[12] * 17u)
        return false;
    for (unsigned i = 0; i < in[12]; i++)
        if (in[13 + 17 * i + 12] >= OTTER_UPDATE_STATE_COUNT)
            return false;
    live->step_attempt = otter_le64(in);
    live->step = otter_le32(in + 8);
    live->report_count = in[12];
    in += 13;
    for (unsigned i = 0; i < live->report_count; i++, in += 17) {
        live->report[i].attempt = otter_le64(in);
        live->report[i].step = otter_le32(in + 8);
        live->report[i].state = (enum otter_update_state)in[12];
        live->report[i].reason.crc = otter_le32(in + 13);
    }
    return true;
}

static uint16_t encode_revoked(const struct otter_journal_live *live, uint8_t *out)
{
    uint8_t *p = out + 1;

    if (live->revoked_count == 0)
        return 0;
    out[0] = live->revoked_count;
    for (unsigned i = 0; i < live->revoked_count; i++)
        p = put_digest(p, &live->revoked[i]);
    return (uint16_t)(p - out);
}

static bool decode_revoked(const uint8_t *in, uint16_t len, struct otter_journal_live *live)
{
    if (len < 1 || in[0] > OTTER_IMAGE_KEYS || len < 1u + in[0] * OTTER_DIGEST_LEN)
        return false;
    live->revoked_count = *in++;
    for (unsigned i = 0; i < live->revoked_count; i++, in += OTTER_DIGEST_LEN)
        get_digest(in, &live->revoked[i]);
    return true;
}

static uint16_t encode_time(const struct otter_journal_live *live, uint8_t *out)
{
    if (live->time_floor == 0)
        return 0;
    otter_put_le64(out, live->time_floor);
    return 8;
}

static bool decode_time(const uint8_t *in, uint16_t len, struct otter_journal_live *live)
{
    if (len < 8)
        return false;
    live->time_floor = otter_le64(in);
    return true;
}

static uint16_t encode_token(const struct otter_journal_live *live, uint8_t *out)
{
    size_t n = strlen(live->token); /* <= OTTER_TOKEN_MAX: set_token and decode see to it */

    memcpy(out, live->token, n);
    return (uint16_t)n;
}

static bool decode_token(const uint8_t *in, uint16_t len, struct otter_journal_live *live)
{
    if (len > OTTER_TOKEN_MAX || memchr(in, 0, len) != NULL)
        return false;
    memcpy(live->token, in, len);
    live->token[len] = '\0';
    return true;
}

static uint16_t encode_failures(const struct otter_journal_live *live, uint8_t *out)
{
    if (live->failures == 0)
        return 0;
    otter_put_le32(out, live->failures);
    return 4;
}

static bool decode_failures(const uint8_t *in, uint16_t len, struct otter_journal_live *live)
{
    if (len < 4)
        return false;
    live->failures = otter_le32(in);
    return true;
}

static const struct {
    uint8_t type;
    uint16_t (*encode)(const struct otter_journal_live *live, uint8_t *out);
    bool (*decode)(const uint8_t *in, uint16_t len, struct otter_journal_live *live);
} codecs[] = {
    {OTTER_RECORD_CONFIRMED, encode_confirmed, decode_confirmed},
    {OTTER_RECORD_PENDING, encode_pending, decode_pending},
    {OTTER_RECORD_TRIAL, encode_trial, decode_trial},
    {OTTER_RECORD_REJECTED, encode_rejected, decode_rejected},
    {OTTER_RECORD_INSTALLS, encode_installs, decode_installs},
    {OTTER_RECORD_CHECKPOINT, encode_checkpoint, decode_checkpoint},
    {OTTER_RECORD_REPORTS, encode_reports, decode_reports},
    {OTTER_RECORD_REVOKED, encode_revoked, decode_revoked},
    {OTTER_RECORD_TIME, encode_time, decode_time},
    {OTTER_RECORD_TOKEN, encode_token, decode_token},
    {OTTER_RECORD_FAILURES, encode_failures, decode_failures},
};

uint8_t otter_value_type(unsigned i)
{
    return i < OTTER_ARRAY_LEN(codecs) ? codecs[i].type : (uint8_t)OTTER_RECORD_VOID;
}

uint16_t otter_value_encode(uint8_t type, const struct otter_journal_live *live, uint8_t out[OTTER_VALUE_MAX])
{
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(codecs); i++)
        if (codecs[i].type == type)
            return codecs[i].encode(live, out);
    return 0;
}

bool otter_value_decode(uint8_t type, const uint8_t *in, uint16_t len, struct otter_journal_live *live)
{
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(codecs); i++)
        if (codecs[i].type == type)
            return len == 0 || codecs[i].decode(in, len, live);
    return false;
}
