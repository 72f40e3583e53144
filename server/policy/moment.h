/* Points in time and lengths of it as operators write them: RFC 3339, and 90s, 15m, 12h, 7d, 2w. Pure. */
#ifndef OTTER_POLICY_MOMENT_H
#define OTTER_POLICY_MOMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POLICY_MOMENT_MAX INT64_C(253402300799) /* 9999-12-31T23:59:59Z: in microseconds below 2^58 */

/* "2026-11-01T06:30:00Z", or with an offset ("+01:00") in place of Z; a fraction of a second is dropped. From
 * 1970 on, in Unix seconds. False, and *ret untouched, on anything else, a day that is not, or a leap second.
 */
bool policy_moment_parse(const char *s, size_t len, int64_t *ret);

/* Digits and one of s, m, h, d, w, in seconds: up to UINT32_MAX (136 years). False, and *ret untouched, else.
 */
bool policy_length_parse(const char *s, size_t len, uint32_t *ret);

#endif
