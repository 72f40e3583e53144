/* What run.c and setup.c share. */
#ifndef OTTER_EMU_RUN_INTERNAL_H
#define OTTER_EMU_RUN_INTERNAL_H

#include "loop.h"
#include "run.h"
#include "summary.h"

struct emu_run_state {
    const struct emu_options *o;
    FILE *err;
    struct emu_world world;
    struct emu_fleet fleet;
    struct emu_device *device;
    uint32_t opened;
    struct emu_loop loop;
    struct emu_summary summary;
    uint64_t start_us;
    uint64_t progress_us; /* next line */
    bool terminal;
};

/* Fleet, flash, log and limits, for a state that has options, err, and the world's fixed parts. Torn down
 * also after a failure. */
bool emu_run_set_up(struct emu_run_state *r, struct host_error *err);

/* False if the log could not be written; err may be NULL. */
bool emu_run_tear_down(struct emu_run_state *r, struct host_error *err);

#endif
