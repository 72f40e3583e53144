/* CSV (RFC 4180): a header line names the columns; quotes, doubled quotes, CR LF and a final line without
 * end. */
#ifndef OTTER_CLI_CSV_H
#define OTTER_CLI_CSV_H

#include "host/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define CLI_CSV_COLUMNS 256u

struct cli_csv {
    char *text; /* the file, cut into cells in place */
    size_t len;
    const char **cell;
    size_t columns;
    size_t rows;    /* without the header line */
    unsigned *line; /* of each row, for messages */
    const char *header[CLI_CSV_COLUMNS];
};

/*
 * Messages begin "WHAT:LINE:COLUMN: ", what being the file's name and the column counted in bytes from 1.
 * Empty lines are skipped; there are no comments (RFC 4180 has none). The caller frees with cli_csv_free,
 * which wipes the text: it may hold secrets.
 */
bool cli_csv_parse(const char *text, size_t len, const char *what, struct cli_csv *ret,
                   struct host_error *err);
bool cli_csv_load(const char *path, struct cli_csv *ret, struct host_error *err);
void cli_csv_free(struct cli_csv *csv);

/* Was the cell written as "" with its quotes, not left empty? */
bool cli_csv_is_quoted_empty(const char *cell);

/* The cell of a named column; NULL if there is no such column, "" where it is empty. */
const char *cli_csv_get(const struct cli_csv *csv, size_t row, const char *column);

/* The first column that is not in the NULL-ended list; NULL if all are. */
const char *cli_csv_unknown(const struct cli_csv *csv, const char *const *known);

/* Writes one cell, quoted where needed: an empty one is left empty. */
void cli_csv_put(FILE *to, const char *cell);

/*
 * The like for a list that people open as a spreadsheet: a cell that would be taken for a formula (begins
 * with = + - @, and is no number) has an apostrophe before it, which spreadsheets do not show.
 */
void cli_csv_put_shown(FILE *to, const char *cell);

#endif
