/*
 * Zeroed memory of any size; from a large page on in large pages, where the kernel has them: what is touched
 * at random all over then misses the processor's table of addresses less often. Inside server/fleet only.
 */
#ifndef OTTER_FLEET_PAGES_H
#define OTTER_FLEET_PAGES_H

#include <stddef.h>

/* NULL when out of memory. */
void *pages_take(size_t size);
/* With the size that it was taken with; NULL is nothing to do. */
void pages_free(void *pages, size_t size);

#endif
