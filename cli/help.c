#include "verbs.h"

#include "fold.h"
#include "host/cleanup.h"

#include <stdlib.h>
#include <string.h>

#define WIDTH_MAX    100u /* longer lines are not read */
#define NARROW       60u  /* below it, what an option does stands under it */
#define OPTION_WIDTH 28u
#define VERB_WIDTH   36u
#define INDENT       2u
#define UNDER        6u

/* Where help goes, and how wide it may be. */
struct page {
    FILE *to;
    size_t width;
};

static struct page page_of(FILE *to, unsigned screen)
{
    return (struct page){to, screen > 0 && screen < WIDTH_MAX ? screen : WIDTH_MAX};
}

/* Text from column `at` on, its further lines at `indent`. */
static void put_from(const struct page *p, const char *text, size_t at, size_t indent)
{
    size_t next, room = p->width > at ? p->width - at : 1, n = cli_fold(text, room, &next);

    fprintf(p->to, "%.*s\n", (int)n, text);
    for (text += next; *text != '\0'; text += next) {
        n = cli_fold(text, p->width > indent ? p->width - indent : 1, &next);
        fprintf(p->to, "%*s%.*s\n", (int)indent, "", (int)n, text);
    }
}

static void put_text(const struct page *p, const char *text)
{
    put_from(p, text, 0, 0);
}

/* "  left      right", with right below left where left is long or the page narrow. */
static void put_pair(const struct page *p, const char *left, const char *right, size_t column)
{
    bool narrow = p->width < NARROW;
    size_t at = narrow ? UNDER : column + 1;

    fprintf(p->to, "%*s", (int)INDENT, "");
    if (!narrow && INDENT + strlen(left) < column + 1) {
        fprintf(p->to, "%-*s", (int)(at - INDENT), left);
    } else {
        put_from(p, left, INDENT, UNDER);
        fprintf(p->to, "%*s", (int)at, "");
    }
    put_from(p, right, at, at);
}

/* The table's line feeds are where its lines ended; only an empty line parts paragraphs. */
static void put_notes(const struct page *p, const char *notes)
{
    auto_free char *text = strdup(notes);

    for (char *rest = text, *end; rest != NULL && *rest != '\0'; rest = end) {
        end = strstr(rest, "\n\n");
        if (end != NULL) {
            *end = '\0';
            end += 2;
        }
        for (char *c = rest; *c != '\0'; c++)
            *c = *c == '\n' ? ' ' : *c;
        fputc('\n', p->to);
        put_text(p, rest);
    }
}

void cli_option_usage(const struct cli_option *option, char out[CLI_USAGE_STR])
{
    bool flag = option->kind == CLI_OPTION_FLAG;

    snprintf(out, CLI_USAGE_STR, "--%s%s%s%s", option->name, flag ? "" : " ", flag ? "" : option->value,
             option->kind == CLI_OPTION_LIST ? "..." : "");
}

static void put_options(const struct page *p, const char *title, const struct cli_option *option)
{
    if (option == NULL)
        return;
    fprintf(p->to, "\n%s:\n", title);
    for (; option->kind != CLI_OPTION_END; option++) {
        char left[CLI_USAGE_STR];
        auto_free char *right = NULL;

        cli_option_usage(option, left);
        if (asprintf(&right, "%s%s", option->help, option->required ? " (required)" : "") < 0)
            right = NULL; /* undefined after a failure */
        put_pair(p, left, right != NULL ? right : option->help, OPTION_WIDTH);
    }
}

static void put_verb(const struct page *p, const struct cli_verb *verb)
{
    char left[CLI_USAGE_STR];

    snprintf(left, sizeof(left), "%s %s%s%s", verb->noun, verb->name, verb->operands[0] != '\0' ? " " : "",
             verb->operands);
    put_pair(p, left, verb->summary, VERB_WIDTH);
}

static void put_verbs(const struct page *p, const char *noun)
{
    for (const struct cli_verb *verb = cli_verbs; verb->noun != NULL; verb++)
        if (strcmp(verb->noun, noun) == 0)
            put_verb(p, verb);
}

static void put_examples(const struct page *p, const struct cli_verb *verb)
{
    const char *title = "\nExamples:\n";

    for (const struct cli_example *e = cli_examples; e->noun != NULL; e++) {
        if (strcmp(e->noun, verb->noun) != 0 || strcmp(e->verb, verb->name) != 0)
            continue;
        fprintf(p->to, "%s%*s", title, (int)INDENT, "");
        title = "";
        if (e->says != NULL) {
            fputs("# ", p->to);
            put_from(p, e->says, INDENT + 2, INDENT);
            fprintf(p->to, "%*s", (int)INDENT, "");
        }
        fputs("otter ", p->to);
        put_from(p, e->line, INDENT + strlen("otter "), UNDER);
    }
}

const char cli_help_where[] = "Server, token and CA come from these options, else from OTTER_SERVER, "
                              "OTTER_TOKEN and OTTER_CACERT, else "
                              "from server=, token_file= and cacert= in ~/.config/otter/config; else the "
                              "token is the one that `otter login` keeps for the server.";
const char cli_help_exit[] =
    "0 done, 1 refused, 2 usage, 3 server unreachable, 4 not authorised, 5 local file, 6 "
    "not in time.";

void cli_help(FILE *to, unsigned screen)
{
    struct page p = page_of(to, screen);

    put_text(&p, "otter: keys, images, releases, rollouts and devices of an Otter server");
    fputc('\n', to);
    put_from(&p, "Usage: otter NOUN VERB [options]", 0, UNDER);
    for (const struct cli_noun *noun = cli_nouns; noun->name != NULL; noun++) {
        fputc('\n', to);
        put_text(&p, noun->summary);
        put_verbs(&p, noun->name);
    }
    put_options(&p, "Everywhere", cli_global_options);
    fputc('\n', to);
    put_text(&p, cli_help_where);
    fputs("Exit status: ", to);
    put_from(&p, cli_help_exit, strlen("Exit status: "), INDENT);
}

void cli_help_noun(FILE *to, unsigned screen, const char *noun)
{
    struct page p = page_of(to, screen);
    char line[CLI_USAGE_STR];

    snprintf(line, sizeof(line), "Usage: otter %s VERB [options]", noun);
    put_from(&p, line, 0, UNDER);
    fputc('\n', to);
    put_verbs(&p, noun);
    snprintf(line, sizeof(line), "`otter %s VERB --help` shows the options of one.", noun);
    fputc('\n', to);
    put_text(&p, line);
}

void cli_help_verb(FILE *to, unsigned screen, const struct cli_verb *verb)
{
    struct page p = page_of(to, screen);
    char usage[CLI_USAGE_STR];

    snprintf(usage, sizeof(usage), "Usage: otter %s %s%s%s [options]", verb->noun, verb->name,
             verb->operands[0] != '\0' ? " " : "", verb->operands);
    put_from(&p, usage, 0, UNDER);
    fputc('\n', to);
    put_text(&p, verb->summary);
    if (verb->notes != NULL)
        put_notes(&p, verb->notes);
    put_options(&p, "Options", verb->options);
    put_examples(&p, verb);
    put_options(&p, "Everywhere", cli_global_options);
}
