#include "parse.h"

#include "core/bytes.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define CENTURY (UINT64_C(100) * 366 * 86400)

static bool hex_digit(char c, unsigned *ret)
{
    if (c >= '0' && c <= '9')
        *ret = (unsigned)(c - '0');
    else if (c >= 'a' && c <= 'f')
        *ret = (unsigned)(c - 'a') + 10;
    else if (c >= 'A' && c <= 'F')
        *ret = (unsigned)(c - 'A') + 10;
    else
        return false;
    return true;
}

static bool parse_hex(const char *s, size_t len, uint64_t max, uint64_t *ret)
{
    uint64_t v = 0;

    if (len == 0 || len > 16)
        return false;
    for (size_t i = 0; i < len; i++) {
        unsigned digit;

        if (!hex_digit(s[i], &digit))
            return false;
        v = v << 4 | digit; /* at most 16 digits: nothing is lost */
    }
    if (v > max)
        return false;
    *ret = v;
    return true;
}

bool cli_parse_number(const char *s, uint64_t max, bool units, uint64_t *ret)
{
    size_t len = strlen(s);
    uint64_t unit = 1, v;

    if (len > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X'))
        return parse_hex(s + 2, len - 2, max, ret);
    if (units && len > 1 && (s[len - 1] == 'K' || s[len - 1] == 'M')) {
        unit = s[len - 1] == 'K' ? 1024 : 1024 * 1024;
        len--;
    }
    if (!otter_parse_uint(s, len, max / unit, &v))
        return false;
    *ret = v * unit;
    return true;
}

bool cli_parse_duration(const char *s, uint64_t *ret)
{
    static const struct {
        char name;
        uint32_t seconds;
    } unit[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 7 * 86400}};
    size_t len = strlen(s);
    uint64_t v;

    for (size_t i = 0; len > 1 && i < OTTER_ARRAY_LEN(unit); i++) {
        if (s[len - 1] != unit[i].name)
            continue;
        if (!otter_parse_uint(s, len - 1, CENTURY / unit[i].seconds, &v) || v == 0)
            return false;
        *ret = v * unit[i].seconds;
        return true;
    }
    return false;
}

bool cli_parse_selftest(const char *s, enum otter_selftest *ret, uint8_t *ret_percent)
{
    size_t word = strcspn(s, "=");
    uint64_t percent = 100;
    enum otter_selftest mode;

    if (word == 4 && memcmp(s, "fail", 4) == 0)
        mode = OTTER_SELFTEST_FAIL;
    else if (word == 4 && memcmp(s, "hang", 4) == 0)
        mode = OTTER_SELFTEST_HANG;
    else
        return false;
    if (s[word] == '=' &&
        (!otter_parse_uint(s + word + 1, strlen(s + word + 1), 100, &percent) || percent == 0))
        return false;
    *ret = mode;
    *ret_percent = (uint8_t)percent;
    return true;
}

uint32_t cli_auto_counter(const struct otter_version *v)
{
    return (uint32_t)v->major << 24 | (uint32_t)v->minor << 16 | v->revision;
}

bool cli_split(const char *s, char separator, struct cli_piece *to)
{
    char piece[512];

    for (;;) {
        const char *end = strchr(s, separator);
        size_t len = end != NULL ? (size_t)(end - s) : strlen(s);

        if (len == 0 || len >= sizeof(piece))
            return false;
        memcpy(piece, s, len);
        piece[len] = '\0';
        if (!to->piece(to, piece))
            return false;
        if (end == NULL)
            return true;
        s = end + 1;
    }
}

void cli_time_format(uint64_t t, char out[CLI_TIME_STR])
{
    time_t seconds = (time_t)t;
    struct tm tm;

    /* Years of five digits and more do not fit, and are no time that means anything. */
    if (t > UINT64_C(253402300799) || gmtime_r(&seconds, &tm) == NULL ||
        strftime(out, CLI_TIME_STR, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        snprintf(out, CLI_TIME_STR, "?");
}

void cli_bytes_format(uint64_t n, char out[CLI_BYTES_STR])
{
    static const char *const unit[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double v = (double)n / 1024;
    size_t i = 0;

    if (n < 1024) {
        snprintf(out, CLI_BYTES_STR, "%u B", (unsigned)n);
        return;
    }
    for (; v >= 1024 && i + 1 < OTTER_ARRAY_LEN(unit); i++)
        v /= 1024;
    snprintf(out, CLI_BYTES_STR, "%.1f %s", v, unit[i]);
}

void cli_duration_format(uint64_t seconds, char out[CLI_SPAN_STR])
{
    static const struct {
        char name;
        uint32_t seconds;
    } units[] = {{'w', 7 * 86400}, {'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
    size_t i = 0;

    while (i + 1 < OTTER_ARRAY_LEN(units) && (seconds == 0 || seconds % units[i].seconds != 0))
        i++;
    snprintf(out, CLI_SPAN_STR, "%" PRIu64 "%c", seconds / units[i].seconds, units[i].name);
}

void cli_rate_format(uint64_t bytes, char out[CLI_SPAN_STR])
{
    static const struct {
        const char *name;
        uint32_t bytes;
    } units[] = {{"GB", 1000000000}, {"GiB", 1u << 30}, {"MB", 1000000}, {"MiB", 1u << 20},
                 {"kB", 1000},       {"KiB", 1u << 10}, {"B", 1}};
    size_t i = 0;

    while (i + 1 < OTTER_ARRAY_LEN(units) && bytes % units[i].bytes != 0)
        i++;
    snprintf(out, CLI_SPAN_STR, "%" PRIu64 "%s/s", bytes / units[i].bytes, units[i].name);
}

void cli_kid_format(const struct otter_digest *kid, char out[CLI_KID_STR])
{
    otter_b64_encode(kid->b, sizeof(kid->b), out);
}

bool cli_parse_mac(const char *s, uint8_t ret[6])
{
    uint8_t mac[6];

    for (size_t i = 0; i < sizeof(mac); i++) {
        unsigned high, low;

        if (i > 0 && (*s == ':' || *s == '-'))
            s++;
        if (!hex_digit(s[0], &high) || !hex_digit(s[1], &low))
            return false;
        mac[i] = (uint8_t)(high << 4 | low);
        s += 2;
    }
    if (*s != '\0')
        return false;
    memcpy(ret, mac, sizeof(mac));
    return true;
}
