/* Columns that text takes on a terminal. UTF-8 whatever the locale, so that a table looks the same
 * everywhere. */
#ifndef OTTER_CLI_WIDTH_H
#define OTTER_CLI_WIDTH_H

#include <stddef.h>

/* Combining marks take none, East Asian wide characters and emoji two; a byte that is no UTF-8 takes one. */
size_t cli_width(const char *s);

/*
 * Copies s so that it can be shown: control characters (a terminal would obey them, and devices choose some
 * of these texts) and bytes that are no UTF-8 become '?'. malloc'ed; NULL when out of memory.
 */
char *cli_printable(const char *s);

#endif
