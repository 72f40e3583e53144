/* Real zones' rules as tables: what tzdata 2025b says of one year each. */
#ifndef OTTER_TEST_POLICY_ZONES_H
#define OTTER_TEST_POLICY_ZONES_H

#include "policy/window.h"

struct test_zone {
    struct policy_zone zone; /* first: what is passed leads back here */
    const char *name;
    unsigned count;
    struct {
        int64_t until; /* of the offset beside it */
        int32_t offset;
    } rule[3];
};

extern const struct test_zone test_berlin, test_new_york, test_lord_howe, test_kathmandu, test_apia;

#endif
