#include "explain_rules.h"

#include "core/bytes.h"
#include "member.h"
#include "parse.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* In a sentence # is the rollout's number, @ the device's id, and % the device's phase. */
static const struct {
    const char *rule, *sentence;
} rules[] = {
    {"ok", "Nothing: its next poll is offered the release."},
    {"under-way", "Nothing: it is at it, and each poll is offered the release again."},
    {"device-retired", "The device has to come back into service: otter device reinstate @"},
    {"wrong-product", "Nothing can: the device polls as another product than the release is for."},
    {"wrong-hardware", "A rollout of a release that is for its hardware has to be made."},
    {"not-started", "The rollout has to be started: otter rollout start #"},
    {"aborted", "Nothing can: the rollout was aborted. A new one would reach the device."},
    {"rollout-complete", "Nothing can: the rollout is complete. A new one would reach the device."},
    {"not-in-target",
     "The device has to come to match the target: by its tags, attributes, version or state."},
    {"attempt-over", "Nothing, if it succeeded. A lost try is repeated by: otter device retry @ --rollout #"},
    {"up-to-date", "Nothing: it runs the release."},
    {"held", "The device has to be let go: otter device unhold @"},
    {"pinned", "Its pin to another release has to go: otter device unpin @"},
    {"release-withdrawn", "Nothing can: a withdrawn release is offered to nobody. Publish another one."},
    {"images-pruned", "The release's images have to be published again: otter release publish"},
    {"frozen", "The freeze of all rollouts has to end: otter server unfreeze"},
    {"attempt-elsewhere", "Its attempt in another rollout has to end: otter device show @"},
    {"not-in-phase", "Phase % has to open: by the gate before it, or otter rollout advance #"},
    {"paused", "The rollout has to go on: otter rollout resume #"},
    {"halted", "An operator has to see the losses and let it go on: otter rollout resume #"},
    {"rolled-back",
     "Nothing can: the rollout was rolled back. otter rollout status # names the one that does it."},
    {"device-on-trial", "The device has to confirm the image that it tries, or go back to the one before."},
    {"manifest-expired",
     "Nothing can: the release's manifest has expired. Sign and publish one that has not."},
    {"wrong-epoch", "Nothing can: the release is of another epoch than the root. Publish one of the root's."},
    {"sequence-not-above",
     "A release of a higher sequence has to be rolled out: the device refuses this one."},
    {"requires-from", "The device has to be brought to the version that the release starts from first."},
    {"requires-below", "Nothing: the device runs a version that the release is not for any more."},
    {"no-image-for-slot", "The release needs an image for the slot that is free on the device."},
    {"not-a-member", "A new rollout has to be made: this one takes in nobody who came after its start."},
    {"downgrade-not-allowed", "A rollout with --allow-downgrade has to be made: it runs a higher version."},
    {"superseded", "The rollout that comes first for the device has to be through with it, or to end."},
    {"not-yet", "The rollout's time has to come."},
    {"rollout-ended", "Nothing can: the rollout's time is over. A new one would reach the device."},
    {"outside-window", "A maintenance window has to open where the device is."},
    {"retry-later", "The wait after its lost attempt has to be over."},
    {"penalty-box", "The wait after its lost attempts, one after the other, has to be over."},
    {"cap-reached", "Another device has to finish: as many are at it as may be."},
    {"rate-reached", "The next place in the rate has to come up."},
    {"bandwidth-reached", "The bytes that were granted before have to be through by the rate."},
    {"site-bandwidth-reached", "The bytes that were granted at its site have to be through by the rate."},
};

bool cli_explain_knows(const char *rule)
{
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rules); i++)
        if (strcmp(rules[i].rule, rule) == 0)
            return true;
    return false;
}

static const char *sentence_of(const char *rule)
{
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rules); i++)
        if (strcmp(rules[i].rule, rule) == 0)
            return rules[i].sentence;
    return "The rule is one that this otter does not know: a newer one may.";
}

static void fill(FILE *to, const char *sentence, const json_t *rollout, const char *device)
{
    for (; *sentence != '\0'; sentence++) {
        if (*sentence == '#')
            fprintf(to, "%" PRIu64, cli_member_number(rollout, "id"));
        else if (*sentence == '%')
            fprintf(to, "%" PRIu64, cli_member_number(rollout, "phase"));
        else if (*sentence == '@')
            fputs(device, to);
        else
            fputc(*sentence, to);
    }
}

/* Then what changes next is that it is offered no more: a window closes. */
static bool offered(const json_t *rollout)
{
    return strcmp(cli_member_text(rollout, "rule"), "ok") == 0;
}

char *cli_explain_sentence(const json_t *rollout, const char *device)
{
    uint64_t next = cli_member_number(rollout, "next_change_at");
    char *out = NULL, at[CLI_TIME_STR];
    size_t len;
    FILE *to = open_memstream(&out, &len);

    if (to == NULL)
        return NULL;
    fill(to, sentence_of(cli_member_text(rollout, "rule")), rollout, device);
    if (next > 0) {
        cli_time_format(next, at);
        fprintf(to, offered(rollout) ? " That holds until %s." : " That may be at %s.", at);
    }
    if (fclose(to) != 0) {
        free(out);
        return NULL;
    }
    return out;
}
