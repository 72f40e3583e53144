/* The CSV of `device import` and `device export`: what its columns mean, and each row as the API takes it. */
#ifndef OTTER_CLI_IMPORT_H
#define OTTER_CLI_IMPORT_H

#include "csv.h"

#include "host/json.h"

#define CLI_IMPORT_ATTRIBUTE "attr." /* before an attribute's name in the header line */

/* What a file gives of each device, by its header line. */
struct cli_import_plan {
    size_t id; /* columns; SIZE_MAX: the file does not have it */
    size_t product, hardware, secret, tags;
    bool has_attributes;
};

/* Reads the header line. False, naming the column, if it has an unknown or a doubled one, or no id. */
bool cli_import_plan(const struct cli_csv *csv, const char *what, struct cli_import_plan *ret,
                     struct host_error *err);

/* Would the API take the row? False with "WHAT:LINE: COLUMN: why". Known devices need no secret: the server
 * knows. */
bool cli_import_check(const struct cli_csv *csv, const struct cli_import_plan *plan, const char *what,
                      size_t row, struct host_error *err);

/*
 * A row that cli_import_check took, as an item of POST /api/v1/devices/import. Of the columns that the file
 * has, tags and attributes are given even where they are empty; an attribute's cell that is left empty is
 * none, one that is "" in quotes is empty text. NULL when out of memory.
 */
json_t *cli_import_item(const struct cli_csv *csv, const struct cli_import_plan *plan, size_t row);

#endif
