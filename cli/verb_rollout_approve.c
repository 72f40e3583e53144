#include "verb.h"

#include "rollout_action.h"

const char cli_notes_rollout_approve[] =
    "Of a gate that was planned with --approval. Who has created the rollout cannot approve it, and neither "
    "can the\nholder of the same token: otter operator add makes further ones.";

enum cli_exit cli_run_rollout_approve(struct cli *cli, const struct cli_args *args)
{
    return cli_rollout_phase_action(cli, args, "approve");
}
