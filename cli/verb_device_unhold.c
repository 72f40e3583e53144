#include "verb.h"

#include "bulk.h"

const struct cli_option cli_options_device_unhold[] = {
    CLI_BULK_OPTIONS,
    {NULL},
};

enum cli_exit cli_run_device_unhold(struct cli *cli, const struct cli_args *args)
{
    return cli_bulk_operands(cli, args,
                             (struct cli_bulk){.verb = "unhold", .does = "Let go", .did = "let go"});
}
