#include "verb.h"

#include "api.h"
#include "expression.h"
#include "output.h"
#include "parse.h"
#include "show_fleet.h"

#include <stdlib.h>
#include <string.h>

#define KEYS_MAX 3u

const struct cli_option cli_options_fleet_summary[] = {
    {"by", CLI_OPTION_VALUE, "A,B",
     "what to group by: up to three of version, hardware, product, tag, state; version if not given",
     .words = "version hardware product tag state"},
    {NULL},
};

const char cli_notes_fleet_summary[] =
    "--filter counts what an expression selects only. By tag a device is counted once for each of its tags.";

static char *make_path(const char *by, const char *filter)
{
    auto_free char *escaped_by = host_http_escape(by != NULL ? by : "version");
    auto_free char *escaped_filter = host_http_escape(filter != NULL ? filter : "");
    char *path = NULL;

    if (escaped_by == NULL || escaped_filter == NULL ||
        asprintf(&path, "/api/v1/fleet/summary?by=%s%s%s", escaped_by, filter != NULL ? "&filter=" : "",
                 escaped_filter) < 0)
        return NULL;
    return path;
}

/* A spreadsheet's rows: the groups, a column for each of what they are grouped by. */
static enum cli_exit print_groups(struct cli *cli, const json_t *summary)
{
    static const char *const path[KEYS_MAX] = {"key.0", "key.1", "key.2"};
    static const struct cli_column rest[] = {{"devices", "devices", CLI_KIND_NUMBER},
                                             {"states", "states", .inside = true},
                                             {"ages", "ages", .inside = true},
                                             {NULL}};
    struct cli_column columns[KEYS_MAX + OTTER_ARRAY_LEN(rest)] = {{NULL}};
    const json_t *by = json_object_get(summary, "by");
    size_t n = 0;

    for (; n < KEYS_MAX && n < json_array_size(by); n++) {
        const char *name = json_string_value(json_array_get(by, n));

        columns[n] = (struct cli_column){.name = name != NULL ? name : "?", .path = path[n]};
    }
    memcpy(columns + n, rest, sizeof(rest));
    return cli_print_items(cli, json_object_get(summary, "groups"), columns);
}

enum cli_exit cli_run_fleet_summary(struct cli *cli, const struct cli_args *args)
{
    const char *filter = cli_arg(args, "filter");
    auto_free char *path = make_path(cli_arg(args, "by"), filter);
    auto_reply struct cli_reply reply = {0};
    enum cli_exit code;

    if (path == NULL)
        return cli_fail_memory(cli);
    code = cli_api(cli, &(struct cli_request){.method = "GET", .path = path, .tolerate = true}, &reply);
    if (code != CLI_DONE)
        return cli_expression_problem(cli, code, &reply, filter);
    if (cli->format == CLI_FORMAT_TABLE && cli_arg(args, "columns") == NULL)
        return cli_show_fleet(cli, reply.json);
    if (cli->format == CLI_FORMAT_JSON)
        return cli_api_result(cli, &reply, NULL);
    return print_groups(cli, reply.json);
}
