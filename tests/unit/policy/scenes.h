/* A device and a rollout that fit, and what may be spoilt of them. */
#ifndef OTTER_TEST_POLICY_SCENES_H
#define OTTER_TEST_POLICY_SCENES_H

#include "policy/decide.h"

struct scene {
    struct otter_manifest manifest;
    struct otter_running running;
    struct policy_plan plan;
    struct policy_facts facts;
};

/* Nothing speaks against it. It is 2026-06-01T12:00:00Z, a Monday. */
void scene_fits(struct scene *s);

/* One fact against it, and what the answer then is. */
struct scene_fault {
    const char *name;
    void (*spoil)(struct scene *s);
    enum otter_status refusal;
    bool lasts, passes;
};

/* In the order in which they are told. */
extern const struct scene_fault scene_faults[];
extern const unsigned scene_fault_count;

#endif
