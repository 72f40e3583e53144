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

enum cli_exit cli_rollout_path(struct cli *cli, const char *text, const char *more,
                               char ret[CLI_ROLLOUT_PATH])
{
    uint64_t number;
    enum cli_exit code = cli_rollout_id(cli, text, &number);

    if (code == CLI_DONE)
        snprintf(ret, CLI_ROLLOUT_PATH, "/api/v1/rollouts/%llu%s", (unsigned long long)number, more);
    return code;
}

enum cli_exit cli_rollout_list(struct cli *cli, const char *id, const char *more,
                               const struct cli_column *columns)
{
    char path[CLI_ROLLOUT_PATH];
    enum cli_exit code = cli_rollout_path(cli, id, more, path);

    return code == CLI_DONE ? cli_api_list(cli, path, columns) : code;
}

enum cli_exit cli_rollout_get(struct cli *cli, const char *id, struct cli_reply *ret)
{
    char path[CLI_ROLLOUT_PATH];
    enum cli_exit code = cli_rollout_path(cli, id, "", path);

    return code == CLI_DONE ? cli_api(cli, &(struct cli_request){.method = "GET", .path = path}, ret) : code;
}

enum cli_exit cli_rollout_post(struct cli *cli, const char *id, const char *action, struct cli_reply *ret)
{
    char path[CLI_ROLLOUT_PATH], more[32];
    enum cli_exit code;

    snprintf(more, sizeof(more), "/%s", action);
    code = cli_rollout_path(cli, id, more, path);
    return code == CLI_DONE ? cli_api_send(cli, "POST", path, NULL, false, ret) : code;
}

enum cli_exit cli_rollout_action(struct cli *cli, const char *id, const char *action)
{
    auto_reply struct cli_reply reply = {0};
    enum cli_exit code = cli_rollout_post(cli, id, action, &reply);

    return code == CLI_DONE ? cli_rollout_show(cli, &reply) : code;
}
