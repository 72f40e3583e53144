/*
 * What the clocks of an IANA time zone show, by the machine's tzdata (GLib reads it). The C library's own
 * functions know one zone for the whole process, and setting it is not safe among threads.
 */
#ifndef OTTER_HOST_ZONE_H
#define OTTER_HOST_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#define HOST_ZONE_NAME_MAX 64u

struct host_zone;

/* "Europe/Oslo"; kept for the process, never freed. NULL: tzdata has no such zone, or out of memory. Any
 * thread. */
const struct host_zone *host_zone_find(const char *iana);

const char *host_zone_name(const struct host_zone *zone);

/*
 * Seconds east of UTC at the Unix time t; *ret_until: the first second at which another offset holds
 * (INT64_MAX: none is known). Before 1970 that of 1970 holds, from 2106 on that of the end of 2105. Any
 * thread.
 */
int32_t host_zone_offset(const struct host_zone *zone, int64_t t, int64_t *ret_until);

#endif
