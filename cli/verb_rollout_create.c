#include "verb.h"

#include "plan.h"
#include "show_rollout.h"

#include <stdlib.h>

const struct cli_option cli_options_rollout_create[] = {
    CLI_PLAN_OPTIONS,
    {NULL},
};

const char cli_notes_rollout_create[] =
    "Of each phase, PERCENT,... N,... TIME,... are one value for all phases, or one for each. Percents may "
    "have two\ndecimals. Rates count in B, kB, MB, GB (1000) or KiB, MiB, GiB (1024).\n\n"
    "--plan is a JSON object with the members that POST /api/v1/rollouts takes, such as the `plan` that "
    "rollout\nstatus --json shows of another one. What an option says takes the place of the member.\n\n"
    "--dry-run shows what the rollout would be.";

static enum cli_exit send_plan(struct cli *cli, const struct cli_args *args, const json_t *body,
                               struct cli_reply *ret)
{
    size_t len = 0;
    auto_free char *sent = host_json_dump(body, &len);
    enum cli_exit code;

    if (sent == NULL)
        return cli_fail_memory(cli);
    code = cli_api(cli,
                   &(struct cli_request){.method = "POST",
                                         .path = "/api/v1/rollouts",
                                         .body = sent,
                                         .body_len = len,
                                         .creating = true,
                                         .changing = true,
                                         .tolerate = true},
                   ret);
    return cli_plan_problem(cli, args, code, ret, body);
}

enum cli_exit cli_run_rollout_create(struct cli *cli, const struct cli_args *args)
{
    auto_json json_t *body = NULL;
    auto_reply struct cli_reply reply = {0};
    enum cli_exit code = cli_plan_body(cli, args, &body);

    if (code == CLI_DONE)
        code = send_plan(cli, args, body, &reply);
    if (code == CLI_DONE)
        code = cli_rollout_show(cli, &reply);
    if (code == CLI_DONE && cli->format == CLI_FORMAT_TABLE && cli->dry_run)
        cli_note(cli, "Would be created so");
    return code;
}
