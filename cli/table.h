/* Rows of cells, aligned by the columns that they take on a screen. Knows nothing of JSON. */
#ifndef OTTER_CLI_TABLE_H
#define OTTER_CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct cli_table {
    size_t columns;
    size_t rows;
    char **cell;          /* rows * columns, row by row; not NULL */
    const bool *to_right; /* columns; NULL = none */
    bool headed;          /* the first row is the heading: bold when coloured */
    bool color;
    size_t screen; /* columns of the terminal; 0: none, lines are as long as they are */
    /* The escape sequence to colour a cell with, or NULL; NULL = none. */
    const char *(*paint)(size_t row, size_t column, const char *text);
};

/*
 * Cells are made printable (width.h); an empty one is "-". Two blanks between columns, none at a line's end.
 * No line is longer than the screen: columns whose cells have blanks are folded as far as no word is broken;
 * where that is not enough, each row becomes a block of lines "HEADING  cell".
 */
bool cli_table_print(FILE *to, const struct cli_table *table);

#endif
