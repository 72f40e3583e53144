#include "verb.h"

#include "api.h"

const char cli_notes_fleet_key_remove[] = "Devices that were not at the server yet are not taken by it any "
                                          "more; those that were have tokens of their "
                                          "own.";

enum cli_exit cli_run_fleet_key_remove(struct cli *cli, const struct cli_args *args)
{
    return cli_api_delete(cli, "fleet-keys", args->operand[0], "Fleet key", "removed");
}
