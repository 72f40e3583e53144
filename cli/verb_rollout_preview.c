#include "verb.h"

#include "plan.h"
#include "rollout_action.h"
#include "show_preview.h"

const struct cli_option cli_options_rollout_preview[] = {
    CLI_PLAN_OPTIONS,
    {NULL},
};

const char cli_notes_rollout_preview[] =
    "Of a rollout by its number, as it is now; or of one that is not made yet, by the options that rollout "
    "create\ntakes. Each device is asked of as its poll would be, were all phases, windows and gates open: "
    "whom the phases hold,\nwho is refused and by which rule, and what images are still to be sent.\n\n"
    "The earliest end is a bound, not a promise: devices poll as soon as they may, none is lost, an update "
    "takes a\nminute, and gates that wait for an operator open at once.";

static enum cli_exit get(struct cli *cli, const char *id, struct cli_reply *ret)
{
    char path[96];
    uint64_t number;
    enum cli_exit code = cli_rollout_id(cli, id, &number);

    if (code != CLI_DONE)
        return code;
    snprintf(path, sizeof(path), "/api/v1/rollouts/%llu/preview", (unsigned long long)number);
    return cli_api(cli, &(struct cli_request){.method = "GET", .path = path}, ret);
}

/* A rollout that exists has its plan already. */
static enum cli_exit check_alone(struct cli *cli, const struct cli_args *args)
{
    for (const struct cli_option *o = cli_options_rollout_preview; o->name != NULL; o++)
        if (cli_arg(args, o->name) != NULL)
            return cli_fail(cli, CLI_USAGE, "--%s is for a rollout that is not made yet, without its number",
                            o->name);
    return CLI_DONE;
}

enum cli_exit cli_run_rollout_preview(struct cli *cli, const struct cli_args *args)
{
    static const struct cli_plan_use use = {.path = "/api/v1/rollouts/preview"};
    auto_reply struct cli_reply reply = {0};
    bool exists = args->operand_count > 0;
    enum cli_exit code = exists ? check_alone(cli, args) : CLI_DONE;

    if (code == CLI_DONE)
        code = exists ? get(cli, args->operand[0], &reply) : cli_plan_post(cli, args, &use, &reply);
    if (code != CLI_DONE)
        return code;
    return cli->format == CLI_FORMAT_JSON ? cli_api_result(cli, &reply, NULL)
                                          : cli_show_preview(cli, reply.json);
}
