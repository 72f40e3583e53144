/* Between the files that read and write a plan: plan_json.c, plan_phases.c, plan_lists.c. */
#ifndef OTTER_PLAN_PLAN_PARTS_H
#define OTTER_PLAN_PLAN_PARTS_H

#include "plan/plan_json.h"
#include "plan/plan_values.h"

#define PLAN_SHARE_ALL 10000u
#define PLAN_PATH_MAX  40u /* "retries[7]", "phases[15]" and the like */

/* "<path>: <what>" in *err; returns the status. */
enum otter_status plan_wrong(struct host_error *err, enum otter_status status, const char *path,
                             const char *what);
/* One of a few words, whose number is the value; absent: *ret stays. */
enum otter_status plan_word_read(const json_t *obj, const char *name, const char *const *words,
                                 unsigned count, const char *path, unsigned *ret, struct host_error *err);

/* All of `phases`; plan->phase[0] is how a phase is that says nothing. */
enum otter_status plan_phases_read(const json_t *body, struct policy_plan *plan, struct host_error *err);
/* As it is read; NULL when out of memory. */
json_t *plan_phase_json(const struct policy_phase_spec *spec);

/* One more of them, for which there is place. */
enum otter_status plan_window_read(const json_t *json, const char *path, struct policy_plan *plan,
                                   struct host_error *err);
json_t *plan_window_json(const struct policy_window_spec *spec);
enum otter_status plan_retry_read(const json_t *json, const char *path, struct policy_plan *plan,
                                  struct host_error *err);
json_t *plan_retry_json(const struct policy_retry *retry);

#endif
