/*
 * What a word of the command line stands for, by how the table of verbs calls it ("FILE", "ID", "R"): so that
 * completion needs nothing but that table.
 */
#ifndef OTTER_CLI_VALUES_H
#define OTTER_CLI_VALUES_H

#include "options.h"

enum cli_takes {
    CLI_TAKES_TEXT, /* anything: nothing to offer */
    CLI_TAKES_FILE,
    CLI_TAKES_DIR,
    CLI_TAKES_WORDS,    /* one of some words */
    CLI_TAKES_HARDWARE, /* a board by name (hardware.h) */
    CLI_TAKES_SLOT,     /* SLOT=FILE */
    CLI_TAKES_DEVICE,   /* the server knows them: */
    CLI_TAKES_RELEASE,
    CLI_TAKES_ROLLOUT,
    CLI_TAKES_GROUP,
    CLI_TAKES_OPERATOR
};

struct cli_meaning {
    enum cli_takes takes;
    const char *words; /* of CLI_TAKES_WORDS, parted by blanks */
    bool known;        /* false: the name is in no table, and was taken for text */
};

/* The value of an option. */
struct cli_meaning cli_meaning_of_option(const char *noun, const struct cli_option *option);

/* The operand at place i (from 0) of a verb's operands as the table writes them: "FILE [IMAGE...]". */
struct cli_meaning cli_meaning_of_operand(const char *noun, const char *operands, size_t i);

#endif
