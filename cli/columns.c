#include "columns.h"

#include "core/bytes.h"

#include <stdlib.h>
#include <string.h>

/* "last_seen" is "last seen": on a command line a blank needs quotes. */
static bool same_name(const char *name, const char *given)
{
    for (; *name != '\0' && *given != '\0'; name++, given++) {
        char a = *name >= 'A' && *name <= 'Z' ? (char)(*name - 'A' + 'a') : *name;
        char b = *given >= 'A' && *given <= 'Z' ? (char)(*given - 'A' + 'a') : *given;

        if (a != (b == '_' && a == ' ' ? ' ' : b))
            return false;
    }
    return *name == *given;
}

static bool is_path_of(const char *given, const struct cli_column *column)
{
    size_t len = strlen(column->path);

    if (strncmp(given, column->path, len) != 0)
        return false;
    return given[len] == '\0' || (column->inside && given[len] == '.' && given[len + 1] != '\0');
}

/* A column by its name; else, into *ret_path, one whose member the word names or leads into. */
static const struct cli_column *find(const struct cli_column *all, const char *given, bool *ret_path)
{
    for (const struct cli_column *c = all; c->name != NULL; c++)
        if (same_name(c->name, given))
            return *ret_path = false, c;
    for (const struct cli_column *c = all; c->name != NULL; c++)
        if (is_path_of(given, c))
            return *ret_path = true, c;
    return NULL;
}

static bool choose_one(struct cli_piece *piece, const char *text)
{
    struct cli_chosen *c = OTTER_CONTAINER_OF(piece, struct cli_chosen, piece);
    bool by_path = false;
    const struct cli_column *column = find(c->all, text, &by_path);
    struct cli_column *to;

    if (c->count == CLI_COLUMNS_MAX || column == NULL) {
        snprintf(c->wrong, sizeof(c->wrong), "%s", text);
        return false;
    }
    to = &c->column[c->count];
    *to = *column;
    if (by_path) {
        c->owned[c->count] = strdup(text);
        if (c->owned[c->count] == NULL)
            return false;
        to->name = c->owned[c->count];
        /* What lies deeper has a kind of its own. */
        if (strcmp(text, column->path) != 0)
            to->kind = CLI_KIND_TEXT;
        to->path = to->name;
    }
    c->count++;
    return true;
}

static bool is_new(const struct cli_column *all, const struct cli_column *column)
{
    for (; all != column; all++)
        if (strcmp(all->name, column->name) == 0)
            return false;
    return true;
}

/* Names as they are typed without quotes: blanks as '_'. */
static void put_names(char *out, size_t cap, const struct cli_column *all)
{
    size_t n = 0;

    out[0] = '\0';
    for (const struct cli_column *c = all; c->name != NULL && n + 1 < cap; c++) {
        int len = is_new(all, c) ? snprintf(out + n, cap - n, "%s%s", n > 0 ? ", " : "", c->name) : 0;

        n += len > 0 ? (size_t)len : 0;
    }
    for (char *p = out; *p != '\0'; p++)
        if (*p == ' ' && p > out && p[-1] != ',')
            *p = '_';
}

static enum cli_exit refuse(struct cli *cli, const struct cli_chosen *c)
{
    char names[1024];

    if (c->count == CLI_COLUMNS_MAX)
        return cli_fail(cli, CLI_USAGE, "--columns: at most %u", CLI_COLUMNS_MAX);
    put_names(names, sizeof(names), c->all);
    return cli_fail(cli, CLI_USAGE, "--columns: there is no column \"%s\" here\nColumns, between commas: %s",
                    c->wrong, names);
}

enum cli_exit cli_columns_choose(struct cli *cli, const struct cli_column *all, struct cli_chosen *c)
{
    const char *wanted = cli->args != NULL ? cli_arg(cli->args, "columns") : NULL;

    *c = (struct cli_chosen){.piece = {choose_one}, .all = all};
    if (wanted != NULL)
        return cli_split(wanted, ',', &c->piece) ? CLI_DONE : refuse(cli, c);
    for (; all->name != NULL && c->count < CLI_COLUMNS_MAX; all++)
        if (!all->extra)
            c->column[c->count++] = *all;
    return CLI_DONE;
}

void cli_chosen_free(struct cli_chosen *c)
{
    for (size_t i = 0; i < c->count; i++)
        free(c->owned[i]);
    c->count = 0;
}

enum cli_exit cli_columns_check(struct cli *cli, const struct cli_column *all)
{
    auto_chosen struct cli_chosen c = {0};

    return cli_columns_choose(cli, all, &c);
}
