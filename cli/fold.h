/* Text in lines that fit a screen. Escape sequences of colours (ESC [ ... m) take no columns. */
#ifndef OTTER_CLI_FOLD_H
#define OTTER_CLI_FOLD_H

#include <stddef.h>
#include <stdio.h>

/*
 * The first line of s, at most `width` columns wide: its length in bytes, at least one character unless s is
 * empty. It ends at the last blank that fits, else between two characters, never within one or before its
 * combining marks. *ret_next: where the next line begins. Pure.
 */
size_t cli_fold(const char *s, size_t width, size_t *ret_next);

/*
 * Writes the lines of a text, the last one's line feed added where it lacks, those that are wider than
 * `width` (0: as wide as they like) folded, with `indent` blanks before what is folded to the next line.
 */
void cli_fold_print(FILE *to, const char *text, size_t width, size_t indent);

/* Lines that the text takes on a screen of `width` columns, of which a terminal itself folds longer ones. */
size_t cli_fold_lines(const char *text, size_t width);

#endif
