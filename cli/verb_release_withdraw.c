#include "verb.h"

#include "api.h"
#include "release_ref.h"
#include "show_release.h"

const struct cli_option cli_options_release_withdraw[] = {
    {"reason", CLI_OPTION_VALUE, "TEXT", "why: lists show it", .required = true},
    {"abort-rollouts", CLI_OPTION_FLAG, NULL, "abort the rollouts that have it, in the same step"},
    {NULL},
};

const char cli_notes_release_withdraw[] = "No rollout of it can be created or started from then on; devices "
                                          "that run it keep it. It is refused while "
                                          "a\nrollout or a pin has it: `otter release deps R` says which.";

enum cli_exit cli_run_release_withdraw(struct cli *cli, const struct cli_args *args)
{
    auto_reply struct cli_reply reply = {0};
    auto_free char *path = NULL;
    char id[OTTER_DIGEST_HEX + 1];
    enum cli_exit code = cli_release_resolve(cli, args->operand[0], id);
    json_t *body;

    if (code != CLI_DONE)
        return code;
    path = cli_api_path("releases", id, "/withdraw");
    body = json_pack("{s:s, s:b}", "reason", cli_arg(args, "reason"), "abort_rollouts",
                     (int)cli_arg_flag(args, "abort-rollouts"));
    if (path == NULL || body == NULL) {
        json_decref(body);
        return cli_fail_memory(cli);
    }
    code = cli_api_send(cli, "POST", path, body, true, &reply);
    if (code == CLI_DONE && cli->dry_run)
        cli_note(cli, "dry run: nothing was changed; it would be:");
    return code == CLI_DONE ? cli_api_result(cli, &reply, cli_release_fields) : code;
}
