/* cmocka in the order its header wants, and checks that name the row of a table. */
#ifndef OTTER_TESTS_CORE_CHECK_H
#define OTTER_TESTS_CORE_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/status.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static inline void check_status(const char *row, enum otter_status got, enum otter_status want)
{
    if (got != want)
        fail_msg("%s: %s, not %s", row, otter_status_name(got), otter_status_name(want));
}

static inline void check_true(const char *row, bool ok)
{
    if (!ok)
        fail_msg("%s", row);
}

/* Writes text with the first occurrence of `find` replaced; fails the test if there is none or out is too
 * small. */
static inline size_t replaced(const char *text, const char *find, const char *with, char *out, size_t cap)
{
    const char *at = strstr(text, find);
    int n;

    if (at == NULL) {
        fail_msg("no \"%s\" to replace", find);
        return 0; /* cmocka jumps, which the compiler cannot know */
    }
    n = snprintf(out, cap, "%.*s%s%s", (int)(at - text), text, with, at + strlen(find));
    assert_in_range(n, 0, cap - 1);
    return (size_t)n;
}

#endif
