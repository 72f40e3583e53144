#include "journal/value.h"

#include "core/bytes.h"

#include <string.h>

_Static_assert(OTTER_UPDATE_OFFERED == 0 && OTTER_UPDATE_DOWNLOADING == 1 && OTTER_UPDATE_DOWNLOADED == 2 &&
                   OTTER_UPDATE_INSTALLED == 3 && OTTER_UPDATE_TESTING == 4 && OTTER_UPDATE_SUCCEEDED == 5 &&
                   OTTER_UPDATE_FAILED == 6 && OTTER_UPDATE_REVERTED == 7 && OTTER_UPDATE_TIMED_OUT == 8 &&
                   OTTER_UPDATE_CANCELLED == 9,
               "states are stored as these numbers");

/* ---- members ---- */

/* What a member is. Flags: two bools in a row, the first is bit 0. */
enum kind { DIGEST, U64, U32, U8, FLAG, FLAGS, SLOT, STATE };

/* Bytes on flash. */
static const uint8_t width[] = {[DIGEST] = OTTER_DIGEST_LEN,
                                [U64] = 8,
                                [U32] = 4,
                                [U8] = 1,
                                [FLAG] = 1,
                                [FLAGS] = 1,
                                [SLOT] = 1,
                                [STATE] = 1};

/* A member of the live set, or of an element of one of its lists. */
struct field {
    uint16_t at;
    uint8_t kind;
};

static void put(uint8_t kind, const void *from, uint8_t *out)
{
    const bool *flag = from;

    switch (kind) {
    case DIGEST:
        memcpy(out, from, OTTER_DIGEST_LEN);
        break;
    case U64:
        otter_put_le64(out, *(const uint64_t *)from);
        break;
    case U32:
        otter_put_le32(out, *(const uint32_t *)from);
        break;
    case U8:
        *out = *(const uint8_t *)from;
        break;
    case FLAG:
        *out = flag[0];
        break;
    case FLAGS:
        *out = (uint8_t)(flag[0] | flag[1] << 1);
        break;
    case SLOT:
        *out = (uint8_t) * (const enum otter_slot *)from;
        break;
    default:
        *out = (uint8_t) * (const enum otter_update_state *)from;
        break;
    }
}

static bool makes_sense(uint8_t kind, const uint8_t *in)
{
    return kind == SLOT ? *in <= OTTER_SLOT_B : kind != STATE || *in < OTTER_UPDATE_STATE_COUNT;
}

static void get(uint8_t kind, const uint8_t *in, void *to)
{
    bool *flag = to;

    switch (kind) {
    case DIGEST:
        memcpy(to, in, OTTER_DIGEST_LEN);
        break;
    case U64:
        *(uint64_t *)to = otter_le64(in);
        break;
    case U32:
        *(uint32_t *)to = otter_le32(in);
        break;
    case U8:
        *(uint8_t *)to = *in;
        break;
    case FLAG:
        flag[0] = *in != 0;
        break;
    case FLAGS:
        flag[0] = (*in & 1) != 0;
        flag[1] = (*in & 2) != 0;
        break;
    case SLOT:
        *(enum otter_slot *)to = (enum otter_slot) * in;
        break;
    default:
        *(enum otter_update_state *)to = (enum otter_update_state) * in;
        break;
    }
}

/* ---- values ---- */

#define AT(member) offsetof(struct otter_journal_live, member)
#define LIVE(member, kind)                                                                                   \
    {                                                                                                        \
        AT(member), kind                                                                                     \
    }
#define OF(name, member, kind)                                                                               \
    {                                                                                                        \
        offsetof(struct otter_##name, member), kind                                                          \
    }

static const struct field confirmed[] = {LIVE(confirmed.slot, SLOT),     LIVE(confirmed.counter, U32),
                                         LIVE(confirmed.epoch, U64),     LIVE(confirmed.sequence, U64),
                                         LIVE(confirmed.digest, DIGEST), LIVE(has_previous, FLAG),
                                         LIVE(previous, DIGEST)};
static const struct field pending[] = {LIVE(pending.slot, SLOT),      LIVE(pending.counter, U32),
                                       LIVE(pending.epoch, U64),      LIVE(pending.sequence, U64),
                                       LIVE(pending.attempt, U64),    LIVE(pending.digest, DIGEST),
                                       LIVE(pending.manifest, DIGEST)};
static const struct field trial[] = {LIVE(trial.boots_used, U8), LIVE(trial.self_test_passed, FLAGS),
                                     LIVE(trial.digest, DIGEST)};
static const struct field rejected[] = {OF(rejected, digest, DIGEST), OF(rejected, cause.crc, U32)};
static const struct field installs[] = {OF(installs, digest, DIGEST), OF(installs, count, U8)};
static const struct field checkpoint[] = {LIVE(checkpoint.slot, SLOT), LIVE(checkpoint.erased_to, U32),
                                          LIVE(checkpoint.written_to, U32), LIVE(checkpoint.digest, DIGEST)};
static const struct field reports[] = {LIVE(step_attempt, U64),       LIVE(step, U32),
                                       OF(held_report, attempt, U64), OF(held_report, step, U32),
                                       OF(held_report, state, STATE), OF(held_report, reason.crc, U32)};
static const struct field revoked[] = {OF(digest, b, DIGEST)};
static const struct field time_floor[] = {LIVE(time_floor, U64)};
static const struct field failures[] = {LIVE(failures, U32)};
static const struct field ended[] = {LIVE(ended, U32)};
static const struct field next_secret[] = {LIVE(next_secret, DIGEST)};

_Static_assert(offsetof(struct otter_trial, hung) == offsetof(struct otter_trial, self_test_passed) + 1,
               "the flags of a trial: 1 self-test passed, 2 hung");

/* Members of the live set; then, if it has a list, the count in a byte, and the members of each element. */
struct value {
    uint8_t type;
    uint8_t members, of_element;
    uint8_t list_max;
    const struct field *field;
    uint16_t present_at; /* its own flag; NOWHERE: it is there if anything in it is not zero */
    uint16_t count_at, list_at, list_step;
};

#define NOWHERE UINT16_MAX
#define PLAIN(type, fields, present)                                                                         \
    {                                                                                                        \
        type, OTTER_ARRAY_LEN(fields), 0, 0, fields, present, 0, 0, 0                                        \
    }
#define LIST(type, fields, before, list, count)                                                              \
    {                                                                                                        \
        type, before, OTTER_ARRAY_LEN(fields) - (before),                                                    \
            OTTER_ARRAY_LEN(((struct otter_journal_live *)0)->list), fields, NOWHERE, AT(count), AT(list),   \
            sizeof(((struct otter_journal_live *)0)->list[0])                                                \
    }

static const struct value values[] = {
    PLAIN(OTTER_RECORD_CONFIRMED, confirmed, AT(confirmed.present)),
    PLAIN(OTTER_RECORD_PENDING, pending, AT(pending.present)),
    PLAIN(OTTER_RECORD_TRIAL, trial, AT(trial.present)),
    LIST(OTTER_RECORD_REJECTED, rejected, 0, rejected, rejected_count),
    LIST(OTTER_RECORD_INSTALLS, installs, 0, installs, installs_count),
    PLAIN(OTTER_RECORD_CHECKPOINT, checkpoint, AT(checkpoint.present)),
    LIST(OTTER_RECORD_REPORTS, reports, 2, report, report_count),
    LIST(OTTER_RECORD_REVOKED, revoked, 0, revoked, revoked_count),
    PLAIN(OTTER_RECORD_TIME, time_floor, NOWHERE),
    {.type = OTTER_RECORD_TOKEN}, /* characters: encode_token, decode_token */
    PLAIN(OTTER_RECORD_FAILURES, failures, NOWHERE),
    PLAIN(OTTER_RECORD_NEXT_SECRET, next_secret, NOWHERE),
    PLAIN(OTTER_RECORD_ENDED, ended, NOWHERE),
};

static const uint8_t *byte_of(const struct otter_journal_live *live, uint16_t at)
{
    return (const uint8_t *)live + at;
}

static uint8_t *put_members(const struct field *f, unsigned n, const uint8_t *base, uint8_t *out)
{
    for (; n > 0; n--, f++) {
        put(f->kind, base + f->at, out);
        out += width[f->kind];
    }
    return out;
}

static void get_members(const struct field *f, unsigned n, const uint8_t *in, uint8_t *base)
{
    for (; n > 0; n--, f++) {
        get(f->kind, in, base + f->at);
        in += width[f->kind];
    }
}

static unsigned length_of(const struct field *f, unsigned n)
{
    unsigned len = 0;

    for (; n > 0; n--, f++)
        len += width[f->kind];
    return len;
}

static bool make_sense(const struct field *f, unsigned n, const uint8_t *in)
{
    for (; n > 0; n--, f++) {
        if (!makes_sense(f->kind, in))
            return false;
        in += width[f->kind];
    }
    return true;
}

static bool is_zero(const uint8_t *p, const uint8_t *end)
{
    while (p < end && *p == 0)
        p++;
    return p == end;
}

static uint16_t encode_members(const struct value *v, const struct otter_journal_live *live, uint8_t *out)
{
    unsigned count = v->list_max > 0 ? *byte_of(live, v->count_at) : 0;
    uint8_t *p = put_members(v->field, v->members, byte_of(live, 0), out);

    if (v->list_max > 0)
        *p++ = (uint8_t)count;
    for (size_t i = 0; i < count; i++)
        p = put_members(v->field + v->members, v->of_element, byte_of(live, v->list_at) + i * v->list_step,
                        p);
    if (v->present_at == NOWHERE ? is_zero(out, p) : *byte_of(live, v->present_at) == 0)
        return 0;
    return (uint16_t)(p - out);
}

/* Nothing is taken before all of it is known to make sense. */
static bool decode_members(const struct value *v, const uint8_t *in, unsigned len,
                           struct otter_journal_live *live)
{
    const struct field *element = v->field + v->members;
    unsigned head = length_of(v->field, v->members), step = length_of(element, v->of_element), count = 0;
    uint8_t *base = (uint8_t *)live;

    if (v->list_max > 0) {
        if (len <= head || in[head] > v->list_max)
            return false;
        count = in[head++];
    }
    if (len < head + count * step || !make_sense(v->field, v->members, in))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!make_sense(element, v->of_element, in + head + i * step))
            return false;
    get_members(v->field, v->members, in, base);
    for (size_t i = 0; i < count; i++)
        get_members(element, v->of_element, in + head + i * step, base + v->list_at + i * v->list_step);
    if (v->list_max > 0)
        base[v->count_at] = (uint8_t)count;
    if (v->present_at != NOWHERE)
        base[v->present_at] = true;
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

static const struct value *find(uint8_t type)
{
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(values); i++)
        if (values[i].type == type)
            return &values[i];
    return NULL;
}

uint8_t otter_value_type(unsigned i)
{
    return i < OTTER_ARRAY_LEN(values) ? values[i].type : (uint8_t)OTTER_RECORD_VOID;
}

uint16_t otter_value_encode(uint8_t type, const struct otter_journal_live *live, uint8_t out[OTTER_VALUE_MAX])
{
    const struct value *v = find(type);

    if (v == NULL)
        return 0;
    return type == OTTER_RECORD_TOKEN ? encode_token(live, out) : encode_members(v, live, out);
}

bool otter_value_decode(uint8_t type, const uint8_t *in, uint16_t len, struct otter_journal_live *live)
{
    const struct value *v = find(type);

    if (v == NULL || len == 0)
        return v != NULL;
    return type == OTTER_RECORD_TOKEN ? decode_token(in, len, live) : decode_members(v, in, len, live);
}
