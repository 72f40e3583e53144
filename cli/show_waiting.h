/* Reasons by how many devices they hold: of those that were lost, and of those that wait. */
#ifndef OTTER_CLI_SHOW_WAITING_H
#define OTTER_CLI_SHOW_WAITING_H

#include "host/json.h"

#include <stdio.h>

/* "reasons  self-test 12, deadline 3, 4 for 2 others": the most frequent ones of {name: count}; nothing where
 * there is none. `label`: at most eight columns. */
void cli_reasons_put(FILE *to, const char *label, const json_t *reasons);

/* The like of a rollout's `waiting` (docs/openapi.yaml, Rollout); of a large fleet, of which a part was
 * looked at, it says so. */
void cli_waiting_put(FILE *to, const json_t *waiting);

#endif
