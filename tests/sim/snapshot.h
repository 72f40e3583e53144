/* A device as it is at one moment, and the way back to it. */
#ifndef OTTER_TESTS_SIM_SNAPSHOT_H
#define OTTER_TESTS_SIM_SNAPSHOT_H

#include "device.h"

struct sim_snapshot {
    struct sim_device device;
    uint8_t *mem, *out;
};

void sim_snapshot_init(struct sim_snapshot *s, const struct sim_device *d);
void sim_snapshot_free(struct sim_snapshot *s);
void sim_snapshot_take(struct sim_snapshot *s, const struct sim_device *d);
/* Also from within an operation of the device: whoever called it finds everything as it was. */
void sim_snapshot_restore(const struct sim_snapshot *s, struct sim_device *d);

#endif
