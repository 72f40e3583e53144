/* Questions to who sits at the terminal. */
#ifndef OTTER_CLI_CONFIRM_H
#define OTTER_CLI_CONFIRM_H

#include "cli.h"

/* Is there somebody to ask: are standard input and err a terminal? */
bool cli_can_ask(const struct cli *cli);

/* "QUESTION [y/N] ": CLI_DONE after y or yes, else CLI_REFUSED, having said that nothing was changed. */
enum cli_exit cli_confirm(struct cli *cli, const char *question);

#endif
