/* The machine's clocks. Only main loops read them; below that, time is passed in. Both obey Debian's
 * faketime. */
#ifndef OTTER_HOST_CLOCK_H
#define OTTER_HOST_CLOCK_H

#include <stdint.h>

/* Unix time (CLOCK_REALTIME) in seconds, and in milliseconds. */
int64_t host_clock_wall(void);
int64_t host_clock_wall_ms(void);

/* Never steps back (CLOCK_MONOTONIC), from an arbitrary start. */
uint64_t host_clock_mono_ms(void);
uint64_t host_clock_mono_us(void);

#endif
