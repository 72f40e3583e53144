#include "rollout_action.h"

#include "core/bytes.h"
#include "parse.h"
#include "show_rollout.h"

enum cli_exit cli_rollout_id(struct cli *cli, const char *text, uint64_t *ret)
{
    if (!cli_parse_number(text, OTTER_INT_MAX, false, ret))
        return cli_fail(cli, CLI_USAGE, "\"%s\" is no rollout's number\notter rollout list shows them", text);
    return CLI_DONE;
}

enum cli_exit cli_rollout_get(struct cli *cli, const char *id, struct cli_reply *ret)
{
    char path[64];
    uint64_t number;
    enum cli_exit code = cli_rollout_id(cli, id, &number);

    if (code != CLI_DONE)
        return code;
    snprintf(path, sizeof(path), "/api/v1/rollouts/%llu", (unsigned long long)number);
    return cli_api(cli, &(struct cli_request){.method = "GET", .path = path}, ret);
}

enum cli_exit cli_rollout_post(struct cli *cli, const char *id, const char *action, struct cli_reply *ret)
{
    char path[96];
    uint64_t number;
    enum cli_exit code = cli_rollout_id(cli, id, &number);

    if (code != CLI_DONE)
        return code;
    snprintf(path, sizeof(path), "/api/v1/rollouts/%llu/%s", (unsigned long long)number, action);
    return cli_api_send(cli, "POST", path, NULL, false, ret);
}

enum cli_exit cli_rollout_action(struct cli *cli, const char *id, const char *action)
{
    auto_reply struct cli_reply reply = {0};
    enum cli_exit code = cli_rollout_post(cli, id, action, &reply);

    return code == CLI_DONE ? cli_rollout_show(cli, &reply) : code;
}
