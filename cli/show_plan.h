/* A rollout's plan as people read it: a line for each part that says something. */
#ifndef OTTER_CLI_SHOW_PLAN_H
#define OTTER_CLI_SHOW_PLAN_H

#include "host/json.h"

#include <stdio.h>

/*
 * Lines of the plan that a rollout shows: gates, failure, and those of pace, time, attempts and membership
 * that are not as they are when nothing is said. Nothing where there is no plan (of an older server).
 */
void cli_plan_put(FILE *to, const json_t *plan);

/* "5%", "10 devices", "group lab", of a phase of the plan or of the rollout. */
#define CLI_WIDTH_STR 80
void cli_plan_width(const json_t *phase, char out[CLI_WIDTH_STR]);

#endif
