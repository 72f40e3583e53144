#include "verb.h"

#include "api.h"
#include "show_device.h"

/* The steps of the newest update and the updates before it, below the device's own lines. */
static enum cli_exit show_attempts(struct cli *cli, const char *id)
{
    static const struct cli_column columns[] = {
        {"update", "id", CLI_KIND_NUMBER},
        {"rollout", "rollout", CLI_KIND_NUMBER},
        {"release", "release", CLI_KIND_SHORT},
        {"state", "state", CLI_KIND_STATE},
        {"reason", "reason"},
        {"updated", "updated", CLI_KIND_TIME},
        {"detail", "detail"},
        {NULL},
    };
    auto_free char *path = cli_api_path("devices", id, "/attempts");
    auto_json json_t *items = NULL;
    const char *wanted = cli_arg(cli->args, "columns");
    enum cli_exit code;

    if (path == NULL)
        return cli_fail_memory(cli);
    if (wanted != NULL)
        return CLI_DONE;
    code = cli_api_all(cli, path, &items);
    if (code != CLI_DONE || json_array_size(items) == 0)
        return code;
    fputc('\n', cli->out);
    return cli_print_items(cli, items, columns);
}

/* What each rollout says to the device now: why it does not get it. */
static enum cli_exit show_decisions(struct cli *cli, const json_t *device)
{
    static const struct cli_column columns[] = {
        {"rollout", "rollout", CLI_KIND_NUMBER}, {"answers", "answer"}, {NULL}};
    const json_t *items = json_object_get(device, "decisions");

    if (cli_arg(cli->args, "columns") != NULL || json_array_size(items) == 0)
        return CLI_DONE;
    fputc('\n', cli->out);
    return cli_print_items(cli, items, columns);
}

enum cli_exit cli_run_device_show(struct cli *cli, const struct cli_args *args)
{
    auto_free char *path = cli_api_path("devices", args->operand[0], "");
    auto_reply struct cli_reply reply = {0};
    enum cli_exit code = path != NULL ? CLI_DONE : cli_fail_memory(cli);

    if (code == CLI_DONE)
        code = cli_api(cli, &(struct cli_request){.method = "GET", .path = path}, &reply);
    if (code == CLI_DONE)
        code = cli_api_result(cli, &reply, cli_device_fields);
    if (code != CLI_DONE || cli->format != CLI_FORMAT_TABLE)
        return code;
    code = show_decisions(cli, reply.json);
    return code == CLI_DONE ? show_attempts(cli, args->operand[0]) : code;
}
