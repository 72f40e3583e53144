#include "verb.h"

#include "api.h"
#include "output.h"
#include "show_explain.h"

#include <stdlib.h>

const struct cli_option cli_options_rollout_explain[] = {
    {"device", CLI_OPTION_VALUE, "ID", "whose answers", .required = true},
    {"at", CLI_OPTION_VALUE, "WHEN", "at another time than now, as 2026-11-23T22:00:00Z or Unix seconds"},
    {"ended", CLI_OPTION_FLAG, NULL, "all rollouts that have ended, not the newest 5 alone"},
    {NULL},
};

const char cli_notes_rollout_explain[] =
    "What each rollout of the device's product would answer to its next poll, ended ones, too, by the very "
    "table that\nthe server decides polls by; and what has to change before it answers otherwise. --at asks "
    "about another time, were\neverything else as it is now.";

static char *make_path(const char *device, const char *at)
{
    auto_free char *escaped = host_http_escape(device);
    auto_free char *when = host_http_escape(at != NULL ? at : "");
    char *path = NULL;

    if (escaped == NULL || when == NULL ||
        asprintf(&path, "/api/v1/rollouts/explain?device=%s%s%s", escaped, at != NULL ? "&at=" : "", when) <
            0)
        return NULL;
    return path;
}

/* A spreadsheet's rows: the rollouts. */
static enum cli_exit print_rollouts(struct cli *cli, const json_t *explanation)
{
    static const struct cli_column columns[] = {
        {"id", "id", CLI_KIND_NUMBER},
        {"name", "name"},
        {"version", "version"},
        {"state", "state", CLI_KIND_STATE},
        {"decision", "decision"},
        {"rule", "rule"},
        {"lasts", "lasts"},
        {"phase", "phase", CLI_KIND_NUMBER},
        {"facts", "facts", .inside = true},
        {"next change", "next_change_at", CLI_KIND_TIME},
        {NULL},
    };

    return cli_print_items(cli, json_object_get(explanation, "rollouts"), columns);
}

enum cli_exit cli_run_rollout_explain(struct cli *cli, const struct cli_args *args)
{
    auto_free char *path = make_path(cli_arg(args, "device"), cli_arg(args, "at"));
    auto_reply struct cli_reply reply = {0};
    enum cli_exit code;

    if (path == NULL)
        return cli_fail_memory(cli);
    code = cli_api(cli, &(struct cli_request){.method = "GET", .path = path}, &reply);
    if (code != CLI_DONE)
        return code;
    if (cli->format == CLI_FORMAT_JSON)
        return cli_api_result(cli, &reply, NULL);
    if (cli->format == CLI_FORMAT_TABLE && cli_arg(args, "columns") == NULL)
        return cli_show_explain(cli, reply.json, cli_arg(args, "ended") != NULL);
    return print_rollouts(cli, reply.json);
}
