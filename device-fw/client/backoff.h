/* How long to wait: pure functions of counts, bounds and a random number. All in milliseconds. */
#ifndef OTTER_CLIENT_BACKOFF_H
#define OTTER_CLIENT_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

#define OTTER_RETRY_MIN_S     5u /* what a server's Retry-After is clamped to */
#define OTTER_RETRY_MAX_S     86400u
#define OTTER_RETRY_DEFAULT_S 3600u /* a reply without Retry-After */
#define OTTER_BACKOFF_MIN_MS  1000u /* full jitter may draw 0: never a busy loop */
#define OTTER_FAILURES_MAX    16u   /* more are not counted: the ceiling is reached long before */

/* Seconds to obey: the server's wish clamped to 5 s .. 24 h, one hour if it has none. */
uint32_t otter_retry_after_s(bool has, uint64_t wish_s);

/* Full jitter: uniform in 0 .. min(first * 2^(failures - 1), max), at least OTTER_BACKOFF_MIN_MS. failures
 * from 1. */
uint32_t otter_backoff_ms(uint32_t failures, uint32_t first_ms, uint32_t max_ms, uint32_t random);

/* After attempts that came to nothing: the same ceiling, and half of it at least, so that days bound them. */
uint32_t otter_cool_down_ms(uint32_t ended, uint32_t first_ms, uint32_t max_ms, uint32_t random);

/* Until the next poll after a good one: the server's wish plus up to a sixteenth, so that fleets drift apart.
 */
uint32_t otter_poll_wait_ms(uint32_t retry_after_s, uint32_t random);

/* On trial: uniform in 5 s .. max_ms, whatever the server says. */
uint32_t otter_trial_wait_ms(uint32_t max_ms, uint32_t random);

#endif
