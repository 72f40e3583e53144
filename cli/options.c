#include "options.h"

#include "suggest.h"

#include <stdlib.h>
#include <string.h>

struct parser {
    const struct cli_syntax *syntax;
    struct cli_args *args;
    struct host_error *err;
    char **argv;
    int argc;
    int at;
};

static const struct cli_option *find_in(const struct cli_option *table, const char *name, size_t len)
{
    for (; table != NULL && table->kind != CLI_OPTION_END; table++)
        if (strlen(table->name) == len && memcmp(table->name, name, len) == 0)
            return table;
    return NULL;
}

static const struct cli_option *find(const struct cli_syntax *syntax, const char *name, size_t len)
{
    const struct cli_option *option = find_in(syntax->options, name, len);

    return option != NULL ? option : find_in(syntax->globals, name, len);
}

static bool given(const struct cli_args *args, const struct cli_option *option)
{
    for (size_t i = 0; i < args->value_count; i++)
        if (args->value[i].option == option)
            return true;
    return false;
}

static void add(struct cli_args *args, const struct cli_option *option, const char *text)
{
    args->value[args->value_count++] = (struct cli_value){.option = option, .text = text};
}

static bool looks_like_option(const char *word)
{
    return word[0] == '-' && word[1] != '\0';
}

/* The values behind a list option of a verb without operands: all words up to the next option. */
static void take_list(struct parser *p, const struct cli_option *option)
{
    while (p->at < p->argc && !looks_like_option(p->argv[p->at]))
        add(p->args, option, p->argv[p->at++]);
}

static bool take_value(struct parser *p, const struct cli_option *option, const char *inline_value)
{
    if (option->kind != CLI_OPTION_LIST && given(p->args, option))
        return host_fail(p->err, HOST_ERROR_FORMAT, "--%s is given twice", option->name);
    if (option->kind == CLI_OPTION_FLAG) {
        if (inline_value != NULL)
            return host_fail(p->err, HOST_ERROR_FORMAT, "--%s takes no value", option->name);
        add(p->args, option, "");
        return true;
    }
    if (inline_value != NULL) {
        add(p->args, option, inline_value);
        return true;
    }
    /* One dash may begin a value (--sort -seen, --priority -5, "-"); with two it is the next option, and this
     * one's value is missing. */
    if (p->at >= p->argc || strncmp(p->argv[p->at], "--", 2) == 0)
        return host_fail(p->err, HOST_ERROR_FORMAT, "--%s needs a value: --%s %s", option->name, option->name,
                         option->value);
    add(p->args, option, p->argv[p->at++]);
    if (option->kind == CLI_OPTION_LIST && p->syntax->max_operands == 0)
        take_list(p, option);
    return true;
}

static bool no_option(struct parser *p, const char *name, size_t len)
{
    const struct cli_option *const tables[] = {p->syntax->options, p->syntax->globals};
    struct cli_guess guess = cli_guess_begin(name, len);

    for (size_t i = 0; i < 2; i++)
        for (const struct cli_option *o = tables[i]; o != NULL && o->kind != CLI_OPTION_END; o++)
            cli_guess_try(&guess, o->name);
    return host_fail(p->err, HOST_ERROR_FORMAT, "there is no option --%.*s here%s%s%s", (int)len, name,
                     guess.best != NULL ? "; did you mean --" : "", guess.best != NULL ? guess.best : "",
                     guess.best != NULL ? "?" : "");
}

static bool take_option(struct parser *p, const char *word)
{
    const char *name = strcmp(word, "-h") == 0 ? "help" : word + 2;
    size_t len = strcspn(name, "=");
    const struct cli_option *option;

    if (word[1] != '-' && strcmp(word, "-h") != 0)
        return host_fail(p->err, HOST_ERROR_FORMAT, "%s is no option; options begin with two dashes", word);
    option = find(p->syntax, name, len);
    if (option == NULL)
        return no_option(p, name, len);
    return take_value(p, option, name[len] == '=' ? name + len + 1 : NULL);
}

static bool take_operand(struct parser *p, const char *word)
{
    if (p->args->operand_count >= p->syntax->max_operands) {
        if (p->syntax->max_operands == 0)
            return host_fail(p->err, HOST_ERROR_FORMAT, "\"%s\" is not expected: there are only options here",
                             word);
        return host_fail(p->err, HOST_ERROR_FORMAT, "\"%s\" is one too many: expected %s", word,
                         p->syntax->operands);
    }
    p->args->operand[p->args->operand_count++] = word;
    return true;
}

static bool nothing_missing(const struct parser *p)
{
    const struct cli_option *option = p->syntax->options;

    for (; option != NULL && option->kind != CLI_OPTION_END; option++)
        if (option->required && !given(p->args, option))
            return host_fail(p->err, HOST_ERROR_FORMAT, "--%s %s is missing", option->name, option->value);
    if (p->args->operand_count < p->syntax->min_operands)
        return host_fail(p->err, HOST_ERROR_FORMAT, "%s is missing", p->syntax->operands);
    return true;
}

static bool parse(struct parser *p)
{
    bool options = true;

    while (p->at < p->argc) {
        const char *word = p->argv[p->at++];

        if (options && strcmp(word, "--") == 0)
            options = false;
        else if (options && looks_like_option(word) ? !take_option(p, word) : !take_operand(p, word))
            return false;
    }
    return cli_arg_flag(p->args, "help") || nothing_missing(p);
}

bool cli_args_parse(const struct cli_syntax *syntax, int argc, char **argv, struct cli_args *ret,
                    struct host_error *err)
{
    struct cli_args args = {0};
    struct parser p = {.syntax = syntax, .args = &args, .err = err, .argv = argv, .argc = argc};

    args.value = calloc((size_t)argc + 1, sizeof(*args.value));
    args.operand = calloc((size_t)argc + 1, sizeof(*args.operand));
    if (args.value == NULL || args.operand == NULL || !parse(&p)) {
        if (args.value == NULL || args.operand == NULL)
            host_fail(err, HOST_ERROR_MEMORY, "out of memory");
        cli_args_free(&args);
        return false;
    }
    *ret = args;
    return true;
}

void cli_args_free(struct cli_args *args)
{
    free(args->value);
    free(args->operand);
    *args = (struct cli_args){0};
}

const char *cli_arg(const struct cli_args *args, const char *name)
{
    return cli_arg_at(args, name, 0);
}

bool cli_arg_flag(const struct cli_args *args, const char *name)
{
    return cli_arg_at(args, name, 0) != NULL;
}

size_t cli_arg_count(const struct cli_args *args, const char *name)
{
    size_t n = 0;

    while (cli_arg_at(args, name, n) != NULL)
        n++;
    return n;
}

const char *cli_arg_at(const struct cli_args *args, const char *name, size_t i)
{
    for (size_t k = 0; k < args->value_count; k++)
        if (strcmp(args->value[k].option->name, name) == 0 && i-- == 0)
            return args->value[k].text;
    return NULL;
}
