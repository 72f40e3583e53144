#include "show_rollout.h"

#include "core/bytes.h"
#include "core/update_state.h"
#include "fold.h"
#include "frozen.h"
#include "member.h"
#include "parse.h"
#include "progress.h"
#include "show_gate.h"
#include "show_plan.h"
#include "width.h"

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

uint64_t cli_counts_finished(const json_t *counts)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < OTTER_UPDATE_STATE_COUNT; i++)
        if (otter_update_finished((enum otter_update_state)i))
            n += cli_member_number(counts, otter_update_state_name((enum otter_update_state)i));
    return n;
}

/* What a state means to who looks at it; the others are under way. */
static const struct {
    const char *name, *color;
    bool ended;
} states[] = {
    {"complete", "\033[32m", true}, {"aborted", "\033[31m", true}, {"rolled-back", "\033[31m", true},
    {"halted", "\033[31m", false},  {"paused", "\033[33m", false},
};

bool cli_rollout_ended(const json_t *rollout)
{
    for (size_t i = 0; i < OTTER_ARRAY_LEN(states); i++)
        if (strcmp(cli_member_text(rollout, "state"), states[i].name) == 0)
            return states[i].ended;
    return false;
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

static const char *state_color(const char *state)
{
    for (size_t i = 0; i < OTTER_ARRAY_LEN(states); i++)
        if (strcmp(state, states[i].name) == 0)
            return states[i].color;
    return "\033[36m";
}

/* A text of the server's, of which a terminal obeys nothing. */
static void put_shown(FILE *to, const char *before, const char *s)
{
    auto_free char *shown = cli_printable(s);

    if (shown != NULL && shown[0] != '\0')
        fprintf(to, "%s%s", before, shown);
}

static void put_padded(FILE *to, const char *s, size_t width)
{
    auto_free char *shown = cli_printable(s);
    size_t taken = shown != NULL ? cli_width(shown) : width;

    fprintf(to, "%s%*s", shown != NULL ? shown : "", (int)(taken < width ? width - taken : 0) + 2, "");
}

/* Where a bar leaves room for what stands beside it. */
static size_t bar_width(unsigned screen)
{
    if (screen == 0 || screen >= 80)
        return BAR_WIDTH;
    return screen >= 40 ? screen / 4 : 6;
}

/* The widest of them, so that the bars begin below each other. */
static size_t width_of(const json_t *phases)
{
    const json_t *phase;
    size_t i, widest = 0;

    json_array_foreach(phases, i, phase)
    {
        char text[CLI_WIDTH_STR];

        cli_plan_width(phase, text);
        widest = cli_width(text) > widest ? cli_width(text) : widest;
    }
    return widest;
}

static void put_phase(FILE *to, const json_t *phase, size_t i, const struct look *look)
{
    const json_t *counts = json_object_get(phase, "counts");
    uint64_t devices = cli_member_number(phase, "devices");
    char bar[BAR_WIDTH + 1], width[CLI_WIDTH_STR];

    cli_plan_width(phase, width);
    cli_bar(cli_counts_finished(counts), devices, bar_width(look->screen), bar);
    fprintf(to, "phase %zu  ", i + 1);
    put_padded(to, width, look->width);
    fprintf(to, "%s[%s]%s %5" PRIu64 " devices  ",
            look->color ? state_color(cli_member_text(phase, "state")) : "", bar,
            look->color ? "\033[0m" : "", devices);
    put_padded(to, cli_member_text(phase, "state"), STATE_WIDTH);
    put_counts(to, counts);
    if (json_is_true(json_object_get(phase, "widened")))
        fputs(" (widened to one device)", to);
    fputc('\n', to);
}

static void put_reasons(FILE *to, const json_t *rollout)
{
    json_t *reasons = json_object_get(rollout, "reasons");
    const char *name;
    json_t *count;

    if (json_object_size(reasons) == 0)
        return;
    fputs("reasons  ", to);
    json_object_foreach(reasons, name, count)
    {
        put_shown(to, " ", name);
        fprintf(to, "=%lld", (long long)json_integer_value(count));
    }
    fputc('\n', to);
}

static void put_banner(FILE *to, const json_t *rollout, bool color)
{
    auto_free char *banner = cli_frozen_banner(rollout, color);

    if (banner != NULL)
        fprintf(to, "%s\n", banner);
}

static void put_all(FILE *to, const json_t *rollout, const struct look *look)
{
    const json_t *phases = json_object_get(rollout, "phases"), *phase;
    const char *state = cli_member_text(rollout, "state");
    size_t i;

    put_banner(to, rollout, look->color);
    fprintf(to, "rollout %" PRIu64, cli_member_number(rollout, "id"));
    put_shown(to, " ", cli_member_text(rollout, "name"));
    put_shown(to, ": ", cli_member_text(rollout, "product"));
    put_shown(to, " ", cli_member_text(rollout, "version"));
    put_shown(to, " to ", cli_member_text(rollout, "target"));
    fputs(look->color ? ", " : "", to);
    put_shown(to, look->color ? state_color(state) : ", ", state);
    fprintf(to, "%s\n", look->color ? "\033[0m" : "");
    json_array_foreach(phases, i, phase) put_phase(to, phase, i, look);
    fprintf(to, "all      %" PRIu64 " devices: ", cli_member_number(rollout, "devices"));
    put_counts(to, json_object_get(rollout, "counts"));
    fputc('\n', to);
    put_reasons(to, rollout);
    cli_gate_put(to, rollout);
    cli_plan_put(to, json_object_get(rollout, "plan"));
    cli_next_step_put(to, rollout);
}

static char *all_text(const json_t *rollout, const struct look *look)
{
    char *out = NULL;
    size_t len;
    FILE *to = open_memstream(&out, &len);

    if (to == NULL)
        return NULL;
    put_all(to, rollout, look);
    if (fclose(to) != 0) {
        free(out);
        return NULL;
    }
    return out;
}

char *cli_rollout_text(const json_t *rollout, bool color, unsigned screen)
{
    auto_free char *text =
        all_text(rollout, &(struct look){color, screen, width_of(json_object_get(rollout, "phases"))});
    char *out = NULL;
    size_t len;
    FILE *to = text != NULL ? open_memstream(&out, &len) : NULL;

    if (to == NULL)
        return NULL;
    cli_fold_print(to, text, screen, 2);
    if (fclose(to) != 0) {
        free(out);
        return NULL;
    }
    return out;
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
    put_shown(to, "", cli_member_text(rollout, "state"));
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
