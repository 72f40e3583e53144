#include "verb.h"

#include "core/bytes.h"
#include "member.h"
#include "rollout_action.h"

#include <inttypes.h>
#include <string.h>

const char cli_notes_rollout_resume[] =
    "Of a halted rollout this takes the losses of its newest phase as seen: its gate counts only those that "
    "come\nafterwards. What is acknowledged is said.";

static const char *const lost[] = {"failed", "reverted", "timed-out"};

/* "4 reverted, 1 timed-out", at most `cap` characters of it. */
static uint64_t losses(const json_t *counts, char *out, size_t cap)
{
    uint64_t sum = 0;
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < OTTER_ARRAY_LEN(lost); i++) {
        uint64_t n = cli_member_number(counts, lost[i]);

        if (n == 0 || len >= cap)
            continue;
        len += (size_t)snprintf(out + len, cap - len, "%s%" PRIu64 " %s", len > 0 ? ", " : "", n, lost[i]);
        sum += n;
    }
    return sum;
}

/* What resuming took as seen. */
static void tell(struct cli *cli, const json_t *before)
{
    uint64_t phase = cli_member_number(before, "phase");
    const json_t *newest = json_array_get(json_object_get(before, "phases"), (size_t)phase - 1);
    char what[96];

    if (phase == 0 || strcmp(cli_member_text(before, "state"), "halted") != 0 ||
        losses(json_object_get(newest, "counts"), what, sizeof(what)) == 0)
        return;
    cli_note(cli, "%s: the losses of phase %" PRIu64 " so far, %s; its gate counts only further ones",
             cli->dry_run ? "Would acknowledge" : "Acknowledged", phase, what);
}

enum cli_exit cli_run_rollout_resume(struct cli *cli, const struct cli_args *args)
{
    auto_reply struct cli_reply before = {0};
    enum cli_exit code = cli_rollout_get(cli, args->operand[0], &before);

    if (code == CLI_DONE)
        code = cli_rollout_action(cli, args->operand[0], "resume");
    if (code == CLI_DONE)
        tell(cli, before.json);
    return code;
}
