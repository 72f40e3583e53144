#include "show_gate.h"

#include "core/bytes.h"
#include "member.h"
#include "parse.h"
#include "width.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static bool in_state(const json_t *rollout, const char *state)
{
    return strcmp(cli_member_text(rollout, "state"), state) == 0;
}

/* "halted   2026-11-23T01:22:20Z: threshold: ..." */
static void put_why(FILE *to, const json_t *rollout)
{
    auto_free char *why = cli_printable(cli_member_text(rollout, "state_reason"));
    uint64_t at = cli_member_number(rollout, "state_at");
    char when[CLI_TIME_STR] = "";

    if (why == NULL || why[0] == '\0')
        return;
    if (at > 0)
        cli_time_format(at, when);
    fprintf(to, "since    %s%s%s\n", when, at > 0 ? ": " : "", why);
}

static void put_family(FILE *to, const json_t *rollout)
{
    uint64_t parent = cli_member_number(rollout, "parent"), child = cli_member_number(rollout, "child");

    if (parent > 0)
        fprintf(to, "back     rolls back rollout %" PRIu64 "\n", parent);
    if (child > 0)
        fprintf(to, "back     rolled back by rollout %" PRIu64 ": otter rollout status %" PRIu64 "\n", child,
                child);
}

/* What each verdict that waits for something says: names of server/policy/gate.h. */
static const struct verdict {
    const char *name, *says;
    const char *verb; /* that an operator may give; NULL: none */
} verdicts[] = {
    {"outstanding", "devices of the phase are not through", NULL},
    {"too-few-succeeded", "too few succeeded for the next phase to open", "advance"},
    {"soaking", "soaks until ", NULL},
    {"approval", "a second operator must approve the next phase", "approve"},
    {"manual", "through: the next phase is opened by hand", "advance"},
    {"frozen", "through: the next phase opens when the rollouts are not frozen any more", NULL},
};

static const struct verdict *verdict_of(const json_t *rollout)
{
    const char *name = cli_member_text(json_object_get(rollout, "gate"), "verdict");

    for (size_t i = 0; i < OTTER_ARRAY_LEN(verdicts); i++)
        if (strcmp(verdicts[i].name, name) == 0)
            return &verdicts[i];
    return NULL;
}

static void put_gate(FILE *to, const json_t *rollout)
{
    const struct verdict *verdict = verdict_of(rollout);
    const json_t *gate = json_object_get(rollout, "gate");
    uint64_t until = cli_member_number(gate, "until"), lost = cli_member_number(gate, "lost");
    char when[CLI_TIME_STR] = "";

    if (!in_state(rollout, "running") || verdict == NULL)
        return;
    if (until > 0)
        cli_time_format(until, when);
    fprintf(to, "gate     %s%s", verdict->says, when);
    if (lost > 0)
        fprintf(to, "; %" PRIu64 " of %" PRIu64 " finished are lost", lost,
                cli_member_number(gate, "finished"));
    fputc('\n', to);
}

void cli_gate_put(FILE *to, const json_t *rollout)
{
    put_why(to, rollout);
    put_family(to, rollout);
    put_gate(to, rollout);
}

/* Of a server that tells no gate. */
static bool opens_by_hand(const json_t *rollout)
{
    return json_object_get(rollout, "gate") == NULL && !json_is_true(json_object_get(rollout, "auto")) &&
           cli_member_number(rollout, "phase") < json_array_size(json_object_get(rollout, "phases"));
}

/* Back goes only what was planned with a release to go back with. */
static void put_after_halt(FILE *to, const json_t *rollout, uint64_t id)
{
    fputs("  which takes the losses so far as seen; or ", to);
    if (cli_member_text(json_object_get(rollout, "plan"), "rollback_release")[0] != '\0')
        fprintf(to, "otter rollout rollback %" PRIu64 ", or ", id);
    fprintf(to, "otter rollout abort %" PRIu64 "\n", id);
}

void cli_next_step_put(FILE *to, const json_t *rollout)
{
    static const struct {
        const char *state, *verb;
    } steps[] = {{"draft", "start"}, {"paused", "resume"}, {"halted", "resume"}};
    const struct verdict *verdict = verdict_of(rollout);
    uint64_t id = cli_member_number(rollout, "id");

    for (size_t i = 0; i < OTTER_ARRAY_LEN(steps); i++)
        if (in_state(rollout, steps[i].state))
            fprintf(to, "Next: otter rollout %s %" PRIu64 "\n", steps[i].verb, id);
    if (in_state(rollout, "halted"))
        put_after_halt(to, rollout, id);
    if (!in_state(rollout, "running"))
        return;
    if (verdict != NULL && verdict->verb != NULL)
        fprintf(to, "Next: otter rollout %s %" PRIu64 " --phase %" PRIu64 "\n", verdict->verb, id,
                cli_member_number(rollout, "phase"));
    else if (opens_by_hand(rollout))
        fprintf(to, "Next phase: otter rollout advance %" PRIu64 "\n", id);
}
