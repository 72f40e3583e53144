#include "policy/told.h"

#include <string.h>

#define WEEKDAY_0 3 /* 1970-01-01 was a Thursday; 0 is Monday */

static const char days[7][4] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

void told_put(char *to, const char *text)
{
    size_t at = strlen(to), len = strlen(text), room = POLICY_TOLD_TEXT - 1 - at;

    if (len <= room) {
        memcpy(to + at, text, len + 1);
        return;
    }
    memcpy(to + at, text, room);
    memcpy(to + POLICY_TOLD_TEXT - 4, "...", 4);
}

/* At least `width` digits. */
static void put_digits(char *to, uint64_t n, unsigned width)
{
    char text[24];
    unsigned at = sizeof(text) - 1;

    text[at] = 0;
    for (unsigned digits = 0; n > 0 || digits < width; digits++) {
        text[--at] = (char)('0' + n % 10);
        n /= 10;
    }
    told_put(to, text + at);
}

void told_put_number(char *to, uint64_t n)
{
    put_digits(to, n, 1);
}

void told_put_version(char *to, const struct otter_version *version)
{
    char text[OTTER_VERSION_STR];

    otter_version_format(version, text);
    told_put(to, text);
}

static void put_clock(char *to, unsigned minutes)
{
    put_digits(to, minutes / 60, 2);
    told_put(to, ":");
    put_digits(to, minutes % 60, 2);
}

/* The Gregorian date of a day since 1970-01-01, by years that begin in March; days >= 0. */
static void put_date(char *to, uint64_t day)
{
    uint64_t shifted = day + 719468, era = shifted / 146097, of_era = shifted % 146097;
    uint64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    uint64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    uint64_t month = (5 * of_year + 2) / 153;

    put_digits(to, era * 400 + year + (month >= 10), 4);
    told_put(to, "-");
    put_digits(to, month < 10 ? month + 3 : month - 9, 2);
    told_put(to, "-");
    put_digits(to, of_year - (153 * month + 2) / 5 + 1, 2);
}

void told_put_time(char *to, int64_t t)
{
    uint64_t s = t > 0 ? (uint64_t)t : 0;

    put_date(to, s / 86400);
    told_put(to, "T");
    put_clock(to, (unsigned)(s % 86400 / 60));
    told_put(to, ":");
    put_digits(to, s % 60, 2);
    told_put(to, "Z");
}

void told_put_local(char *to, int64_t t)
{
    uint64_t s = t > 0 ? (uint64_t)t : 0;

    told_put(to, days[(s / 86400 + WEEKDAY_0) % 7]);
    told_put(to, " ");
    put_clock(to, (unsigned)(s % 86400 / 60));
}

/* "mon-fri", "sat,sun", "all" */
static void put_days(char *to, unsigned bits)
{
    bool first = true;

    if (bits == POLICY_DAYS_ALL) {
        told_put(to, "all");
        return;
    }
    for (unsigned d = 0; d < 7; d++) {
        unsigned last = d;

        if (!(bits >> d & 1))
            continue;
        while (last < 6 && bits >> (last + 1) & 1)
            last++;
        told_put(to, first ? "" : ",");
        told_put(to, days[d]);
        if (last > d + 1) {
            told_put(to, "-");
            told_put(to, days[last]);
            d = last;
        }
        first = false;
    }
}

void told_put_windows(char *to, const struct policy_plan *plan)
{
    for (unsigned i = 0; i < plan->window_count; i++) {
        told_put(to, i > 0 ? "; " : "");
        put_days(to, plan->window[i].days);
        told_put(to, " ");
        put_clock(to, plan->window[i].from);
        told_put(to, "-");
        put_clock(to, plan->window[i].to);
    }
}

struct policy_told_fact *told_add(struct policy_told *told, const char *name)
{
    struct policy_told_fact *fact = &told->fact[told->count++];

    *fact = (struct policy_told_fact){.name = name};
    return fact;
}

void told_words(struct policy_told *told, const char *name, const char *have, const char *need)
{
    struct policy_told_fact *fact = told_add(told, name);

    told_put(fact->have, have);
    told_put(fact->need, need);
}

void told_numbers(struct policy_told *told, const char *name, uint64_t have, const char *is, uint64_t need)
{
    struct policy_told_fact *fact = told_add(told, name);

    told_put_number(fact->have, have);
    told_put(fact->need, is);
    told_put_number(fact->need, need);
}

void told_versions(struct policy_told *told, const char *name, const struct otter_version *have,
                   const char *is, const struct otter_version *need)
{
    struct policy_told_fact *fact = told_add(told, name);

    told_put_version(fact->have, have);
    told_put(fact->need, is);
    told_put_version(fact->need, need);
}

void told_times(struct policy_told *told, uint64_t have, const char *is, int64_t need)
{
    struct policy_told_fact *fact = told_add(told, "time");

    told_put_time(fact->have, (int64_t)have);
    told_put(fact->need, is);
    told_put_time(fact->need, need);
}
