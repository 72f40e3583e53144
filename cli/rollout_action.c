#include "rollout_action.h"

#include "core/bytes.h"
#include "parse.h"
#include "show_rollout.h"
#include "verb.h"

#define PHASES_MAX 16u

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

const struct cli_option cli_options_rollout_phase[] = {
    {"phase", CLI_OPTION_VALUE, "N",
     "only while the rollout is in this phase; refused if it has gone on meanwhile"},
    {NULL},
};

enum cli_exit cli_rollout_phase_action(struct cli *cli, const struct cli_args *args, const char *action)
{
    const char *phase = cli_arg(args, "phase");
    char where[48];
    uint64_t number;

    if (phase == NULL)
        return cli_rollout_action(cli, args->operand[0], action);
    if (!cli_parse_number(phase, PHASES_MAX, false, &number) || number == 0)
        return cli_fail(cli, CLI_USAGE, "--phase: a number from 1 to %u", PHASES_MAX);
    snprintf(where, sizeof(where), "%s?phase=%u", action, (unsigned)number);
    return cli_rollout_action(cli, args->operand[0], where);
}
