#include "verb.h"

#include "bulk.h"

const struct cli_option cli_options_device_hold[] = {
    {"reason", CLI_OPTION_VALUE, "TEXT", "why: the next one on duty reads it"},
    CLI_BULK_OPTIONS,
    {NULL},
};

const char cli_notes_device_hold[] = "A device that is held is offered nothing (held) until `otter device "
                                     "unhold`. An update under way goes on.";

enum cli_exit cli_run_device_hold(struct cli *cli, const struct cli_args *args)
{
    return cli_bulk_operands(
        cli, args,
        (struct cli_bulk){.verb = "hold", .does = "Hold", .did = "held", .members = cli_bulk_reason(args)});
}
