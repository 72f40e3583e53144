/* `fleet summary` as a report. */
#ifndef OTTER_CLI_SHOW_FLEET_H
#define OTTER_CLI_SHOW_FLEET_H

#include "cli.h"

#include "host/json.h"

#define CLI_STATE_BAR 20u

/*
 * A bar of CLI_STATE_BAR characters and a NUL from counts by state: '#' succeeded, '=' idle, '>' under way,
 * '!' failed, reverted or timed out, '~' cancelled, '.' all else (never seen). What there is, however few,
 * has one character at least. Pure.
 */
void cli_state_bar(const json_t *states, char out[CLI_STATE_BAR + 1]);

/* The summary as the API gives it, for people. */
enum cli_exit cli_show_fleet(struct cli *cli, const json_t *summary);

#endif
