#include "policy/moment.h"

#include "core/bytes.h"

#define DAY 86400

/* Days since 1970-01-01 of a day of the Gregorian calendar: years begin in March, so that the leap day is the
 * last of its year. year >= 1970. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month > 2 ? year : year - 1, m = month > 2 ? month - 3 : month + 9;

    return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719468;
}

static int64_t days_in(int64_t year, int64_t month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap);
}

/* One number of a fixed place: `digits` of them, at s + at. */
struct place {
    uint8_t at, digits;
    uint16_t min, max;
};

static bool read_places(const char *s, const struct place *places, unsigned count, int64_t *ret)
{
    for (unsigned i = 0; i < count; i++) {
        int64_t value = 0;

        for (unsigned k = 0; k < places[i].digits; k++) {
            char c = s[places[i].at + k];

            if (c < '0' || c > '9')
                return false;
            value = value * 10 + (c - '0');
        }
        if (value < places[i].min || value > places[i].max)
            return false;
        ret[i] = value;
    }
    return true;
}

/* Z, or +HH:MM or -HH:MM: seconds that local time is ahead. */
static bool read_offset(const char *s, size_t len, int64_t *ret)
{
    static const struct place places[] = {{1, 2, 0, 23}, {4, 2, 0, 59}};
    int64_t part[2];

    if (len == 1 && (*s == 'Z' || *s == 'z')) {
        *ret = 0;
        return true;
    }
    if (len != 6 || (*s != '+' && *s != '-') || s[3] != ':' || !read_places(s, places, 2, part))
        return false;
    *ret = (part[0] * 3600 + part[1] * 60) * (*s == '-' ? -1 : 1);
    return true;
}

/* Length of ".5" and the like: 0 if there is none, or no digit behind the point. */
static size_t fraction(const char *s, size_t len)
{
    size_t n = 1;

    if (len < 2 || *s != '.')
        return 0;
    while (n < len && s[n] >= '0' && s[n] <= '9')
        n++;
    return n > 1 ? n : 0;
}

bool policy_moment_parse(const char *s, size_t len, int64_t *ret)
{
    enum { YEAR, MONTH, MDAY, HOUR, MINUTE, SECOND, PARTS };
    static const struct place places[PARTS] = {
        [YEAR] = {0, 4, 1970, 9999}, [MONTH] = {5, 2, 1, 12},   [MDAY] = {8, 2, 1, 31},
        [HOUR] = {11, 2, 0, 23},     [MINUTE] = {14, 2, 0, 59}, [SECOND] = {17, 2, 0, 59}};
    static const size_t head = 19; /* to the end of the seconds */
    int64_t p[PARTS], ahead, t;
    size_t skip;

    if (len <= head || !read_places(s, places, PARTS, p) || s[4] != '-' || s[7] != '-' ||
        (s[10] != 'T' && s[10] != 't') || s[13] != ':' || s[16] != ':' ||
        p[MDAY] > days_in(p[YEAR], p[MONTH]))
        return false;
    skip = head + fraction(s + head, len - head);
    if (!read_offset(s + skip, len - skip, &ahead))
        return false;
    t = days_of(p[YEAR], p[MONTH], p[MDAY]) * DAY + p[HOUR] * 3600 + p[MINUTE] * 60 + p[SECOND] - ahead;
    if (t < 0)
        return false;
    *ret = t;
    return true;
}

bool policy_length_parse(const char *s, size_t len, uint32_t *ret)
{
    static const struct {
        char unit;
        uint32_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', DAY}, {'w', 7 * DAY}};
    uint64_t n;

    for (unsigned i = 0; i < OTTER_ARRAY_LEN(units); i++) {
        if (len < 2 || s[len - 1] != units[i].unit ||
            !otter_parse_uint(s, len - 1, UINT32_MAX / units[i].seconds, &n))
            continue;
        *ret = (uint32_t)n * units[i].seconds; /* n is bounded so that it fits */
        return true;
    }
    return false;
}
