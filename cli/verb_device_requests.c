#include "verb.h"

#include "api.h"

const char cli_notes_device_requests[] =
    "Who asked to be taken as a device within the last seven days, where `[devices] enrol` lets them. TOKEN "
    "is "
    "the beginning\nof the SHA-256 of the token that came; DEVICE says whether the id is free (none), "
    "somebody's "
    "(exists: accepting it is\nrefused), or revoked; RIVALS counts other tokens that the same id was asked "
    "for "
    "with: find out which one is yours\nbefore you accept it with --token.";

enum cli_exit cli_run_device_requests(struct cli *cli, const struct cli_args *args)
{
    static const struct cli_column columns[] = {{"id", "id"},
                                                {"product", "product"},
                                                {"hardware", "hardware"},
                                                {"token", "fingerprint"},
                                                {"by", "by"},
                                                {"device", "device"},
                                                {"rivals", "rivals", CLI_KIND_NUMBER},
                                                {"address", "address"},
                                                {"last", "last", CLI_KIND_TIME},
                                                {"first", "first", CLI_KIND_TIME, .extra = true},
                                                {"times", "times", CLI_KIND_NUMBER, .extra = true},
                                                {NULL}};

    (void)args;
    return cli_api_list(cli, "/api/v1/requests", columns);
}
