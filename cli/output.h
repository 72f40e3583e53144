/*
 * Results as a table, JSON, JSON lines or CSV. Everything shown is a JSON value, the server's or one made
 * here, so that all formats show the same.
 */
#ifndef OTTER_CLI_OUTPUT_H
#define OTTER_CLI_OUTPUT_H

#include "cli.h"
#include "options.h"

#include "core/crypto.h"
#include "core/version.h"
#include "host/json.h"

enum cli_kind {
    CLI_KIND_TEXT,
    CLI_KIND_NUMBER, /* to the right */
    CLI_KIND_TIME,   /* Unix seconds, shown as 2026-11-23T01:22:20Z */
    CLI_KIND_BYTES,  /* shown as 894.5 KiB in a table */
    CLI_KIND_SHORT,  /* a digest: its first 12 characters in a table */
    CLI_KIND_HEX,    /* an address */
    CLI_KIND_STATE,  /* coloured by meaning */
    CLI_KIND_GRANT,  /* a role of an operator: operator:thermo */
    CLI_KIND_IMAGE,  /* an image of a release: slot, link, size, digest */
    CLI_KIND_DETAIL  /* of an event: without what means nothing to people */
};

/* A column of a list, or a line of an object. Tables of them end with a NULL name. */
struct cli_column {
    const char *name; /* heading, and what --columns calls it */
    const char *path; /* member of the item; "running.version" and "images.0" go inside */
    enum cli_kind kind;
    bool extra;  /* shown only when --columns asks for it */
    bool inside; /* an object or an array: --columns may lead into it */
};

/* --format and --json. False, with the words allowed, on another word. */
bool cli_format_choose(const struct cli_args *args, enum cli_format *ret, struct host_error *err);

/* The text of one cell; malloc'ed, "" for absent or null. `machine`: as CSV wants it, nothing shortened. */
char *cli_cell(const json_t *item, const struct cli_column *column, bool machine);

/*
 * A list of items in the chosen format. --columns picks columns by name, or by a member's path (columns.h). A
 * table of a frozen server's items begins with a line that says so (frozen.h).
 */
enum cli_exit cli_print_items(struct cli *cli, const json_t *items, const struct cli_column *columns);

/* Further items of the same list: CSV without its heading. For csv and jsonl. */
enum cli_exit cli_print_more(struct cli *cli, const json_t *items, const struct cli_column *columns);

/* One object: lines "name  value" as a table; or its JSON. */
enum cli_exit cli_print_object(struct cli *cli, const json_t *object, const struct cli_column *columns);

/* JSON text as it is, with one line feed at its end. */
void cli_print_text(struct cli *cli, const char *text, size_t len);

/* Adds to a JSON object; all NULL-safe: a failed allocation makes the object lack the member. */
void cli_put_string(json_t *o, const char *name, const char *value);
void cli_put_uint(json_t *o, const char *name, uint64_t value);
void cli_put_hex(json_t *o, const char *name, const struct otter_digest *value);
void cli_put_kid(json_t *o, const char *name, const struct otter_digest *kid);
void cli_put_version(json_t *o, const char *name, const struct otter_version *version);

#endif
