/* A rollout that is watched: a picture for terminals, a line for logs. Pure: what was seen, and when, is
 * passed in. */
#ifndef OTTER_CLI_SHOW_WATCH_H
#define OTTER_CLI_SHOW_WATCH_H

#include "host/json.h"
#include "pace.h"

#include <stdbool.h>
#include <stdint.h>

struct cli_watch {
    const json_t *rollout; /* as it was answered last, asked with waiting=1 */
    const struct cli_samples *samples;
    uint64_t asked;    /* when that was, Unix seconds */
    uint64_t now;      /* Unix seconds */
    uint64_t interval; /* seconds between two questions */
    const char *away;  /* why the server does not answer any more; NULL: it does */
    bool color;
    unsigned screen; /* columns; 0: no terminal, lines are as long as they are */
};

/*
 * The picture: a bar for each phase, the speed and what is left by it, why devices were lost, what others
 * wait for, what the gate waits for. No line is wider than the screen. malloc'ed; NULL when out of memory.
 */
char *cli_watch_text(const struct cli_watch *w);

/*
 * One line for logs: state, counts, what it waits for. *ret_same bytes of it are what a change is known by:
 * the speed behind them is another one each time. malloc'ed; NULL when out of memory.
 */
char *cli_watch_line(const struct cli_watch *w, size_t *ret_same);

#endif
