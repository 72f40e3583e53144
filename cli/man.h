/* The manual of otter, in scdoc's form, made from the table of verbs: otter(1), and otter-NOUN(1) each. */
#ifndef OTTER_CLI_MAN_H
#define OTTER_CLI_MAN_H

#include <stdbool.h>
#include <stdio.h>

/* otter(1): what there is, options that hold everywhere, environment, files, exit status. */
void cli_man(FILE *to);

/* otter-NOUN(1): its verbs with options and examples. False, and nothing written, for a noun that is none. */
bool cli_man_noun(FILE *to, const char *noun);

#endif
