/* ^C and the like, while something is drawn: the program ends between two pictures, and as by the signal. */
#ifndef OTTER_CLI_STOP_H
#define OTTER_CLI_STOP_H

#include <stdbool.h>
#include <stdint.h>

/*
 * From now on SIGINT, SIGTERM and SIGHUP are taken down instead of ending the program, but for those that are
 * ignored; SIGWINCH ends a nap. One at a time in a process.
 */
void cli_stop_begin(void);

/* Has one come? */
bool cli_stop_wanted(void);

/* Sleeps so long, less where a signal comes: false, it was less. */
bool cli_stop_nap(uint64_t ms);

/* As it was before. What was taken down ends the program now, as it would have: a shell sees the signal. */
void cli_stop_end(void);

#endif
