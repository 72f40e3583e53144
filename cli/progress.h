/* Bars, as text. */
#ifndef OTTER_CLI_PROGRESS_H
#define OTTER_CLI_PROGRESS_H

#include "cli.h"

#include <stddef.h>
#include <stdint.h>

/* A bar of `width` characters ("#####-----") and a NUL: out has width + 1 bytes. done > total counts as full.
 * Pure. */
void cli_bar(uint64_t done, uint64_t total, size_t width, char *out);

/*
 * A bar of parts, one behind the other, each by its mark; what is left to the total is '-'. Each part that is
 * there at all takes a character, as far as there are so many. Pure.
 */
struct cli_bar_part {
    char mark;
    uint64_t n;
};
void cli_bar_parts(const struct cli_bar_part *part, size_t parts, uint64_t total, size_t width, char *out);

/*
 * Draws "NAME [###---] done% of WHAT" over the line that stands on err, where err is a terminal that can,
 * never wider than it. Elsewhere nothing: progress is for people alone.
 */
void cli_progress(struct cli *cli, const char *name, uint64_t done, uint64_t total, const char *what);

/* Takes the line away. */
void cli_progress_end(struct cli *cli);

#endif
