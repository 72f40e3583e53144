#include "wait.h"

#include "core/bytes.h"
#include "member.h"
#include "parse.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DELAY_FIRST 500u
#define DELAY_MAX   10000u
#define PHASE_MAX   100u

static bool in_state(const json_t *o, const char *state)
{
    return strcmp(cli_member_text(o, "state"), state) == 0;
}

bool cli_until_parse(const char *s, struct cli_until *ret)
{
    uint64_t phase;

    if (strcmp(s, "complete") == 0) {
        *ret = (struct cli_until){0};
        return true;
    }
    if (strncmp(s, "phase=", 6) != 0 || !cli_parse_number(s + 6, PHASE_MAX, false, &phase) || phase == 0)
        return false;
    *ret = (struct cli_until){.phase = (unsigned)phase};
    return true;
}

static const json_t *phase_of(const json_t *rollout, unsigned phase)
{
    return json_array_get(json_object_get(rollout, "phases"), (size_t)phase - 1);
}

enum cli_wait cli_wait_judge(const json_t *rollout, const struct cli_until *until)
{
    const json_t *phase = until->phase > 0 ? phase_of(rollout, until->phase) : NULL;

    if (until->phase > 0 && phase == NULL)
        return CLI_WAIT_NEVER; /* it has no such phase */
    if (in_state(rollout, "complete") || (phase != NULL && in_state(phase, "complete")))
        return CLI_WAIT_REACHED;
    return in_state(rollout, "aborted") || in_state(rollout, "halted") || in_state(rollout, "rolled-back")
               ? CLI_WAIT_NEVER
               : CLI_WAIT_ON;
}

/* The newest phase is through, a later one is wanted, and nothing opens it but an operator. */
static bool waits_for_advance(const json_t *rollout, const struct cli_until *until)
{
    json_int_t open = json_integer_value(json_object_get(rollout, "phase"));
    const json_t *newest = open > 0 && open <= PHASE_MAX ? phase_of(rollout, (unsigned)open) : NULL;

    return newest != NULL && in_state(newest, "complete") && (until->phase == 0 || until->phase > open) &&
           phase_of(rollout, (unsigned)open + 1) != NULL;
}

/* What the gate behind the newest phase waits for but devices; NULL: a later phase is not wanted, or nothing.
 */
static const char *at_the_gate(const json_t *rollout, const struct cli_until *until, int64_t id,
                               char out[256])
{
    const json_t *gate = json_object_get(rollout, "gate");
    uint64_t open = cli_member_number(rollout, "phase");
    const char *verdict = cli_member_text(gate, "verdict");
    char when[CLI_TIME_STR];

    if (until->phase > 0 && until->phase <= open)
        return NULL;
    if (strcmp(verdict, "approval") == 0)
        (void)snprintf(out, 256, "waits for a second operator: otter rollout approve %" PRId64, id);
    else if (strcmp(verdict, "soaking") == 0) {
        cli_time_format(cli_member_number(gate, "until"), when);
        (void)snprintf(out, 256, "soaks until %s", when);
    } else if (waits_for_advance(rollout, until) || strcmp(verdict, "manual") == 0 ||
               strcmp(verdict, "too-few-succeeded") == 0)
        (void)snprintf(out, 256, "waits for the next phase: otter rollout advance %" PRId64 " opens it", id);
    else
        return NULL;
    return out;
}

const char *cli_wait_for(const json_t *rollout, const struct cli_until *until, char out[256])
{
    int64_t id = json_integer_value(json_object_get(rollout, "id"));
    const char *reason = cli_member_text(json_object_get(rollout, "frozen"), "reason");

    if (json_is_object(json_object_get(rollout, "frozen")))
        (void)snprintf(out, 256, "FROZEN (%.100s): otter server unfreeze goes on", reason);
    else if (in_state(rollout, "draft"))
        (void)snprintf(out, 256, "not started: otter rollout start %" PRId64 " does", id);
    else if (in_state(rollout, "paused"))
        (void)snprintf(out, 256, "paused: otter rollout resume %" PRId64 " goes on", id);
    else
        return in_state(rollout, "running") ? at_the_gate(rollout, until, id, out) : NULL;
    return out;
}

uint32_t cli_wait_delay(unsigned rounds, uint32_t random)
{
    uint32_t base = rounds < 5 ? DELAY_FIRST << rounds : DELAY_MAX;

    return base - base / 4 + random % (base / 2 + 1);
}
