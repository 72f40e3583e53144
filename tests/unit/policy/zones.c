#include "zones.h"

static int32_t offset(const struct policy_zone *self, int64_t t, int64_t *ret_until)
{
    const struct test_zone *z = (const struct test_zone *)self;
    unsigned i = 0;

    while (t >= z->rule[i].until)
        i++;
    *ret_until = z->rule[i].until;
    return z->rule[i].offset;
}

const struct test_zone test_berlin = {
    {offset},
    "Europe/Berlin",
    3,
    {{1774746000, 3600}, /* 2026-03-29T01:00:00Z */
     {1792890000, 7200}, /* 2026-10-25T01:00:00Z */
     {INT64_MAX, 3600}},
};

const struct test_zone test_new_york = {
    {offset},
    "America/New_York",
    3,
    {{1772953200, -18000}, /* 2026-03-08T07:00:00Z */
     {1793512800, -14400}, /* 2026-11-01T06:00:00Z */
     {INT64_MAX, -18000}},
};

/* Half an hour of daylight saving. */
const struct test_zone test_lord_howe = {
    {offset},
    "Australia/Lord_Howe",
    3,
    {{1775314800, 39600}, /* 2026-04-04T15:00:00Z */
     {1791041400, 37800}, /* 2026-10-03T15:30:00Z */
     {INT64_MAX, 39600}},
};

const struct test_zone test_kathmandu = {{offset}, "Asia/Kathmandu", 1, {{INT64_MAX, 20700}}};

/* 30 December 2011 was no day there: the country moved over the date line. */
const struct test_zone test_apia = {
    {offset},
    "Pacific/Apia",
    2,
    {{1325239200, -36000}, /* 2011-12-30T10:00:00Z */
     {INT64_MAX, 50400}},
};
