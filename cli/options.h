/* Command lines by table: which options a verb takes, and what was given. */
#ifndef OTTER_CLI_OPTIONS_H
#define OTTER_CLI_OPTIONS_H

#include "host/error.h"

#include <stdbool.h>
#include <stddef.h>

enum cli_option_kind {
    CLI_OPTION_END = 0, /* ends a table */
    CLI_OPTION_FLAG,    /* --name */
    CLI_OPTION_VALUE,   /* --name VALUE or --name=VALUE, at most once */
    CLI_OPTION_LIST     /* may be repeated; where the verb takes no operands, also --name V1 V2 V3 */
};

struct cli_option {
    const char *name; /* without "--" */
    enum cli_option_kind kind;
    const char *value; /* how help calls it: "FILE" */
    const char *help;
    bool required;
    const char
        *words; /* all values that there are, parted by blanks: "A B"; NULL: see cli_takes (values.h) */
};

struct cli_value {
    const struct cli_option *option;
    const char *text; /* "" of a flag */
};

/* What was given; points into argv and the tables. */
struct cli_args {
    struct cli_value *value;
    size_t value_count;
    const char **operand;
    size_t operand_count;
};

/* What is allowed: two tables, and how many operands. */
struct cli_syntax {
    const struct cli_option *options; /* of the verb; may be NULL */
    const struct cli_option *globals;
    unsigned min_operands, max_operands;
    const char *operands; /* "FILE", for messages */
};

/*
 * Parses words argv[0..argc). "--" ends the options. False, with what is wrong and what is allowed, for an
 * unknown, repeated, incomplete or missing option and for too few or too many operands; with --help given,
 * nothing is missing. On success the caller frees with cli_args_free.
 */
bool cli_args_parse(const struct cli_syntax *syntax, int argc, char **argv, struct cli_args *ret,
                    struct host_error *err);
void cli_args_free(struct cli_args *args);

/* The value of an option, NULL if it was not given. */
const char *cli_arg(const struct cli_args *args, const char *name);
bool cli_arg_flag(const struct cli_args *args, const char *name);

/* For CLI_OPTION_LIST: how many values, and each in order. */
size_t cli_arg_count(const struct cli_args *args, const char *name);
const char *cli_arg_at(const struct cli_args *args, const char *name, size_t i);

#endif
