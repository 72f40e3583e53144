#include "verb.h"

#include "api.h"

#include <stdlib.h>

const char cli_notes_group_delete[] = "Refused while another group, or a rollout that has not ended, names "
                                      "it: otter group show NAME says which.";

enum cli_exit cli_run_group_delete(struct cli *cli, const struct cli_args *args)
{
    auto_free char *path = cli_api_path("groups", args->operand[0], "");
    auto_reply struct cli_reply reply = {0};
    enum cli_exit code;

    if (path == NULL)
        return cli_fail_memory(cli);
    code = cli_api(cli, &(struct cli_request){.method = "DELETE", .path = path, .changing = true}, &reply);
    if (code == CLI_DONE)
        cli_note(cli, "Group %s %s", args->operand[0], cli->dry_run ? "would be deleted" : "is deleted");
    return code;
}
