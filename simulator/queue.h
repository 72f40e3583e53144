/* What comes next: a heap by time, then by the order of arrival. */
#ifndef OTTER_SIMULATOR_QUEUE_H
#define OTTER_SIMULATOR_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

struct sim_entry {
    int64_t at;
    uint32_t order;
    uint32_t device;
};

struct sim_queue {
    struct sim_entry *entry; /* the caller's, with room for all */
    uint32_t count;
    uint32_t next_order;
};

/* There is room: a device waits for one thing at a time. */
void sim_queue_put(struct sim_queue *q, int64_t at, uint32_t device);
/* False: it is empty. */
bool sim_queue_take(struct sim_queue *q, struct sim_entry *ret);

#endif
