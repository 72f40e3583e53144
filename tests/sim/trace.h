/* What a run makes of the journal, operation by operation. */
#ifndef OTTER_TESTS_SIM_TRACE_H
#define OTTER_TESTS_SIM_TRACE_H

#include "device.h"

#define SIM_OPERATIONS 400000u /* of a run, at most */

/* The journal's live set before each operation of a run, and behind the last one. */
struct sim_trace {
    uint64_t *live;
    uint32_t count;
    uint32_t early; /* operations before the server's first answer */
};

void sim_trace_begin(struct sim_trace *t);
/* Before an operation. */
void sim_trace_add(struct sim_trace *t, const struct sim_device *d);
/* What the entry at hand, in operation n from 1 on, will make of the live set. */
uint64_t sim_trace_next(const struct sim_trace *t, uint64_t n, const struct sim_device *d,
                        const struct sim_op *op);

#endif
