/* What a rollout waits for, and what to do next: lines for people. */
#ifndef OTTER_CLI_SHOW_GATE_H
#define OTTER_CLI_SHOW_GATE_H

#include "host/json.h"

#include <stdio.h>

/* Why it is in its state (halted, rolled back), whom it rolls back or is rolled back by, what the gate of the
 * newest phase waits for. */
void cli_gate_put(FILE *to, const json_t *rollout);

/* The verb that comes next, if there is one. */
void cli_next_step_put(FILE *to, const json_t *rollout);

#endif
