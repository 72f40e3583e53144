/* Values of target expressions: text, versions, moments. */
#include "policy/target_parse.h"

#include "core/bytes.h"
#include "policy/moment.h"

#include <string.h>

#define VERSION_PARTS 4u

/* Parts that '*' stands for, when it stands for all behind the first n. */
static uint32_t all_behind(unsigned n)
{
    return (UINT32_C(1) << VERSION_PARTS) - (UINT32_C(1) << n);
}

/* The part of s up to `sep`, or all of it; *ret_last says which. */
static size_t part_len(const char *s, size_t len, char sep, bool *ret_last)
{
    const char *end = sep ? memchr(s, sep, len) : NULL;

    *ret_last = end == NULL;
    return end ? (size_t)(end - s) : len;
}

/* MAJOR.MINOR.REV[+BUILD] with '*' as a part, or as the last for all that follow. False: it is none. */
static bool version_pattern(const char *s, size_t len, struct policy_step *step)
{
    static const uint64_t max[VERSION_PARTS] = {UINT8_MAX, UINT8_MAX, UINT16_MAX, UINT32_MAX};
    static const char sep[VERSION_PARTS] = {'.', '.', '+', '\0'};
    uint64_t part[VERSION_PARTS] = {0};
    bool last = false;

    step->free = 0;
    for (unsigned i = 0; i < VERSION_PARTS && !last; i++) {
        size_t n = part_len(s, len, sep[i], &last);

        if (n == 1 && *s == '*')
            step->free |= last ? all_behind(i) : UINT32_C(1) << i;
        else if ((last && i < 2) || !otter_parse_uint(s, n, max[i], &part[i]))
            return false;
        if (!last) {
            s += n + 1; /* the separator was found within len */
            len -= n + 1;
        }
    }
    step->version =
        (struct otter_version){(uint8_t)part[0], (uint8_t)part[1], (uint16_t)part[2], (uint32_t)part[3]};
    return true;
}

static bool has_order(const struct policy_step *step)
{
    for (unsigned i = 0; i <= VERSION_PARTS; i++)
        if (step->free == all_behind(i))
            return true;
    return false;
}

static bool version_value(struct target_parser *p, const struct target_word *w, struct policy_step *step)
{
    bool star = memchr(w->s, '*', w->len) != NULL;

    step->value = POLICY_VALUE_VERSION;
    if (star ? version_pattern(w->s, w->len, step) : otter_version_parse(w->s, w->len, &step->version)) {
        if (step->compare >= POLICY_LT && !has_order(step))
            return target_fail(p, w->at, "this * has no order: only one at the end has");
        return true;
    }
    if (!star)
        return target_fail(p, w->at, "not a version: MAJOR.MINOR.REV[+BUILD], or with a *: 1.2.*");
    if (step->compare >= POLICY_LT)
        return target_fail(p, w->at, "this * has no order: only one in a number's place has");
    step->value = POLICY_VALUE_GLOB; /* such as *-2: as it is written */
    return true;
}

/* An RFC 3339 time, or AGE `ago`. */
static bool moment_value(struct target_parser *p, const struct target_word *w, struct policy_step *step)
{
    int64_t at;

    if (policy_moment_parse(w->s, w->len, &at)) {
        if (at > UINT32_MAX)
            return target_fail(p, w->at, "a time up to the year 2105");
        step->value = POLICY_VALUE_MOMENT;
        step->seconds = (uint32_t)at;
        return true;
    }
    if (!policy_length_parse(w->s, w->len, &step->seconds))
        return target_fail(p, w->at, "not a time: 2026-11-01T06:30:00Z, or 7d ago (s, m, h, d, w)");
    step->value = POLICY_VALUE_AGE;
    return target_take_keyword(p, "ago") ||
           target_fail(p, w->at, "is it earlier than that, or since then? < 7d ago, or within 7d");
}

static bool text_value(struct target_parser *p, const struct target_word *w, struct policy_step *step)
{
    if (w->len == 0 && !w->quoted)
        return target_fail(p, w->at, "a value is expected here");
    if (memchr(w->s, '\0', w->len))
        return target_fail(p, w->at, "a value holds no NUL");
    step->value = memchr(w->s, '*', w->len) ? POLICY_VALUE_GLOB : POLICY_VALUE_TEXT;
    return true;
}

bool target_is_time(uint8_t field)
{
    return field == POLICY_FIELD_FIRST_SEEN || field == POLICY_FIELD_LAST_SEEN;
}

bool target_value(struct target_parser *p, struct policy_step *step)
{
    struct target_word w;
    size_t end;

    if (!target_peek(p, &w, &end) || !text_value(p, &w, step))
        return false;
    p->at = end;
    if (step->field == POLICY_FIELD_VERSION && !version_value(p, &w, step))
        return false;
    if (target_is_time(step->field) && !moment_value(p, &w, step))
        return false;
    if (step->value <= POLICY_VALUE_GLOB && !target_keep(p, w.s, w.len, &step->text))
        return false;
    return target_emit(p, step);
}

bool target_age(struct target_parser *p, struct policy_step *step)
{
    struct target_word w;
    size_t end;

    if (!target_peek(p, &w, &end))
        return false;
    if (!policy_length_parse(w.s, w.len, &step->seconds))
        return target_fail(p, w.at, "a length of time is expected here: 90s, 15m, 12h, 7d, 2w");
    p->at = end;
    step->compare = POLICY_GE;
    step->value = POLICY_VALUE_AGE;
    return target_emit(p, step);
}
