#include "verb.h"

#include "requests.h"

const struct cli_option cli_options_device_accept[] = {
    {"token", CLI_OPTION_VALUE, "HEX", "of one device: the beginning of the token that is meant"},
    {NULL},
};

const char cli_notes_device_accept[] = "Takes devices that ask (`otter device requests`) with the token that "
                                       "they came with. An id that was asked "
                                       "for with two\ntokens needs --token. A device that exists is never "
                                       "taken over: one that has lost its token is "
                                       "revoked first.";

enum cli_exit cli_run_device_accept(struct cli *cli, const struct cli_args *args)
{
    return cli_requests_decide(cli, args, "accept", "accepted");
}
