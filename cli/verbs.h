/* The one table of verbs: command line, help and documentation are made from it. */
#ifndef OTTER_CLI_VERBS_H
#define OTTER_CLI_VERBS_H

#include "cli.h"
#include "options.h"

#define CLI_OPERANDS_MANY 100000u

struct cli_verb {
    const char *noun;
    const char *name;
    const char *operands; /* "FILE [IMAGE...]", or "" */
    const char *summary;  /* one line */
    unsigned min_operands, max_operands;
    const struct cli_option *options; /* ends with CLI_OPTION_END; may be NULL */
    enum cli_exit (*run)(struct cli *cli, const struct cli_args *args);
    const char *notes; /* further paragraphs of --help, parted by empty lines, or NULL */
};

/* Ends with a verb whose noun is NULL. */
extern const struct cli_verb cli_verbs[];
extern const struct cli_option cli_global_options[];

/* Nouns with what they are, ends with {NULL, NULL}. */
struct cli_noun {
    const char *name;
    const char *summary;
};
extern const struct cli_noun cli_nouns[];

const struct cli_verb *cli_verb_find(const char *noun, const char *name);
bool cli_noun_exists(const char *noun);

/* Command lines to begin with. Ends with one whose noun is NULL. */
struct cli_example {
    const char *noun, *verb;
    const char *line; /* without "otter" */
    const char *says; /* what for, or NULL */
};
extern const struct cli_example cli_examples[];

/*
 * --help: of the program, of a noun, of a verb. `screen`: columns of the terminal that it goes to; 0: none.
 */
void cli_help(FILE *to, unsigned screen);
void cli_help_noun(FILE *to, unsigned screen, const char *noun);
void cli_help_verb(FILE *to, unsigned screen, const struct cli_verb *verb);

/* "--image SLOT=FILE...": an option as help and manual write it. */
#define CLI_USAGE_STR 96
void cli_option_usage(const struct cli_option *option, char out[CLI_USAGE_STR]);

/* Sentences that help and manual share. */
extern const char cli_help_where[], cli_help_exit[];

#endif
