#include "verb.h"

#include "bulk.h"

const struct cli_option cli_options_device_retire[] = {
    {"reason", CLI_OPTION_VALUE, "TEXT", "why", .required = true},
    CLI_BULK_OPTIONS,
    {NULL},
};

const char cli_notes_device_retire[] =
    "The server refuses the device's token from then on, its update under way is cancelled, and no list or "
    "count has it\n(`otter device list --filter 'state == retired'` shows them). Its history stays; `otter "
    "device reinstate` takes it\nback. --target asks on a terminal; elsewhere it needs --yes.";

enum cli_exit cli_run_device_retire(struct cli *cli, const struct cli_args *args)
{
    return cli_bulk_operands(cli, args,
                             (struct cli_bulk){.verb = "retire",
                                               .does = "Retire",
                                               .did = "retired",
                                               .members = cli_bulk_reason(args),
                                               .grave = true});
}
