#include "server_frozen.h"

#include "api.h"
#include "frozen.h"
#include "terminal.h"

enum cli_exit cli_server_frozen(struct cli *cli, const char *action, json_t *body)
{
    static const struct cli_column columns[] = {
        {"frozen", "frozen.reason"}, {"since", "frozen.since", CLI_KIND_TIME}, {NULL}};
    auto_reply struct cli_reply reply = {0};
    auto_free char *banner = NULL;
    char path[64];
    enum cli_exit code;

    snprintf(path, sizeof(path), "/api/v1/server/%s", action);
    code = body != NULL ? cli_api_send(cli, "POST", path, body, true, &reply) : cli_fail_memory(cli);
    if (code != CLI_DONE)
        return code;
    if (cli->format != CLI_FORMAT_TABLE)
        return cli_api_result(cli, &reply, columns);
    banner = cli_frozen_banner(reply.json, cli->color);
    if (cli->dry_run)
        cli_note(cli, "dry run: nothing was changed; it would be:");
    cli_put_text(cli, banner != NULL ? banner : "Not frozen: devices are offered what their rollouts say");
    return CLI_DONE;
}
