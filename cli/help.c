#include "verbs.h"

#include <string.h>

static void print_options(FILE *to, const struct cli_option *option)
{
    for (; option != NULL && option->kind != CLI_OPTION_END; option++) {
        char left[64];
        int n = snprintf(left, sizeof(left), "--%s%s%s%s", option->name,
                         option->kind == CLI_OPTION_FLAG ? "" : " ",
                         option->kind == CLI_OPTION_FLAG ? "" : option->value,
                         option->kind == CLI_OPTION_LIST ? "..." : "");

        if (n > 26)
            fprintf(to, "  %s\n  %-26s %s%s\n", left, "", option->help,
                    option->required ? " (required)" : "");
        else
            fprintf(to, "  %-26s %s%s\n", left, option->help, option->required ? " (required)" : "");
    }
}

static void print_verb_line(FILE *to, const struct cli_verb *verb)
{
    char left[64];

    snprintf(left, sizeof(left), "%s %s%s%s", verb->noun, verb->name, verb->operands[0] != '\0' ? " " : "",
             verb->operands);
    fprintf(to, "  %-34s %s\n", left, verb->summary);
}

void cli_help(FILE *to)
{
    fputs("otter: keys, images, releases, rollouts and devices of an Otter server\n\n"
          "Usage: otter NOUN VERB [options]\n",
          to);
    for (const struct cli_noun *noun = cli_nouns; noun->name != NULL; noun++) {
        fprintf(to, "\n%s:\n", noun->summary);
        for (const struct cli_verb *verb = cli_verbs; verb->noun != NULL; verb++)
            if (strcmp(verb->noun, noun->name) == 0)
                print_verb_line(to, verb);
    }
    fputs("\nEverywhere:\n", to);
    print_options(to, cli_global_options);
    fputs("\nServer, token and CA come from these options, else from OTTER_SERVER, OTTER_TOKEN and "
          "OTTER_CACERT, else\n"
          "from server=, token_file= and cacert= in ~/.config/otter/config. OTTER_TRACE is --trace.\n"
          "Exit status: 0 done, 1 refused, 2 usage, 3 server unreachable, 4 not authorised, 5 local file, 6 "
          "not in "
          "time.\n",
          to);
}

void cli_help_noun(FILE *to, const char *noun)
{
    fprintf(to, "Usage: otter %s VERB [options]\n\n", noun);
    for (const struct cli_verb *verb = cli_verbs; verb->noun != NULL; verb++)
        if (strcmp(verb->noun, noun) == 0)
            print_verb_line(to, verb);
    fprintf(to, "\n`otter %s VERB --help` shows the options of one.\n", noun);
}

void cli_help_verb(FILE *to, const struct cli_verb *verb)
{
    fprintf(to, "Usage: otter %s %s%s%s [options]\n\n%s.\n", verb->noun, verb->name,
            verb->operands[0] != '\0' ? " " : "", verb->operands, verb->summary);
    if (verb->notes != NULL)
        fprintf(to, "\n%s\n", verb->notes);
    if (verb->options != NULL) {
        fputs("\nOptions:\n", to);
        print_options(to, verb->options);
    }
    fputs("\nEverywhere:\n", to);
    print_options(to, cli_global_options);
}
