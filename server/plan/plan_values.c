#include "plan/plan_values.h"

#include "policy/moment.h"

#include <stdio.h>
#include <string.h>

/* ---- from JSON: each leaves the number that is kept ---- */

static bool share_of(const json_t *value, uint64_t *ret)
{
    double hundredths = json_number_value(value) * 100, off;

    if (!json_is_number(value) || hundredths < 0 || hundredths > UINT16_MAX)
        return false;
    *ret = (uint64_t)(hundredths + 0.5);
    off = hundredths - (double)*ret;
    return off > -1e-6 && off < 1e-6;
}

static bool count_of(const json_t *value, uint64_t *ret)
{
    *ret = (uint64_t)json_integer_value(value);
    return json_is_integer(value) && json_integer_value(value) >= 0;
}

static bool span_of(const json_t *value, uint64_t *ret)
{
    uint32_t seconds;

    if (!json_is_string(value))
        return count_of(value, ret);
    if (!policy_length_parse(json_string_value(value), json_string_length(value), &seconds))
        return false;
    *ret = seconds;
    return true;
}

static bool time_of(const json_t *value, uint64_t *ret)
{
    int64_t t;

    if (!json_is_string(value))
        return count_of(value, ret);
    if (!policy_moment_parse(json_string_value(value), json_string_length(value), &t))
        return false;
    *ret = (uint64_t)t;
    return true;
}

/* "22:00", up to "24:00". */
static bool minute_of(const json_t *value, uint64_t *ret)
{
    const char *s = json_string_value(value);

    if (!json_is_string(value) || json_string_length(value) != 5 || s[2] != ':' ||
        strspn(s, "0123456789") != 2 || strspn(s + 3, "012345") < 1 || strspn(s + 4, "0123456789") != 1)
        return false;
    *ret = (uint64_t)((s[0] - '0') * 10 + (s[1] - '0')) * 60 + (uint64_t)((s[3] - '0') * 10 + (s[4] - '0'));
    return true;
}

static bool flag_of(const json_t *value, uint64_t *ret)
{
    *ret = json_is_true(value);
    return json_is_boolean(value);
}

static bool text_of(const json_t *value, uint64_t *ret)
{
    *ret = json_string_length(value);
    return json_is_string(value);
}

static const struct {
    bool (*from)(const json_t *value, uint64_t *ret);
    const char *words; /* what is expected, before its bounds */
    bool shown_hundredths;
} kinds[PLAN_KIND_COUNT] = {
    [PLAN_SHARE] = {share_of, "a number with at most two decimals", true},
    [PLAN_COUNT] = {count_of, "an integer", false},
    [PLAN_AMOUNT] = {count_of, "an integer", false},
    [PLAN_SPAN] = {span_of, "seconds, or a length such as \"90s\", \"15m\", \"12h\" or \"7d\"", false},
    [PLAN_TIME] = {time_of, "Unix seconds, or RFC 3339 such as \"2026-11-23T22:00:00Z\"", false},
    [PLAN_MINUTE] = {minute_of, "a time of a day from \"00:00\" to \"24:00\"", false},
    [PLAN_FLAG] = {flag_of, "true or false", false},
    [PLAN_TEXT] = {text_of, "text; its length", false},
};

static enum otter_status out_of_place(const struct plan_member *m, const char *path, struct host_error *err)
{
    const char *dot = *path ? "." : "", *words = kinds[m->kind].words;

    if (m->kind == PLAN_FLAG || m->kind == PLAN_MINUTE)
        (void)host_fail(err, HOST_ERROR_FORMAT, "%s%s%s: %s", path, dot, m->name, words);
    else if (kinds[m->kind].shown_hundredths)
        (void)host_fail(err, HOST_ERROR_FORMAT, "%s%s%s: %s, from %g to %g", path, dot, m->name, words,
                        (double)m->min / 100, (double)m->max / 100);
    else
        (void)host_fail(err, HOST_ERROR_FORMAT, "%s%s%s: %s, from %llu to %llu", path, dot, m->name, words,
                        (unsigned long long)m->min, (unsigned long long)m->max);
    return OTTER_BAD_VALUE;
}

static void keep(const struct plan_member *m, const json_t *value, uint64_t n)
{
    switch (m->kind) {
    case PLAN_SHARE:
    case PLAN_MINUTE:
        *m->at.u16 = (uint16_t)n;
        break;
    case PLAN_COUNT:
    case PLAN_SPAN:
        *m->at.u32 = (uint32_t)n;
        break;
    case PLAN_AMOUNT:
        *m->at.u64 = n;
        break;
    case PLAN_TIME:
        *m->at.i64 = (int64_t)n;
        break;
    case PLAN_FLAG:
        *m->at.b = n != 0;
        break;
    case PLAN_TEXT:
        (void)snprintf(m->at.text, (size_t)m->max + 1, "%s", json_string_value(value));
        break;
    case PLAN_KIND_COUNT:
        break;
    }
}

static bool known(const char *name, const struct plan_member *members, unsigned count,
                  const char *const *also)
{
    for (unsigned i = 0; i < count; i++)
        if (strcmp(members[i].name, name) == 0)
            return true;
    for (; also && *also; also++)
        if (strcmp(*also, name) == 0)
            return true;
    return false;
}

enum otter_status plan_members_read(const json_t *obj, const struct plan_member *members, unsigned count,
                                    const char *const *also, const char *path, struct host_error *err)
{
    json_t *shared = (json_t *)(uintptr_t)obj; /* jansson's iteration takes no const, and changes nothing */

    if (!json_is_object(obj)) {
        (void)host_fail(err, HOST_ERROR_FORMAT, "%s: an object is expected", *path ? path : "the plan");
        return OTTER_BAD_VALUE;
    }
    for (void *at = json_object_iter(shared); at; at = json_object_iter_next(shared, at)) {
        if (known(json_object_iter_key(at), members, count, also))
            continue;
        (void)host_fail(err, HOST_ERROR_FORMAT, "%s%s\"%.64s\" is not a member of this", path,
                        *path ? ": " : "", json_object_iter_key(at));
        return OTTER_UNKNOWN_MEMBER;
    }
    for (unsigned i = 0; i < count; i++) {
        const json_t *value = json_object_get(obj, members[i].name);
        uint64_t n = 0;

        if (!value || json_is_null(value))
            continue;
        if (!kinds[members[i].kind].from(value, &n) || n < members[i].min || n > members[i].max)
            return out_of_place(&members[i], path, err);
        keep(&members[i], value, n);
    }
    return OTTER_OK;
}

/* ---- to JSON ---- */

static json_t *show_share(uint16_t hundredths)
{
    return hundredths % 100 == 0 ? json_integer(hundredths / 100) : json_real(hundredths / 100.0);
}

static json_t *show_minute(uint16_t minute)
{
    char text[8];

    (void)snprintf(text, sizeof(text), "%02u:%02u", minute / 60u % 100u, minute % 60u);
    return json_string(text);
}

static json_t *show(const struct plan_member *m)
{
    switch (m->kind) {
    case PLAN_SHARE:
        return show_share(*m->at.u16);
    case PLAN_COUNT:
    case PLAN_SPAN:
        return json_integer(*m->at.u32);
    case PLAN_AMOUNT:
        return json_integer((json_int_t)*m->at.u64);
    case PLAN_TIME:
        return *m->at.i64 ? json_integer(*m->at.i64) : json_null();
    case PLAN_MINUTE:
        return show_minute(*m->at.u16);
    case PLAN_FLAG:
        return json_boolean(*m->at.b);
    case PLAN_TEXT:
        return *m->at.text ? json_string(m->at.text) : json_null();
    case PLAN_KIND_COUNT:
        break;
    }
    return NULL;
}

bool plan_members_write(json_t *obj, const struct plan_member *members, unsigned count)
{
    bool ok = obj != NULL;

    for (unsigned i = 0; ok && i < count; i++)
        ok = json_object_set_new(obj, members[i].name, show(&members[i])) == 0;
    return ok;
}
