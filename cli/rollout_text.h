/* Pieces that every picture of a rollout is made of. */
#ifndef OTTER_CLI_ROLLOUT_TEXT_H
#define OTTER_CLI_ROLLOUT_TEXT_H

#include "host/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* FROZEN, if it is, and "rollout 7 spring: cam 1.1.0 to all, running": its line or two. */
void cli_rollout_head_put(FILE *to, const json_t *rollout, bool color);

/* The escape sequence of a state: what it means to who looks at it. */
const char *cli_state_color(const char *state);

/* A text of the server's, of which a terminal obeys nothing; nothing, `before` included, where it is empty.
 */
void cli_put_shown(FILE *to, const char *before, const char *s);

/* The like, filled up to `width` columns, and two blanks behind it. */
void cli_put_padded(FILE *to, const char *s, size_t width);

/* Columns that the widest of the phases' widths ("5%", "group lab") takes, so that bars begin below each
 * other. */
size_t cli_phases_width(const json_t *phases);

/* Text as `put` writes it, folded at the screen's edge (0: none); malloc'ed, NULL when out of memory. */
struct cli_picture {
    void (*put)(const struct cli_picture *self, FILE *to);
};
char *cli_picture_text(const struct cli_picture *picture, unsigned screen);

#endif
