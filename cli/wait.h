/* `rollout wait`: what a rollout must reach, whether it still can, and how long to wait before asking again.
 */
#ifndef OTTER_CLI_WAIT_H
#define OTTER_CLI_WAIT_H

#include "host/json.h"

#include <stdbool.h>
#include <stdint.h>

struct cli_until {
    unsigned phase; /* from 1; 0: the whole rollout */
};

/* "complete", or "phase=N": all devices of the phase have finished. */
bool cli_until_parse(const char *text, struct cli_until *ret);

enum cli_wait {
    CLI_WAIT_REACHED,
    CLI_WAIT_NEVER, /* it can no longer be reached */
    CLI_WAIT_ON
};

/* Pure. A state that is not known waits on: a newer server may have more of them. */
enum cli_wait cli_wait_judge(const json_t *rollout, const struct cli_until *until);

/*
 * Whom it waits for, if not for devices: "paused: otter rollout resume 7 goes on", or NULL. out has 256
 * bytes.
 */
const char *cli_wait_for(const json_t *rollout, const struct cli_until *until, char out[256]);

/*
 * Milliseconds before the next question, when the last `rounds` brought nothing new: twice as long each time,
 * at most 10 s, and up to a quarter off or on by `random`, so that a hundred waiters do not ask as one.
 */
uint32_t cli_wait_delay(unsigned rounds, uint32_t random);

#endif
