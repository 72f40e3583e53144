#include "man.h"

#include "verbs.h"

#include <string.h>

/* Text in which scdoc sees no marks. */
static void put_text(FILE *to, const char *s)
{
    for (; *s != '\0'; s++) {
        if (strchr("\\_*#+-[]|<>`~.'", *s) != NULL)
            fputc('\\', to);
        fputc(*s, to);
    }
}

/* Between two marks: "*" bold, "_" underlined. */
static void put_marked(FILE *to, char mark, const char *s)
{
    fputc(mark, to);
    put_text(to, s);
    fputc(mark, to);
}

static void put_line(FILE *to, const char *s)
{
    put_text(to, s);
    fputs("\n\n", to);
}

/* Only an empty line of the table's notes parts paragraphs. */
static void put_notes(FILE *to, const char *notes)
{
    for (const char *c = notes; *c != '\0'; c++) {
        if (c[0] == '\n' && c[1] == '\n') {
            fputs("\n\n", to);
            c++;
        } else if (*c == '\n') {
            fputc(' ', to);
        } else {
            put_text(to, (char[]){*c, '\0'});
        }
    }
    fputs("\n\n", to);
}

static void put_option(FILE *to, const struct cli_option *option)
{
    char name[CLI_USAGE_STR];

    snprintf(name, sizeof(name), "--%s", option->name);
    put_marked(to, '*', name);
    if (option->kind != CLI_OPTION_FLAG) {
        fputc(' ', to);
        put_marked(to, '_', option->value);
    }
    if (option->kind == CLI_OPTION_LIST)
        put_text(to, "...");
    fputs("\n\t", to);
    put_text(to, option->help);
    put_text(to, option->required ? " (required)" : "");
    fputs("\n\n", to);
}

static void put_options(FILE *to, const struct cli_option *option)
{
    for (; option != NULL && option->kind != CLI_OPTION_END; option++)
        put_option(to, option);
}

static void put_usage(FILE *to, const struct cli_verb *verb)
{
    char words[CLI_USAGE_STR];

    snprintf(words, sizeof(words), "otter %s %s", verb->noun, verb->name);
    put_marked(to, '*', words);
    if (verb->operands[0] != '\0') {
        fputc(' ', to);
        put_marked(to, '_', verb->operands);
    }
}

static void put_examples(FILE *to, const struct cli_verb *verb)
{
    for (const struct cli_example *e = cli_examples; e->noun != NULL; e++) {
        if (strcmp(e->noun, verb->noun) != 0 || strcmp(e->verb, verb->name) != 0)
            continue;
        if (e->says != NULL) {
            put_text(to, e->says);
            put_text(to, ":\n\n");
        }
        fprintf(to, "```\notter %s\n```\n\n", e->line);
    }
}

static void put_verb(FILE *to, const struct cli_verb *verb)
{
    fprintf(to, "## %s\n\n", verb->name); /* headings know no marks */
    put_usage(to, verb);
    fputs(" [options]\n\n", to);
    put_text(to, verb->summary);
    put_line(to, ".");
    if (verb->notes != NULL)
        put_notes(to, verb->notes);
    put_options(to, verb->options);
    put_examples(to, verb);
}

static void put_nouns(FILE *to)
{
    for (const struct cli_noun *noun = cli_nouns; noun->name != NULL; noun++) {
        fprintf(to, "## %s\n\n", noun->summary);
        for (const struct cli_verb *verb = cli_verbs; verb->noun != NULL; verb++) {
            if (strcmp(verb->noun, noun->name) != 0)
                continue;
            put_usage(to, verb);
            fputs("\n\t", to);
            put_line(to, verb->summary);
        }
    }
}

static void put_pairs(FILE *to, const char *const pairs[][2], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        put_marked(to, '*', pairs[i][0]);
        fputs("\n\t", to);
        put_line(to, pairs[i][1]);
    }
}

static const char *const environment[][2] = {
    {"OTTER_SERVER", "As --server."},
    {"OTTER_TOKEN", "The operator's token itself; a file is named by --token-file."},
    {"OTTER_CACERT", "As --cacert."},
    {"OTTER_TRACE", "As --trace."},
    {"NO_COLOR",
     "With any text: no colours. There are none, either, where the output is no terminal or TERM is dumb."},
    {"COLUMNS",
     "How wide a terminal is, instead of what it says itself. What is piped is never folded or cut."},
    {"XDG_CONFIG_HOME", "Where otter/config is looked for, instead of ~/.config."},
};

static const char *const exit_status[][2] = {
    {"0", "done"},
    {"1", "refused, by a check here or by the server"},
    {"2", "usage: the command line is wrong"},
    {"3", "the server cannot be reached, or failed"},
    {"4", "not authorised"},
    {"5", "a local file cannot be read or written"},
    {"6", "not in time (--timeout)"},
};

static void put_see_also(FILE *to, const char *but)
{
    fputs("# SEE ALSO\n\n", to);
    if (but != NULL)
        fputs("*otter*(1), ", to);
    for (const struct cli_noun *noun = cli_nouns; noun->name != NULL; noun++) {
        if (but != NULL && strcmp(noun->name, but) == 0)
            continue;
        fputs("*otter\\-", to);
        put_text(to, noun->name);
        fputs("*(1), ", to);
    }
    fputs("*otterd*(8), *otter\\-emu*(1)\n", to);
}

void cli_man(FILE *to)
{
    fputs("otter(1) \"\" \"User commands\"\n\n# NAME\n\notter - keys, images, releases, rollouts and devices "
          "of an "
          "Otter server\n\n# SYNOPSIS\n\n*otter* _NOUN_ _VERB_ [options]\n\n# DESCRIPTION\n\n",
          to);
    put_line(
        to,
        "otter makes keys and signs with them, offline; it publishes images and releases, plans rollouts and "
        "tells what devices do, by the operators' API of otterd. Each noun has a page of its own.");
    put_line(
        to,
        "Results go to standard output; errors, with what to do next, hints and progress to standard error.");
    fputs("# VERBS\n\n", to);
    put_nouns(to);
    fputs("# OPTIONS\n\nThese hold everywhere, before the noun or behind it.\n\n", to);
    put_options(to, cli_global_options);
    put_line(to, cli_help_where);
    fputs("# ENVIRONMENT\n\n", to);
    put_pairs(to, environment, sizeof(environment) / sizeof(environment[0]));
    fputs("# FILES\n\n*~/.config/otter/config*\n\t", to);
    put_line(to, "Lines server=URL, token_file=FILE and cacert=FILE.");
    fputs("# EXIT STATUS\n\n", to);
    put_pairs(to, exit_status, sizeof(exit_status) / sizeof(exit_status[0]));
    put_see_also(to, NULL);
}

bool cli_man_noun(FILE *to, const char *name)
{
    const struct cli_noun *noun = cli_nouns;

    while (noun->name != NULL && strcmp(noun->name, name) != 0)
        noun++;
    if (noun->name == NULL)
        return false;
    fprintf(to, "otter-%s(1) \"\" \"User commands\"\n\n# NAME\n\notter-%s - ", name, name);
    put_line(to, noun->summary);
    fprintf(to, "# SYNOPSIS\n\n*otter %s* _VERB_ [options]\n\n# VERBS\n\n", name);
    fputs("The options of *otter*(1), as \\-\\-server, \\-\\-json and \\-\\-dry\\-run, hold for each.\n\n",
          to);
    for (const struct cli_verb *verb = cli_verbs; verb->noun != NULL; verb++)
        if (strcmp(verb->noun, name) == 0)
            put_verb(to, verb);
    put_see_also(to, name);
    return true;
}
