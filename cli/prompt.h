/* Secrets typed at the terminal. */
#ifndef OTTER_CLI_PROMPT_H
#define OTTER_CLI_PROMPT_H

#include "host/error.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Asks at the process's own terminal, whatever its standard input is, without an echo. The terminal is as it
 * was before when this returns, and when a signal ends or stops the program in between; after a stop it asks
 * again. False, with why, where there is no terminal, or nothing was typed.
 */
bool cli_prompt_secret(const char *question, char *ret, size_t cap, struct host_error *err);

#endif
