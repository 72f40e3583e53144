/* A rollout as people see it: its facts, a bar for each phase, why devices failed. */
#ifndef OTTER_CLI_SHOW_ROLLOUT_H
#define OTTER_CLI_SHOW_ROLLOUT_H

#include "api.h"

extern const struct cli_column cli_rollout_columns[];

/* Lines of text; malloc'ed, NULL when out of memory. Pure. `color`: with escape sequences; `screen`: columns
 * that the lines are folded at, 0 = none. */
char *cli_rollout_text(const json_t *rollout, bool color, unsigned screen);

/* A rollout as the server answered it, in the format that was asked for. */
enum cli_exit cli_rollout_show(struct cli *cli, const struct cli_reply *reply);

/* One line for watching without a terminal: "running phase 2/3: 40 of 50 finished, 38 succeeded, 2 failed".
 */
char *cli_rollout_line(const json_t *rollout);

/* Complete, aborted, rolled back or halted: nothing moves until an operator decides. */
bool cli_rollout_stands(const json_t *rollout);

/* Attempts of these counts: all, those that have ended, those that were lost. */
uint64_t cli_counts_all(const json_t *counts);
uint64_t cli_counts_finished(const json_t *counts);
uint64_t cli_counts_lost(const json_t *counts);

#endif
