#include "bad.h"

#include "core/bytes.h"
#include "fault.h"

#include <string.h>

static const char *const names[EMU_BAD_COUNT] = {"", "fail", "hang", "silent"};

/* "fail=10" or "seed=7" of len characters; *seen has a bit for each that came, bit 0 for the seed. */
static bool parse_member(const char *s, size_t len, struct emu_bad_plan *plan, unsigned *seen)
{
    const char *equals = memchr(s, '=', len);
    size_t name_len = equals != NULL ? (size_t)(equals - s) : 0, value_len = len - name_len - 1;
    unsigned kind = EMU_BAD_COUNT - 1;
    uint64_t value;

    if (name_len == 0)
        return false;
    while (kind > EMU_BAD_NOT && (strlen(names[kind]) != name_len || memcmp(names[kind], s, name_len) != 0))
        kind--;
    if ((kind == EMU_BAD_NOT && (name_len != 4 || memcmp("seed", s, 4) != 0)) || (*seen >> kind & 1) != 0 ||
        !otter_parse_uint(equals + 1, value_len, kind == EMU_BAD_NOT ? OTTER_INT_MAX : 100, &value))
        return false;
    *seen |= 1u << kind;
    if (kind == EMU_BAD_NOT)
        plan->seed = value;
    else
        plan->percent[kind] = (uint8_t)value;
    return true;
}

bool emu_bad_parse(const char *s, struct emu_bad_plan *ret)
{
    struct emu_bad_plan plan = {.on = true};
    size_t len = strcspn(s, ":");
    unsigned seen = 0, sum = 0;

    if (s[len] == '\0' || !otter_version_parse(s, len, &plan.version))
        return false;
    do {
        s += len + 1;
        len = strcspn(s, ",");
        if (!parse_member(s, len, &plan, &seen))
            return false;
    } while (s[len] != '\0');
    for (unsigned i = 0; i < EMU_BAD_COUNT; i++)
        sum += plan.percent[i];
    if (sum == 0 || sum > 100)
        return false;
    *ret = plan;
    return true;
}

/* 0 to 99: FNV-1a over the words, which the generator then mixes. */
static uint32_t draw(const struct emu_bad_plan *plan, const char *device)
{
    const uint32_t words[] = {plan->version.major, plan->version.minor, plan->version.revision,
                              plan->version.build};
    struct emu_rng rng = {.state = plan->seed ^ UINT64_C(0xcbf29ce484222325)};

    for (size_t i = 0; i < OTTER_ARRAY_LEN(words); i++)
        rng.state = (rng.state ^ words[i]) * UINT64_C(0x100000001b3);
    for (; *device != '\0'; device++)
        rng.state = (rng.state ^ (uint8_t)*device) * UINT64_C(0x100000001b3);
    return (uint32_t)(emu_rng_next(&rng) % 100);
}

enum emu_badness emu_bad_of(const struct emu_bad_plan *plan, const struct otter_version *version,
                            const char *device)
{
    uint32_t at, upto = 0;

    if (!plan->on || otter_version_compare(&plan->version, version) != 0)
        return EMU_BAD_NOT;
    at = draw(plan, device);
    for (unsigned kind = EMU_BAD_NOT + 1; kind < EMU_BAD_COUNT; kind++) {
        upto += plan->percent[kind];
        if (at < upto)
            return (enum emu_badness)kind;
    }
    return EMU_BAD_NOT;
}
