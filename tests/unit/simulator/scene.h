/* A fleet and a plan for the simulator, and an auditor who reads nothing but what it tells of. */
#ifndef OTTER_TEST_SIMULATOR_SCENE_H
#define OTTER_TEST_SIMULATOR_SCENE_H

#include "simulator/simulator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define SCENE_START INT64_C(1793404800) /* 2026-10-31T00:00:00Z, the day before New York's clocks go back */
#define SCENE_DAY   86400
#define SCENE_BYTES 300000u

struct scene {
    struct policy_plan plan;
    struct otter_manifest manifest;
    struct otter_running running;
    struct sim_spec spec;
    struct sim_room room;
    struct sim_result result;
    struct sim_device *device;
    char (*id)[24];
    /* what was told */
    struct sim_watch watch;
    struct sim_note *note;
    size_t note_count, note_cap;
};

/* `count` devices that fit, polling each hour; phases of those percentages with automatic gates, halted over
 * 10 % of 20. Ends with 0. */
void scene_make(struct scene *s, uint32_t count, const unsigned *percents);
void scene_run(struct scene *s);
void scene_free(struct scene *s);

/* Notes of a kind, of a phase (0: of any). */
uint32_t scene_count(const struct scene *s, enum sim_kind kind, unsigned phase);
/* Fails unless what was told keeps the plan: cap, rate, bytes, times, phases, gates. */
void scene_audit(const struct scene *s);

#endif
