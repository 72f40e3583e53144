#include "cli.h"

#include "api.h"
#include "completion.h"
#include "output.h"
#include "passphrase.h"
#include "suggest.h"
#include "terminal.h"
#include "verbs.h"

#include "host/clock.h"

#include <stdlib.h>
#include <string.h>

static enum cli_exit usage(struct cli *cli, const struct host_error *err)
{
    return cli_fail(cli, CLI_USAGE, "%s\nSee: otter %s %s --help", err->message, cli->verb->noun,
                    cli->verb->name);
}

static enum cli_exit run_verb(struct cli *cli, int argc, char **argv)
{
    const struct cli_verb *verb = cli->verb;
    const struct cli_syntax syntax = {.options = verb->options,
                                      .globals = cli_global_options,
                                      .min_operands = verb->min_operands,
                                      .max_operands = verb->max_operands,
                                      .operands = verb->operands};
    struct host_error err = {0};
    struct cli_args args;
    enum cli_exit code;

    if (!cli_args_parse(&syntax, argc, argv, &args, &err))
        return usage(cli, &err);
    cli->args = &args;
    cli->dry_run = cli_arg_flag(&args, "dry-run");
    if (!cli_format_choose(&args, &cli->format, &err)) {
        code = usage(cli, &err);
    } else if (cli_arg_flag(&args, "help")) {
        cli_help_verb(cli->out, cli->screen, verb);
        code = CLI_DONE;
    } else {
        code = verb->run(cli, &args);
    }
    cli_session_close(cli);
    cli_passphrase_close(cli);
    cli->args = NULL;
    cli_args_free(&args);
    return code;
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

/* Global options may stand before the noun: they are moved behind the verb. Returns the noun's place in argv.
 */
static int find_noun(int argc, char **argv)
{
    int i = 1;

    while (i < argc && argv[i][0] == '-') {
        const struct cli_option *option = cli_global_options;
        const char *name = argv[i] + (strncmp(argv[i], "--", 2) == 0 ? 2 : 0);

        while (option->kind != CLI_OPTION_END && strcmp(option->name, name) != 0)
            option++;
        i += option->kind == CLI_OPTION_VALUE ? 2 : 1;
    }
    return i;
}

static enum cli_exit no_verb(struct cli *cli, const char *noun, const char *word)
{
    struct cli_guess guess = cli_guess_begin(word, strlen(word));

    for (const struct cli_verb *verb = cli_verbs; verb->noun != NULL; verb++)
        if (strcmp(verb->noun, noun) == 0)
            cli_guess_try(&guess, verb->name);
    if (guess.best != NULL)
        return cli_fail(cli, CLI_USAGE, "\"%s\" has no verb \"%s\"\nDid you mean: otter %s %s", noun, word,
                        noun, guess.best);
    return cli_fail(cli, CLI_USAGE, "\"%s\" has no verb \"%s\"\nSee: otter %s --help", noun, word, noun);
}

/* `next` may be NULL. Noun and verb may have changed places. */
static enum cli_exit no_noun(struct cli *cli, const char *word, const char *next)
{
    struct cli_guess guess = cli_guess_begin(word, strlen(word));

    if (next != NULL && cli_verb_find(next, word) != NULL)
        return cli_fail(cli, CLI_USAGE, "there is no \"%s\"\nDid you mean: otter %s %s", word, next, word);
    for (const struct cli_noun *noun = cli_nouns; noun->name != NULL; noun++)
        cli_guess_try(&guess, noun->name);
    if (guess.best != NULL)
        return cli_fail(cli, CLI_USAGE, "there is no \"%s\"\nDid you mean: otter %s", word, guess.best);
    return cli_fail(cli, CLI_USAGE, "there is no \"%s\"\nSee: otter --help", word);
}

/* Runs cli->verb by argv without its name, which is `words` words from `noun` on. */
static enum cli_exit run_rest(struct cli *cli, int argc, char **argv, int noun, int words)
{
    char **rest = calloc((size_t)argc, sizeof(*rest));
    enum cli_exit code;
    int n = 0;

    if (rest == NULL)
        return cli_fail_memory(cli);
    for (int i = 1; i < argc; i++)
        if (i < noun || i >= noun + words)
            rest[n++] = argv[i];
    code = run_verb(cli, n, rest);
    free(rest);
    return code;
}

static enum cli_exit dispatch(struct cli *cli, int argc, char **argv, int noun)
{
    cli->verb = cli_verb_find(argv[noun], argv[noun + 1]);
    if (cli->verb == NULL)
        return no_verb(cli, argv[noun], argv[noun + 1]);
    return run_rest(cli, argc, argv, noun, 2);
}

/* One word for a verb that people know by it; NULL: it is none. */
static const struct cli_verb *short_for(const char *word)
{
    return strcmp(word, "login") == 0 || strcmp(word, "logout") == 0 ? cli_verb_find("token", word) : NULL;
}

static enum cli_exit find_and_run(struct cli *cli, int argc, char **argv)
{
    int noun = find_noun(argc, argv);

    if (argc < 2) {
        cli_help(cli->err, cli->err_screen);
        return CLI_USAGE;
    }
    if (is_help(argv[1])) {
        cli_help(cli->out, cli->screen);
        return CLI_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        fputs("otter " OTTER_VERSION "\n", cli->out);
        return CLI_DONE;
    }
    if (strcmp(argv[1], "__complete") == 0) {
        cli_complete(cli, &(struct cli_line){argv + 2, (size_t)argc - 2});
        return CLI_DONE;
    }
    cli->verb = noun < argc ? short_for(argv[noun]) : NULL;
    if (cli->verb != NULL)
        return run_rest(cli, argc, argv, noun, 1);
    if (noun >= argc || !cli_noun_exists(argv[noun]))
        return no_noun(cli, noun < argc ? argv[noun] : argv[1], noun + 1 < argc ? argv[noun + 1] : NULL);
    if (noun + 1 >= argc) {
        cli_help_noun(cli->err, cli->err_screen, argv[noun]);
        return CLI_USAGE;
    }
    if (is_help(argv[noun + 1])) {
        cli_help_noun(cli->out, cli->screen, argv[noun]);
        return CLI_DONE;
    }
    return dispatch(cli, argc, argv, noun);
}

int cli_main(int argc, char **argv, FILE *out, FILE *err)
{
    struct cli cli = {.out = out, .err = err, .now = (uint64_t)host_clock_wall()};
    enum cli_exit code;

    cli_terminal_look(&cli);
    code = find_and_run(&cli, argc, argv);
    /* A full disk or a closed pipe must not look like success. */
    if ((fflush(out) != 0 || ferror(out)) && code == CLI_DONE)
        code = cli_fail(&cli, CLI_FILE, "writing the result failed");
    return (int)code;
}
