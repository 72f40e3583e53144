#include "verb.h"

#include "api.h"
#include "bulk.h"
#include "release_ref.h"

const struct cli_option cli_options_device_pin[] = {
    {"release", CLI_OPTION_VALUE, "R", "id or its beginning, PRODUCT@VERSION, or VERSION", .required = true},
    CLI_BULK_OPTIONS,
    {NULL},
};

const char cli_notes_device_pin[] = "A device that is pinned is offered that release only, when a rollout "
                                    "sends it; every other rollout answers "
                                    "`pinned`.";

enum cli_exit cli_run_device_pin(struct cli *cli, const struct cli_args *args)
{
    struct cli_bulk bulk = {.verb = "pin", .does = "Pin", .did = "pinned"};
    char id[OTTER_DIGEST_HEX + 1];
    enum cli_exit code = cli_release_resolve(cli, cli_arg(args, "release"), id);

    if (code != CLI_DONE)
        return code;
    bulk.members = json_pack("{s:s}", "release", id);
    return bulk.members != NULL ? cli_bulk_operands(cli, args, bulk) : cli_fail_memory(cli);
}
