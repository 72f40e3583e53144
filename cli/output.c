#include "output.h"

#include "columns.h"
#include "core/bytes.h"
#include "csv.h"
#include "frozen.h"
#include "table.h"
#include "terminal.h"
#include "width.h"

#include <stdlib.h>
#include <string.h>

bool cli_format_choose(const struct cli_args *args, enum cli_format *ret, struct host_error *err)
{
    static const char *const name[] = {"table", "json", "jsonl", "csv"};
    const char *text = cli_arg(args, "format");

    if (cli_arg_flag(args, "json")) {
        if (text != NULL && strcmp(text, "json") != 0)
            return host_fail(err, HOST_ERROR_FORMAT, "--json and --format %s do not go together", text);
        *ret = CLI_FORMAT_JSON;
        return true;
    }
    if (text == NULL)
        return true;
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(name); i++) {
        if (strcmp(text, name[i]) == 0) {
            *ret = (enum cli_format)i;
            return true;
        }
    }
    return host_fail(err, HOST_ERROR_FORMAT, "--format %s: expected table, json, jsonl or csv", text);
}

static const char *paint_state(size_t row, size_t column, const char *text)
{
    static const struct {
        const char *word, *color;
    } states[] = {
        {"complete", "\033[32m"}, {"succeeded", "\033[32m"},   {"running", "\033[36m"},
        {"open", "\033[36m"},     {"failed", "\033[31m"},      {"reverted", "\033[31m"},
        {"aborted", "\033[31m"},  {"timed-out", "\033[31m"},   {"paused", "\033[33m"},
        {"halted", "\033[31m"},   {"rolled-back", "\033[31m"},
    };

    (void)row;
    (void)column;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(states); i++)
        if (strcmp(text, states[i].word) == 0)
            return states[i].color;
    return NULL;
}

static bool is_right(enum cli_kind kind)
{
    return kind == CLI_KIND_NUMBER || kind == CLI_KIND_BYTES;
}

static void cells_free(char **cell, size_t n)
{
    for (size_t i = 0; cell != NULL && i < n; i++)
        free(cell[i]);
    free(cell);
}

static char *heading(const char *name)
{
    char *out = strdup(name);

    for (char *p = out; p != NULL && *p != '\0'; p++)
        if (*p >= 'a' && *p <= 'z')
            *p = (char)(*p - 'a' + 'A');
    return out;
}

static enum cli_exit print_table(struct cli *cli, const json_t *items, const struct cli_chosen *c)
{
    size_t rows = json_array_size(items) + 1, n = rows * c->count;
    char **cell = calloc(n, sizeof(*cell));
    bool right[CLI_COLUMNS_MAX] = {false};
    struct cli_table t = {.columns = c->count,
                          .rows = rows,
                          .cell = cell,
                          .to_right = right,
                          .headed = true,
                          .color = cli->color,
                          .screen = cli->screen,
                          .paint = paint_state};
    bool ok = cell != NULL;

    for (size_t i = 0; ok && i < n; i++) {
        const struct cli_column *column = &c->column[i % c->count];

        right[i % c->count] = is_right(column->kind);
        cell[i] = i < c->count ? heading(column->name)
                               : cli_cell(json_array_get(items, i / c->count - 1), column, false);
        ok = cell[i] != NULL;
    }
    ok = ok && cli_table_print(cli->out, &t);
    cells_free(cell, n);
    return ok ? CLI_DONE : cli_fail_memory(cli);
}

/* A file gets the text as it is; on a terminal nothing in it is obeyed. */
static void put_csv(struct cli *cli, const char *text)
{
    auto_free char *shown = cli->screen > 0 ? cli_printable(text) : NULL;

    cli_csv_put_shown(cli->out, shown != NULL ? shown : text);
}

static enum cli_exit print_csv(struct cli *cli, const json_t *items, const struct cli_chosen *c, bool headed)
{
    for (size_t i = 0; headed && i < c->count; i++) {
        cli_csv_put(cli->out, c->column[i].name);
        fputc(i + 1 < c->count ? ',' : '\n', cli->out);
    }
    for (size_t row = 0; row < json_array_size(items); row++) {
        for (size_t i = 0; i < c->count; i++) {
            auto_free char *text = cli_cell(json_array_get(items, row), &c->column[i], true);

            if (text == NULL)
                return cli_fail_memory(cli);
            put_csv(cli, text);
            fputc(i + 1 < c->count ? ',' : '\n', cli->out);
        }
    }
    return CLI_DONE;
}

static enum cli_exit print_line(struct cli *cli, const json_t *item)
{
    size_t len;
    auto_free char *text = host_json_dump(item, &len);

    if (text == NULL)
        return cli_fail_memory(cli);
    cli_print_text(cli, text, len);
    return CLI_DONE;
}

static enum cli_exit print_lines(struct cli *cli, const json_t *items)
{
    const json_t *item;
    size_t i;

    json_array_foreach(items, i, item) if (print_line(cli, item) != CLI_DONE) return CLI_REFUSED;
    return CLI_DONE;
}

static void put_banner(struct cli *cli, const json_t *item)
{
    auto_free char *banner = cli_frozen_banner(item, cli->color);

    if (banner != NULL)
        cli_put_text(cli, banner);
}

static enum cli_exit print_items(struct cli *cli, const json_t *items, const struct cli_column *columns,
                                 bool headed)
{
    auto_chosen struct cli_chosen c = {0};
    enum cli_exit code;

    if (cli->format == CLI_FORMAT_JSON)
        return print_line(cli, items);
    if (cli->format == CLI_FORMAT_JSONL)
        return print_lines(cli, items);
    code = cli_columns_choose(cli, columns, &c);
    if (code != CLI_DONE)
        return code;
    if (cli->format == CLI_FORMAT_CSV)
        return print_csv(cli, items, &c, headed);
    put_banner(cli, json_array_get(items, 0));
    return print_table(cli, items, &c);
}

enum cli_exit cli_print_items(struct cli *cli, const json_t *items, const struct cli_column *columns)
{
    return print_items(cli, items, columns, true);
}

enum cli_exit cli_print_more(struct cli *cli, const json_t *items, const struct cli_column *columns)
{
    return print_items(cli, items, columns, false);
}

static enum cli_exit print_fields(struct cli *cli, const json_t *object, const struct cli_chosen *c)
{
    size_t rows = 0;
    char **cell = calloc(c->count * 2 + 1, sizeof(*cell));
    struct cli_table t = {
        .columns = 2, .cell = cell, .color = cli->color, .screen = cli->screen, .paint = paint_state};
    bool ok = cell != NULL;

    for (size_t i = 0; ok && i < c->count; i++) {
        char *text = cli_cell(object, &c->column[i], false);

        /* What is absent says nothing: its line is left out. */
        if (text != NULL && text[0] == '\0') {
            free(text);
            continue;
        }
        cell[rows * 2] = strdup(c->column[i].name);
        cell[rows * 2 + 1] = text;
        ok = text != NULL && cell[rows * 2] != NULL;
        rows++;
    }
    t.rows = rows;
    ok = ok && cli_table_print(cli->out, &t);
    cells_free(cell, rows * 2);
    return ok ? CLI_DONE : cli_fail_memory(cli);
}

enum cli_exit cli_print_object(struct cli *cli, const json_t *object, const struct cli_column *columns)
{
    auto_json json_t *items = NULL;
    auto_chosen struct cli_chosen c = {0};
    enum cli_exit code;

    if (cli->format == CLI_FORMAT_JSON || cli->format == CLI_FORMAT_JSONL)
        return print_line(cli, object);
    if (cli->format == CLI_FORMAT_CSV) {
        items = json_pack("[O]", object);
        return items != NULL ? cli_print_items(cli, items, columns) : cli_fail_memory(cli);
    }
    code = cli_columns_choose(cli, columns, &c);
    if (code != CLI_DONE)
        return code;
    put_banner(cli, object);
    return print_fields(cli, object, &c);
}

/* JSON has a form for what a terminal would obey; C0 and what is no UTF-8 are not in valid JSON. */
static void put_json_shown(FILE *to, const char *text, size_t len)
{
    for (size_t i = 0; i < len;) {
        uint32_t c;
        size_t n = cli_obeyed(text + i, len - i, &c);

        if (n > 0 && c != '\n' && c != '\t' && c != '\r')
            fprintf(to, "\\u%04x", c);
        else
            fputc(text[i], to);
        i += n > 0 ? n : 1;
    }
}

void cli_print_text(struct cli *cli, const char *text, size_t len)
{
    if (cli->screen > 0)
        put_json_shown(cli->out, text, len);
    else
        fwrite(text, 1, len, cli->out);
    if (len == 0 || text[len - 1] != '\n')
        fputc('\n', cli->out);
}
