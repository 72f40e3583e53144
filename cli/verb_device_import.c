#include "verb.h"

#include "api.h"
#include "csv.h"
#include "import.h"
#include "member.h"
#include "progress.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BATCH_ITEMS 1000u
#define BATCH_BYTES (900u << 10) /* of 1 MiB, so that the frame around the items has room */
#define SHOWN_MAX   20u          /* errors; all of them are in --json */
#define BAR_WIDTH   24u

const char cli_notes_device_import[] = "The header line names the columns: id, and any of product, hardware, "
                                       "secret, tags, attr.NAME. Of a device "
                                       "that the\nserver knows, tags and the operators' attributes become "
                                       "what the file says: with a column tags, an "
                                       "empty cell takes\nall tags away; with columns attr.NAME, what has no "
                                       "column or an empty cell goes. A new "
                                       "device needs product,\nhardware and secret (32 bytes in base64url or "
                                       "hex). Tags are parted by blanks or ';'. "
                                       "A file with a mistake that can\nbe seen here is not sent at all; a "
                                       "device that the server refuses does not "
                                       "keep the others. What `otter device\nexport` wrote changes nothing.";

struct import {
    struct cli *cli;
    const char *path;
    struct cli_csv csv;
    struct cli_import_plan plan;
    uint64_t created, updated, unchanged;
    json_t *errors;
    size_t shown;
};

static int by_id(const void *a, const void *b, void *arg)
{
    const struct import *m = arg;
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    int order =
        strcmp(m->csv.cell[x * m->csv.columns + m->plan.id], m->csv.cell[y * m->csv.columns + m->plan.id]);

    return order != 0 ? order : (x > y) - (x < y);
}

/* Two rows of one id: the second would undo the first. */
static enum cli_exit find_doubles(struct import *m, size_t *wrong)
{
    auto_free size_t *order = calloc(m->csv.rows + 1, sizeof(*order));

    if (order == NULL)
        return cli_fail_memory(m->cli);
    for (size_t i = 0; i < m->csv.rows; i++)
        order[i] = i;
    qsort_r(order, m->csv.rows, sizeof(*order), by_id, m);
    for (size_t i = 1; i < m->csv.rows; i++) {
        const char *id = m->csv.cell[order[i] * m->csv.columns + m->plan.id];

        if (strcmp(id, m->csv.cell[order[i - 1] * m->csv.columns + m->plan.id]) != 0)
            continue;
        if ((*wrong)++ < SHOWN_MAX)
            cli_fail(m->cli, CLI_REFUSED, "%s:%u: id: %.64s stands in line %u, too", m->path,
                     m->csv.line[order[i]], id, m->csv.line[order[i - 1]]);
    }
    return CLI_DONE;
}

/* The whole file before the first device is sent. */
static enum cli_exit check(struct import *m)
{
    struct host_error err = {0};
    enum cli_exit code;
    size_t wrong = 0;

    if (!cli_import_plan(&m->csv, m->path, &m->plan, &err))
        return cli_fail_error(m->cli, &err);
    for (size_t i = 0; i < m->csv.rows; i++)
        if (!cli_import_check(&m->csv, &m->plan, m->path, i, &err) && wrong++ < SHOWN_MAX)
            cli_fail_error(m->cli, &err);
    code = find_doubles(m, &wrong);
    if (code != CLI_DONE || wrong == 0)
        return code;
    return cli_fail(m->cli, CLI_REFUSED, "%zu mistakes in %s: nothing was sent", wrong, m->path);
}

/* The server names a refused device by its place in the batch: here its line is told. */
static void take_errors(struct import *m, const json_t *reply, size_t first)
{
    const json_t *errors = json_object_get(reply, "errors"), *error;
    size_t i;

    json_array_foreach(errors, i, error)
    {
        size_t row = first + (size_t)cli_member_number(error, "index");
        unsigned line = row < m->csv.rows ? m->csv.line[row] : 0;
        const char *id = row < m->csv.rows ? m->csv.cell[row * m->csv.columns + m->plan.id] : "?";

        if (m->shown++ < SHOWN_MAX)
            cli_fail(m->cli, CLI_REFUSED, "%s:%u: %s: %s: %s", m->path, line, id,
                     cli_member_text(error, "code"), cli_member_text(error, "detail"));
        json_array_append_new(m->errors, json_pack("{s:I, s:s, s:s, s:s}", "line", (json_int_t)line, "id", id,
                                                   "code", cli_member_text(error, "code"), "detail",
                                                   cli_member_text(error, "detail")));
    }
}

/* As many rows from `at` on as one request holds. */
static json_t *next_batch(const struct import *m, size_t at)
{
    json_t *batch = json_array();
    size_t bytes = 0;

    while (at < m->csv.rows && json_array_size(batch) < BATCH_ITEMS) {
        json_t *item = cli_import_item(&m->csv, &m->plan, at++);

        bytes += json_dumpb(item, NULL, 0, JSON_COMPACT) + 1;
        if (bytes > BATCH_BYTES && json_array_size(batch) > 0) {
            json_decref(item);
            break;
        }
        json_array_append_new(batch, item);
    }
    return batch;
}

static void draw(const struct import *m, size_t done)
{
    char bar[BAR_WIDTH + 1];

    if (!m->cli->err_tty)
        return;
    cli_bar(done, m->csv.rows, BAR_WIDTH, bar);
    fprintf(m->cli->err, "\r\033[K[%s] %zu of %zu%s", bar, done, m->csv.rows,
            done == m->csv.rows ? "\n" : "");
    fflush(m->cli->err);
}

static enum cli_exit send_batch(struct import *m, size_t *at)
{
    auto_reply struct cli_reply reply = {0};
    json_t *batch = next_batch(m, *at);
    size_t first = *at;
    enum cli_exit code;

    *at += json_array_size(batch);
    code = cli_api_send(m->cli, "POST", "/api/v1/devices/import", json_pack("{s:o}", "items", batch), true,
                        &reply);
    if (code != CLI_DONE)
        return code;
    m->created += cli_member_number(reply.json, "created");
    m->updated += cli_member_number(reply.json, "updated");
    m->unchanged += cli_member_number(reply.json, "unchanged");
    take_errors(m, reply.json, first);
    return CLI_DONE;
}

static enum cli_exit show(struct import *m)
{
    static const struct cli_column columns[] = {{"created", "created", CLI_KIND_NUMBER},
                                                {"updated", "updated", CLI_KIND_NUMBER},
                                                {"unchanged", "unchanged", CLI_KIND_NUMBER},
                                                {"errors", "errors", .extra = true},
                                                {NULL}};
    struct cli *cli = m->cli;
    size_t errors = json_array_size(m->errors);
    auto_json json_t *o = NULL;

    if (errors > SHOWN_MAX)
        fprintf(cli->err, "and %zu more: --json has them all\n", errors - SHOWN_MAX);
    if (cli->format == CLI_FORMAT_TABLE) {
        cli_note(cli, "%s%" PRIu64 " created, %" PRIu64 " updated, %" PRIu64 " unchanged, %zu errors",
                 cli->dry_run ? "dry run, nothing was changed: " : "", m->created, m->updated, m->unchanged,
                 errors);
        return errors > 0 ? CLI_REFUSED : CLI_DONE;
    }
    o = json_pack("{s:I, s:I, s:I, s:O}", "created", (json_int_t)m->created, "updated",
                  (json_int_t)m->updated, "unchanged", (json_int_t)m->unchanged, "errors", m->errors);
    if (o == NULL || cli_print_object(cli, o, columns) != CLI_DONE)
        return CLI_REFUSED;
    return errors > 0 ? CLI_REFUSED : CLI_DONE;
}

static enum cli_exit send_all(struct import *m)
{
    size_t at = 0;

    while (at < m->csv.rows) {
        enum cli_exit code;

        draw(m, at);
        code = send_batch(m, &at);
        if (code == CLI_DONE)
            continue;
        fprintf(m->cli->err,
                "%" PRIu64 " created, %" PRIu64 " updated, %" PRIu64
                " unchanged before that; import the whole "
                "file again: what is there already stays\n",
                m->created, m->updated, m->unchanged);
        return code;
    }
    draw(m, at);
    return show(m);
}

enum cli_exit cli_run_device_import(struct cli *cli, const struct cli_args *args)
{
    auto_json json_t *errors = json_array();
    struct import m = {.cli = cli, .path = args->operand[0], .errors = errors};
    struct host_error err = {0};
    enum cli_exit code;

    if (!cli_csv_load(m.path, &m.csv, &err))
        return cli_fail_error(cli, &err);
    code = check(&m);
    if (code == CLI_DONE)
        code = send_all(&m);
    cli_csv_free(&m.csv);
    return code;
}
