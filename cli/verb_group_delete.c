#include "verb.h"

#include "api.h"

const char cli_notes_group_delete[] = "Refused while another group, or a rollout that has not ended, names "
                                      "it: otter group show NAME says which.";

enum cli_exit cli_run_group_delete(struct cli *cli, const struct cli_args *args)
{
    return cli_api_delete(cli, "groups", args->operand[0], "Group", "deleted");
}
