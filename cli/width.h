/* Columns that text takes on a terminal. UTF-8 whatever the locale, so that a table looks the same
 * everywhere. */
#ifndef OTTER_CLI_WIDTH_H
#define OTTER_CLI_WIDTH_H

#include <stddef.h>
#include <stdint.h>

/* The next character of a text that is not empty: its bytes (at least 1), and its columns (0 to 2). */
size_t cli_char(const char *s, unsigned *ret_width);

/* Combining marks take none, East Asian wide characters and emoji two; a byte that is no UTF-8 takes one. */
size_t cli_width(const char *s);

/*
 * Bytes of the character at s (of len bytes) if a terminal would obey it: control characters, and marks that
 * break a line or turn the direction of writing; 0 if it is a harmless one. *ret: the character.
 */
size_t cli_obeyed(const char *s, size_t len, uint32_t *ret);

/*
 * Copies s so that it can be shown: control characters (a terminal would obey them, and devices choose some
 * of these texts) and bytes that are no UTF-8 become '?'. malloc'ed; NULL when out of memory.
 */
char *cli_printable(const char *s);

#endif
