#include "show_rollout.h"

#include "core/bytes.h"
#include "core/update_state.h"
#include "member.h"
#include "parse.h"
#include "progress.h"
#include "rollout_text.h"
#include "show_gate.h"
#include "show_plan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BAR_WIDTH   24u
#define STATE_WIDTH 8u /* "complete" */

const struct cli_column cli_rollout_columns[] = {
    {"id", "id", CLI_KIND_NUMBER},
    {"state", "state", CLI_KIND_STATE},
    {"product", "product"},
    {"version", "version"},
    {"phase", "phase", CLI_KIND_NUMBER},
    {"devices", "devices", CLI_KIND_NUMBER},
    {"succeeded", "counts.succeeded", CLI_KIND_NUMBER},
    {"failed", "counts.failed", CLI_KIND_NUMBER},
    {"reverted", "counts.reverted", CLI_KIND_NUMBER},
    {"created", "created", CLI_KIND_TIME},
    {"name", "name"},
    {"timed-out", "counts.timed-out", CLI_KIND_NUMBER, .extra = true},
    {"why", "state_reason", .extra = true},
    {"since", "state_at", CLI_KIND_TIME, .extra = true},
    {"by", "created_by", .extra = true},
    {"parent", "parent", CLI_KIND_NUMBER, .extra = true},
    {"child", "child", CLI_KIND_NUMBER, .extra = true},
    {"target", "target", .extra = true},
    {"priority", "priority", CLI_KIND_NUMBER, .extra = true},
    {"auto", "auto", .extra = true},
    {"release", "release", CLI_KIND_SHORT, .extra = true},
    {"started", "started", CLI_KIND_TIME, .extra = true},
    {"finished", "finished", CLI_KIND_TIME, .extra = true},
    {"sequence", "sequence", CLI_KIND_NUMBER, .extra = true},
    {"counts", "counts", .extra = true, .inside = true},
    {"reasons", "reasons", .extra = true, .inside = true},
    {"phases", "phases", .extra = true, .inside = true},
    {"plan", "plan", .extra = true, .inside = true},
    {"gate", "gate.verdict", .extra = true},
    {"frozen", "frozen.reason", .extra = true},
    {NULL},
};

/* How it is to be shown. */
struct look {
    bool color;
    unsigned screen;
    size_t width; /* of what says how wide a phase is */
};

uint64_t cli_counts_all(const json_t *counts)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < OTTER_UPDATE_STATE_COUNT; i++)
        n += cli_member_number(counts, otter_update_state_name((enum otter_update_state)i));
    return n;
}

uint64_t cli_counts_lost(const json_t *counts)
{
    static const enum otter_update_state lost[] = {OTTER_UPDATE_FAILED, OTTER_UPDATE_REVERTED,
                                                   OTTER_UPDATE_TIMED_OUT};
    uint64_t n = 0;

    for (size_t i = 0; i < OTTER_ARRAY_LEN(lost); i++)
        n += cli_member_number(counts, otter_update_state_name(lost[i]));
    return n;
}

uint64_t cli_counts_finished(const json_t *counts)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < OTTER_UPDATE_STATE_COUNT; i++)
        if (otter_update_finished((enum otter_update_state)i))
            n += cli_member_number(counts, otter_update_state_name((enum otter_update_state)i));
    return n;
}

/* "38 succeeded, 2 failed", in the order of the table of states. */
static void put_counts(FILE *to, const json_t *counts)
{
    const char *between = "";
    bool any = false;

    for (unsigned i = 0; i < OTTER_UPDATE_STATE_COUNT; i++) {
        const char *name = otter_update_state_name((enum otter_update_state)i);

        if (cli_member_number(counts, name) == 0)
            continue;
        fprintf(to, "%s%" PRIu64 " %s", between, cli_member_number(counts, name), name);
        between = ", ";
        any = true;
    }
    if (!any)
        fputs("none offered yet", to);
}

/* Where a bar leaves room for what stands beside it. */
static size_t bar_width(unsigned screen)
{
    if (screen == 0 || screen >= 80)
        return BAR_WIDTH;
    return screen >= 40 ? screen / 4 : 6;
}

static void put_phase(FILE *to, const json_t *phase, size_t i, const struct look *look)
{
    const json_t *counts = json_object_get(phase, "counts");
    uint64_t devices = cli_member_number(phase, "devices");
    char bar[BAR_WIDTH + 1], width[CLI_WIDTH_STR];

    cli_plan_width(phase, width);
    cli_bar(cli_counts_finished(counts), devices, bar_width(look->screen), bar);
    fprintf(to, "phase %zu  ", i + 1);
    cli_put_padded(to, width, look->width);
    fprintf(to, "%s[%s]%s %5" PRIu64 " device%s  ",
            look->color ? cli_state_color(cli_member_text(phase, "state")) : "", bar,
            look->color ? "\033[0m" : "", devices, devices == 1 ? " " : "s");
    cli_put_padded(to, cli_member_text(phase, "state"), STATE_WIDTH);
    put_counts(to, counts);
    if (json_is_true(json_object_get(phase, "widened")))
        fputs(" (widened to one device)", to);
    fputc('\n', to);
}

static void put_reasons(FILE *to, const json_t *rollout)
{
    json_t *reasons = json_object_get(rollout, "reasons");
    const char *name, *between = "";
    json_t *count;

    if (json_object_size(reasons) == 0)
        return;
    fputs("reasons  ", to);
    json_object_foreach(reasons, name, count)
    {
        cli_put_shown(to, between, name);
        fprintf(to, "=%lld", (long long)json_integer_value(count));
        between = " ";
    }
    fputc('\n', to);
}

struct picture {
    struct cli_picture picture;
    const json_t *rollout;
    struct look look;
};

static void put_all(const struct cli_picture *self, FILE *to)
{
    const struct picture *p = OTTER_CONTAINER_OF_CONST(self, struct picture, picture);
    const json_t *rollout = p->rollout, *phases = json_object_get(rollout, "phases"), *phase;
    size_t i;

    cli_rollout_head_put(to, rollout, p->look.color);
    json_array_foreach(phases, i, phase) put_phase(to, phase, i, &p->look);
    fprintf(to, "all      %" PRIu64 " device%s: ", cli_member_number(rollout, "devices"),
            cli_member_number(rollout, "devices") == 1 ? "" : "s");
    put_counts(to, json_object_get(rollout, "counts"));
    fputc('\n', to);
    put_reasons(to, rollout);
    cli_gate_put(to, rollout);
    cli_plan_put(to, json_object_get(rollout, "plan"));
    cli_next_step_put(to, rollout);
}

char *cli_rollout_text(const json_t *rollout, bool color, unsigned screen)
{
    const struct picture p = {
        {put_all}, rollout, {color, screen, cli_phases_width(json_object_get(rollout, "phases"))}};

    return cli_picture_text(&p.picture, screen);
}

enum cli_exit cli_rollout_show(struct cli *cli, const struct cli_reply *reply)
{
    auto_free char *text = NULL;

    if (cli->format != CLI_FORMAT_TABLE)
        return cli_api_result(cli, reply, cli_rollout_columns);
    text = cli_rollout_text(reply->json, cli->color, cli->screen);
    if (text == NULL)
        return cli_fail_memory(cli);
    fputs(text, cli->out);
    return CLI_DONE;
}

char *cli_rollout_line(const json_t *rollout)
{
    const json_t *counts = json_object_get(rollout, "counts");
    char *out = NULL;
    size_t len;
    FILE *to = open_memstream(&out, &len);

    if (to == NULL)
        return NULL;
    cli_put_shown(to, "", cli_member_text(rollout, "state"));
    fprintf(to, " phase %" PRIu64 "/%zu: %" PRIu64 " of %" PRIu64 " finished; ",
            cli_member_number(rollout, "phase"), json_array_size(json_object_get(rollout, "phases")),
            cli_counts_finished(counts), cli_member_number(rollout, "devices"));
    put_counts(to, counts);
    if (fclose(to) != 0) {
        free(out);
        return NULL;
    }
    return out;
}
