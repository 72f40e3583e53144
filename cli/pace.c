#include "pace.h"

#include "core/bytes.h"
#include "member.h"
#include "show_rollout.h"

#include <string.h>

#define APART_MS  15000u
#define LEAST_MS  5000u /* before a rate says anything */
#define MINUTE_MS 60000.0
#define LEFT_MAX  (UINT64_C(366) * 86400) /* what takes longer is not told to the second */

static bool goes_on(const struct cli_samples *s, const json_t *rollout, bool running)
{
    return s->count > 0 && s->phase == cli_member_number(rollout, "phase") && s->running == running;
}

static void keep(struct cli_samples *s, const struct cli_sample *sample)
{
    if (s->count > 0 && sample->at_ms - s->kept[s->count - 1].at_ms < APART_MS)
        return;
    if (s->count == CLI_SAMPLES)
        memmove(s->kept, s->kept + 1, (size_t)--s->count * sizeof(s->kept[0]));
    s->kept[s->count++] = *sample;
}

void cli_samples_take(struct cli_samples *s, const json_t *rollout, uint64_t at_ms)
{
    const json_t *counts = json_object_get(rollout, "counts");
    bool running = strcmp(cli_member_text(rollout, "state"), "running") == 0;

    if (!goes_on(s, rollout, running))
        s->count = 0;
    s->phase = cli_member_number(rollout, "phase");
    s->running = running;
    s->newest = (struct cli_sample){at_ms, cli_counts_all(counts), cli_counts_finished(counts)};
    keep(s, &s->newest);
}

/* Counts go back where an operator lets a device try again. */
static double a_minute(uint64_t from, uint64_t to, uint64_t ms)
{
    return to > from ? (double)(to - from) * MINUTE_MS / (double)ms : 0;
}

struct cli_speed cli_samples_speed(const struct cli_samples *s)
{
    const struct cli_sample *oldest = &s->kept[0];
    uint64_t ms = s->count > 0 ? s->newest.at_ms - oldest->at_ms : 0;

    if (!s->running || ms < LEAST_MS)
        return (struct cli_speed){0};
    return (struct cli_speed){.measured = true,
                              .seconds = ms / 1000,
                              .granted = a_minute(oldest->granted, s->newest.granted, ms),
                              .finished = a_minute(oldest->finished, s->newest.finished, ms)};
}

uint64_t cli_speed_left(const struct cli_speed *speed, uint64_t devices)
{
    double left = speed->measured && speed->finished > 0 ? (double)devices * 60 / speed->finished : 0;

    return left < (double)LEFT_MAX ? (uint64_t)(left + 0.5) : LEFT_MAX;
}

uint64_t cli_span_round(uint64_t seconds)
{
    static const uint32_t units[] = {86400, 3600, 60};

    for (size_t i = 0; i < OTTER_ARRAY_LEN(units); i++)
        if (seconds >= 2 * (uint64_t)units[i])
            return (seconds + units[i] / 2) / units[i] * units[i];
    return seconds;
}
