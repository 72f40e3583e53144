#include "plan_value.h"

#include "core/bytes.h"
#include "parse.h"

#include <string.h>

#define COUNT_MAX    100000000u /* devices; the server's bounds are narrower and its own */
#define PRIORITY_MAX 1000u      /* docs/openapi.yaml */
#define PIECE_MAX    64u
#define DAYS         7u
#define MINUTE_MAX   1440u

/* A piece before `end` (which may be NULL: to its end) as a text of its own; false where it is too long. */
static bool cut(const char *s, const char *end, char ret[PIECE_MAX])
{
    size_t len = end != NULL ? (size_t)(end - s) : strlen(s);

    if (len == 0 || len >= PIECE_MAX)
        return false;
    memcpy(ret, s, len);
    ret[len] = '\0';
    return true;
}

/* "99.5", with two decimals at most, as 9950. */
static bool hundredths(const char *s, size_t len, uint64_t max, uint64_t *ret)
{
    const char *dot = memchr(s, '.', len);
    size_t whole_len = dot != NULL ? (size_t)(dot - s) : len,
           decimals = dot != NULL ? len - whole_len - 1 : 0;
    uint64_t whole, part = 0;

    if (!otter_parse_uint(s, whole_len, max, &whole) || (dot != NULL && (decimals == 0 || decimals > 2)))
        return false;
    for (size_t i = 0; i < 2; i++) {
        char c = i < decimals ? dot[1 + i] : '0';

        if (c < '0' || c > '9')
            return false;
        part = part * 10 + (uint64_t)(c - '0');
    }
    if (whole == max && part > 0)
        return false;
    *ret = whole * 100 + part; /* callers' max * 100 fits */
    return true;
}

static json_t *of_hundredths(uint64_t v)
{
    return v % 100 == 0 ? json_integer((json_int_t)(v / 100)) : json_real((double)v / 100);
}

json_t *cli_plan_text(const char *s)
{
    return s[0] != '\0' ? json_string(s) : NULL;
}

json_t *cli_plan_count(const char *s)
{
    uint64_t v;

    return cli_parse_number(s, COUNT_MAX, false, &v) ? json_integer((json_int_t)v) : NULL;
}

json_t *cli_plan_priority(const char *s)
{
    bool below = s[0] == '-';
    uint64_t v;

    if (!cli_parse_number(s + below, PRIORITY_MAX, false, &v))
        return NULL;
    return json_integer(below ? -(json_int_t)v : (json_int_t)v);
}

json_t *cli_plan_share(const char *s)
{
    size_t len = strlen(s);
    uint64_t v;

    if (len > 1 && s[len - 1] == '%')
        len--;
    return hundredths(s, len, 100, &v) ? of_hundredths(v) : NULL;
}

json_t *cli_plan_duration(const char *s)
{
    uint64_t v = 0;

    if (strcmp(s, "none") != 0 && !cli_parse_duration(s, &v))
        return NULL;
    return json_integer((json_int_t)v);
}

static json_t *one_of(const char *s, const char *const *words)
{
    for (; *words != NULL; words++)
        if (strcmp(s, *words) == 0)
            return json_string(s);
    return NULL;
}

json_t *cli_plan_yes(const char *s)
{
    if (strcmp(s, "yes") != 0 && strcmp(s, "no") != 0)
        return NULL;
    return json_boolean(s[0] == 'y');
}

json_t *cli_plan_gate(const char *s)
{
    return one_of(s, (const char *const[]){"auto", "manual", NULL});
}

json_t *cli_plan_on_failure(const char *s)
{
    return one_of(s, (const char *const[]){"warn", "halt", "rollback", NULL});
}

static bool rate(const char *s, uint64_t *ret)
{
    static const struct {
        const char *name;
        uint32_t bytes;
    } units[] = {
        {"KiB", 1u << 10}, {"MiB", 1u << 20},  {"GiB", 1u << 30}, {"kB", 1000}, {"KB", 1000},
        {"MB", 1000000},   {"GB", 1000000000}, {"B", 1},          {"", 1},
    };
    size_t len = strlen(s);
    uint64_t v;

    if (len > 2 && strcmp(s + len - 2, "/s") == 0)
        len -= 2;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(units); i++) {
        size_t unit = strlen(units[i].name);

        if (len <= unit || memcmp(s + len - unit, units[i].name, unit) != 0)
            continue;
        if (!hundredths(s, len - unit, UINT32_MAX, &v))
            return false;
        *ret = v / 100 * units[i].bytes + v % 100 * units[i].bytes / 100; /* 2^32 * 2^30 fits */
        return *ret > 0;
    }
    return false;
}

json_t *cli_plan_rate(const char *s)
{
    uint64_t v;

    return rate(s, &v) ? json_integer((json_int_t)v) : NULL;
}

json_t *cli_plan_site(const char *s)
{
    const char *sign = strrchr(s, '=');
    char prefix[PIECE_MAX];
    uint64_t v;

    if (sign == NULL || !cut(s, sign, prefix) || !rate(sign + 1, &v))
        return NULL;
    return json_pack("{s:s, s:I}", "prefix", prefix, "bytes_per_second", (json_int_t)v);
}

json_t *cli_plan_ramp(const char *s)
{
    const char *first = strchr(s, ':'), *second = first != NULL ? strchr(first + 1, ':') : NULL;
    char start[PIECE_MAX];
    uint64_t devices, factor, every;

    if (second == NULL || !cut(s, first, start) || !cli_parse_number(start, COUNT_MAX, false, &devices) ||
        !hundredths(first + 1, (size_t)(second - first - 1), 1000, &factor) ||
        !cli_parse_duration(second + 1, &every))
        return NULL;
    return json_pack("{s:I, s:o, s:I}", "start", (json_int_t)devices, "factor", of_hundredths(factor),
                     "every", (json_int_t)every);
}

json_t *cli_plan_time(const char *s)
{
    uint64_t v;

    if (cli_parse_number(s, OTTER_INT_MAX, false, &v))
        return json_integer((json_int_t)v);
    return cli_plan_text(s);
}

static const char *const days[DAYS] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

static bool day(const char *s, size_t len, unsigned *ret)
{
    for (unsigned i = 0; i < DAYS; i++)
        if (len == 3 && memcmp(s, days[i], 3) == 0) {
            *ret = i;
            return true;
        }
    return false;
}

/* "mon", or "fri-mon", which goes round the week's end. */
static bool day_range(const char *s, size_t len, uint8_t *bits)
{
    const char *to = memchr(s, '-', len);
    unsigned first, last;

    if (!day(s, to != NULL ? (size_t)(to - s) : len, &first))
        return false;
    last = first;
    if (to != NULL && !day(to + 1, len - (size_t)(to + 1 - s), &last))
        return false;
    for (unsigned i = first;; i = (i + 1) % DAYS) {
        *bits |= (uint8_t)(1u << i);
        if (i == last)
            return true;
    }
}

static json_t *days_of(const char *s, size_t len)
{
    uint8_t bits = 0;
    json_t *list;

    if (len == 0 || (len == 3 && memcmp(s, "all", 3) == 0))
        return json_string("all");
    for (const char *end = s + len;;) {
        const char *comma = memchr(s, ',', (size_t)(end - s));

        if (!day_range(s, (size_t)((comma != NULL ? comma : end) - s), &bits))
            return NULL;
        if (comma == NULL)
            break;
        s = comma + 1;
    }
    list = json_array();
    for (unsigned i = 0; i < DAYS; i++)
        if ((bits >> i & 1) != 0)
            json_array_append_new(list, json_string(days[i]));
    return list;
}

/* "22:00", up to "24:00". */
static bool is_clock(const char *s, size_t len)
{
    uint64_t minutes = 0;

    if (len != 5 || s[2] != ':')
        return false;
    for (size_t i = 0; i < len; i++)
        if (i != 2 && (s[i] < '0' || s[i] > '9'))
            return false;
    minutes = (uint64_t)((s[0] - '0') * 10 + s[1] - '0') * 60 + (uint64_t)((s[3] - '0') * 10 + s[4] - '0');
    return s[3] < '6' && minutes <= MINUTE_MAX;
}

json_t *cli_plan_window(const char *s)
{
    const char *blank = strrchr(s, ' '), *times = blank != NULL ? blank + 1 : s;
    json_t *list;

    if (strlen(times) != 11 || times[5] != '-' || !is_clock(times, 5) || !is_clock(times + 6, 5))
        return NULL;
    list = days_of(s, blank != NULL ? (size_t)(blank - s) : 0);
    if (list == NULL)
        return NULL;
    return json_pack("{s:o, s:s%, s:s}", "days", list, "from", times, (size_t)5, "to", times + 6);
}

json_t *cli_plan_retry(const char *s)
{
    const char *sign = strchr(s, '='), *colon = sign != NULL ? strchr(sign, ':') : NULL;
    char reason[PIECE_MAX], tries[PIECE_MAX];
    uint64_t n, wait;

    if (colon == NULL || !cut(s, sign, reason) || !cut(sign + 1, colon, tries) ||
        !cli_parse_number(tries, UINT8_MAX, false, &n) || !cli_parse_duration(colon + 1, &wait))
        return NULL;
    return json_pack("{s:s, s:I, s:I}", "reason", reason, "tries", (json_int_t)n, "wait", (json_int_t)wait);
}

json_t *cli_plan_phase(const char *s)
{
    size_t len = strlen(s), unit = len > 3 && strcmp(s + len - 3, "dev") == 0 ? 3 : 0;
    uint64_t v;

    if (strncmp(s, "group:", 6) == 0)
        return s[6] != '\0' ? json_pack("{s:s}", "group", s + 6) : NULL;
    if (unit == 0 && len > 1 && s[len - 1] == '%')
        unit = 1;
    if (!otter_parse_uint(s, len - unit, unit == 3 ? COUNT_MAX : 100, &v) || v == 0)
        return NULL;
    return json_pack("{s:I}", unit == 3 ? "count" : "percent", (json_int_t)v);
}
