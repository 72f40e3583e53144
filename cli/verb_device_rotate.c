#include "verb.h"

#include "bulk.h"

const struct cli_option cli_options_device_rotate[] = {
    CLI_BULK_OPTIONS,
    {NULL},
};

const char cli_notes_device_rotate[] =
    "Each device is told at its next poll to make a new token. Until it has used that one, the old one is "
    "good, "
    "too, so\nthat none is locked out. `otter device timeline` shows token-rotated when it has. A token that "
    "strangers may know is\nbetter ended at once: `otter device revoke`.";

enum cli_exit cli_run_device_rotate(struct cli *cli, const struct cli_args *args)
{
    return cli_bulk_operands(
        cli, args,
        (struct cli_bulk){.verb = "rotate", .does = "Rotate the tokens of", .did = "asked for a new token"});
}
