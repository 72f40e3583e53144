#include "verb.h"

#include "api.h"
#include "bulk.h"
#include "rollout_action.h"

const struct cli_option cli_options_device_retry[] = {
    {"rollout", CLI_OPTION_VALUE, "ROLLOUT",
     "the rollout to try again; the newest of each device if not given"},
    CLI_BULK_OPTIONS,
    {NULL},
};

const char cli_notes_device_retry[] =
    "A device whose update failed, was reverted, timed out or was cancelled may be offered it again, once.";

enum cli_exit cli_run_device_retry(struct cli *cli, const struct cli_args *args)
{
    const char *rollout = cli_arg(args, "rollout");
    struct cli_bulk bulk = {.verb = "retry", .does = "Retry", .did = "to be tried again"};
    uint64_t number = 0;
    enum cli_exit code = rollout != NULL ? cli_rollout_id(cli, rollout, &number) : CLI_DONE;

    if (code != CLI_DONE)
        return code;
    bulk.members = json_object();
    if (rollout != NULL)
        cli_put_uint(bulk.members, "rollout", number);
    return cli_bulk_operands(cli, args, bulk);
}
