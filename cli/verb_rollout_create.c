#include "verb.h"

#include "plan.h"
#include "show_rollout.h"

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

enum cli_exit cli_run_rollout_create(struct cli *cli, const struct cli_args *args)
{
    static const struct cli_plan_use use = {.path = "/api/v1/rollouts", .creating = true};
    auto_reply struct cli_reply reply = {0};
    enum cli_exit code = cli_plan_post(cli, args, &use, &reply);

    if (code == CLI_DONE)
        code = cli_rollout_show(cli, &reply);
    if (code == CLI_DONE && cli->format == CLI_FORMAT_TABLE && cli->dry_run)
        cli_note(cli, "Would be created so");
    return code;
}
