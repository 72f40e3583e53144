#include "verb.h"

#include "bulk.h"

const struct cli_option cli_options_device_revoke[] = {
    {"reason", CLI_OPTION_VALUE, "TEXT", "why: the next one on duty reads it"},
    CLI_BULK_OPTIONS,
    {NULL},
};

const char cli_notes_device_revoke[] =
    "The device's token is nothing from then on, and it gets no update. It comes back when it is registered "
    "again with\nanother secret (`otter device provision`), or asks with another token and is accepted "
    "(`otter "
    "device requests`).\n--target asks on a terminal; elsewhere it needs --yes.";

enum cli_exit cli_run_device_revoke(struct cli *cli, const struct cli_args *args)
{
    return cli_bulk_operands(cli, args,
                             (struct cli_bulk){.verb = "revoke",
                                               .does = "Revoke the tokens of",
                                               .did = "revoked",
                                               .members = cli_bulk_reason(args),
                                               .grave = true});
}
