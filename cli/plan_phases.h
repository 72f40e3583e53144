/* --phases, and what is said of each of them: lists between commas. */
#ifndef OTTER_CLI_PLAN_PHASES_H
#define OTTER_CLI_PLAN_PHASES_H

#include "cli.h"
#include "options.h"

#include "host/json.h"

/*
 * Puts `phases` (and `auto`) into the body of a rollout, which may hold phases already. Percentages alone
 * stay numbers, [5,25,100]; with a count, a group or anything said of a gate each phase is an object. One
 * value of a list is for all phases, else there is one for each.
 */
enum cli_exit cli_plan_phases(struct cli *cli, const struct cli_args *args, json_t *body);

/* The option that sets this member of a phase; NULL: none. */
const char *cli_plan_phase_option(const char *member, size_t len);

#endif
