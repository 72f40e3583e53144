/* The parts of a device's life in which the power is cut. */
#ifndef OTTER_TESTS_SIM_PHASES_H
#define OTTER_TESTS_SIM_PHASES_H

#include "device.h"

struct sim_phase {
    const char *name;
    void (*set_up)(struct sim_device *d);
    struct sim_wish wish;
};

#define SIM_PHASES 14u
extern const struct sim_phase sim_phases[SIM_PHASES];

/* A device at the phase's start, operations and erases counted from there. */
void sim_phase_begin(const struct sim_phase *phase, struct sim_device *d, const struct sim_material *m);

#endif
