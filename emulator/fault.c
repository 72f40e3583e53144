#include "fault.h"

#include "core/bytes.h"

#include <string.h>

#define PPM 1000000u

uint64_t emu_rng_next(struct emu_rng *rng)
{
    uint64_t z = rng->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* "0.05" or "1" to millionths: digits, and at most six decimals; at most 1. */
static bool parse_chance(const char *s, size_t len, uint32_t *ret_ppm)
{
    const char *dot = memchr(s, '.', len);
    size_t whole_len = dot != NULL ? (size_t)(dot - s) : len;
    size_t decimals = dot != NULL ? len - whole_len - 1 : 0;
    uint64_t whole, part = 0;

    if (!otter_parse_uint(s, whole_len, 1, &whole) || (dot != NULL && (decimals == 0 || decimals > 6)))
        return false;
    for (size_t i = 0; i < 6; i++) {
        char c = i < decimals ? dot[1 + i] : '0';

        if (c < '0' || c > '9')
            return false;
        part = part * 10 + (uint64_t)(c - '0');
    }
    if (whole * PPM + part > PPM)
        return false;
    *ret_ppm = (uint32_t)(whole * PPM + part);
    return true;
}

enum fault_key { KEY_DROP, KEY_CORRUPT, KEY_SLOW, KEY_SEED, KEY_COUNT };
static const char *const fault_keys[KEY_COUNT] = {"drop", "corrupt", "slow", "seed"};

static bool parse_member(enum fault_key key, const char *value, size_t len, struct emu_fault_plan *plan)
{
    uint64_t number;

    switch (key) {
    case KEY_DROP:
        return parse_chance(value, len, &plan->drop_ppm);
    case KEY_CORRUPT:
        return parse_chance(value, len, &plan->corrupt_ppm);
    case KEY_SLOW:
        if (!otter_parse_uint(value, len, 1000000000u, &number) || number == 0)
            return false;
        plan->bytes_per_s = (uint32_t)number;
        return true;
    case KEY_SEED:
        return otter_parse_uint(value, len, OTTER_INT_MAX, &plan->seed);
    case KEY_COUNT:
        break;
    }
    return false;
}

bool emu_fault_parse(const char *s, struct emu_fault_plan *ret)
{
    struct emu_fault_plan plan = *ret; /* drop_every comes from another option */
    unsigned seen = 0;

    for (;;) {
        size_t len = strcspn(s, ",");
        const char *equals = memchr(s, '=', len);
        unsigned key = 0;

        if (equals == NULL)
            return false;
        while (key < KEY_COUNT && (strlen(fault_keys[key]) != (size_t)(equals - s) ||
                                   memcmp(fault_keys[key], s, (size_t)(equals - s)) != 0))
            key++;
        if (key == KEY_COUNT || (seen & 1u << key) != 0 ||
            !parse_member((enum fault_key)key, equals + 1, len - (size_t)(equals + 1 - s), &plan))
            return false;
        seen |= 1u << key;
        if (s[len] == '\0')
            break;
        s += len + 1;
    }
    *ret = plan;
    return true;
}

void emu_fault_link_init(struct emu_fault_link *link, const struct emu_fault_plan *plan, uint32_t device)
{
    struct emu_rng mix = {.state = plan->seed};

    /* Neighbouring devices must not draw shifted copies of one sequence. */
    *link = (struct emu_fault_link){.rng = {.state = emu_rng_next(&mix) ^ ((uint64_t)device << 32 | device)}};
    (void)emu_rng_next(&link->rng);
}

uint32_t emu_fault_allow(const struct emu_fault_plan *plan, const struct emu_fault_link *link,
                         uint64_t now_us, uint32_t want)
{
    uint32_t piece = plan->bytes_per_s / 10; /* a tenth of a second at a time, to look like a link */

    if (plan->bytes_per_s == 0)
        return want;
    if (now_us < link->free_from_us)
        return 0;
    if (piece == 0)
        piece = 1;
    return want < piece ? want : piece;
}

static bool chance(struct emu_rng *rng, uint32_t ppm)
{
    return ppm > 0 && emu_rng_next(rng) % PPM < ppm;
}

struct emu_fault_verdict emu_fault_received(const struct emu_fault_plan *plan, struct emu_fault_link *link,
                                            uint64_t now_us, uint32_t received)
{
    struct emu_fault_verdict v = {0};

    if (plan->bytes_per_s > 0)
        link->free_from_us = now_us + (uint64_t)received * 1000000u / plan->bytes_per_s;
    link->since_drop += received;
    v.drop =
        chance(&link->rng, plan->drop_ppm) || (plan->drop_every > 0 && link->since_drop >= plan->drop_every);
    if (v.drop) {
        link->since_drop = 0;
        return v;
    }
    v.corrupt = chance(&link->rng, plan->corrupt_ppm);
    if (v.corrupt)
        v.bit_at = (uint32_t)(emu_rng_next(&link->rng) % ((uint64_t)received * 8));
    return v;
}

bool emu_cut_parse(enum emu_cut_kind kind, const char *s, struct emu_cut_plan *ret)
{
    unsigned want = kind == EMU_CUT_AT ? 1 : kind == EMU_CUT_SPREAD ? 2 : 3;
    uint64_t value[3] = {0, 0, 0};

    for (unsigned i = 0; i < want; i++) {
        size_t len = strcspn(s, ":");

        if (!otter_parse_uint(s, len, UINT32_MAX, &value[i]) || value[i] == 0 ||
            (s[len] == ':') != (i + 1 < want))
            return false;
        s += len + (s[len] == ':');
    }
    if (want > 1 && value[0] > value[1])
        return false;
    *ret = (struct emu_cut_plan){.kind = kind, .from = value[0], .to = value[1], .step = value[2]};
    return true;
}

uint64_t emu_cut_next(const struct emu_cut_plan *plan, uint32_t index, uint32_t count, uint64_t done)
{
    uint64_t at = plan->from;

    switch (plan->kind) {
    case EMU_CUT_NONE:
        return 0;
    case EMU_CUT_AT:
        break;
    case EMU_CUT_SPREAD:
        if (count > 1)
            at += (plan->to - plan->from) * index / (count - 1); /* both below 2^32 */
        break;
    case EMU_CUT_RANGE:
        if (done >= at)
            at += ((done - at) / plan->step + 1) * plan->step;
        return at <= plan->to ? at : 0;
    }
    return at > done ? at : 0;
}
