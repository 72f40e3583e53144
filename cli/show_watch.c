#include "show_watch.h"

#include "core/bytes.h"
#include "member.h"
#include "parse.h"
#include "progress.h"
#include "rollout_text.h"
#include "show_gate.h"
#include "show_plan.h"
#include "show_rollout.h"
#include "show_waiting.h"
#include "wait.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BAR_WIDTH   24u
#define BAR_NARROW  10u
#define WIDE        80u /* columns where a bar has its counts beside it */
#define STATE_WIDTH 8u  /* "complete" */

/* Devices by what has become of them. */
struct tally {
    uint64_t devices, granted, succeeded, lost, cancelled, under_way;
};

static struct tally tally_of(const json_t *counted)
{
    const json_t *counts = json_object_get(counted, "counts");
    uint64_t finished = cli_counts_finished(counts), all = cli_counts_all(counts),
             devices = cli_member_number(counted, "devices");
    struct tally t = {.devices = devices > all ? devices : all,
                      .granted = all,
                      .succeeded = cli_member_number(counts, "succeeded"),
                      .lost = cli_counts_lost(counts),
                      .under_way = all - finished};

    t.cancelled = finished - t.succeeded - t.lost;
    return t;
}

static void put_tally(FILE *to, const struct tally *t)
{
    const struct {
        const char *name;
        uint64_t n;
    } rows[] = {{"succeeded", t->succeeded},
                {"lost", t->lost},
                {"cancelled", t->cancelled},
                {"under way", t->under_way},
                {"open", t->devices - t->granted}};
    const char *between = ": ";

    fprintf(to, "%" PRIu64 " of %" PRIu64 " granted", t->granted, t->devices);
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        if (rows[i].n == 0)
            continue;
        fprintf(to, "%s%" PRIu64 " %s", between, rows[i].n, rows[i].name);
        between = ", ";
    }
    fputc('\n', to);
}

static const char *mark_color(char mark)
{
    static const char marks[] = "#x.=";
    static const char *const colors[] = {"\033[32m", "\033[31m", "\033[33m", "\033[36m"};
    const char *at = strchr(marks, mark);

    return at != NULL && *at != '\0' ? colors[at - marks] : "";
}

static void put_bar(FILE *to, const struct tally *t, size_t width, bool color)
{
    const struct cli_bar_part parts[] = {
        {'#', t->succeeded}, {'x', t->lost}, {'.', t->cancelled}, {'=', t->under_way}};
    char bar[BAR_WIDTH + 1];

    cli_bar_parts(parts, OTTER_ARRAY_LEN(parts), t->devices, width, bar);
    fputc('[', to);
    for (const char *run = bar; *run != '\0';) {
        size_t n = strspn(run, (const char[]){*run, '\0'});
        const char *sequence = color ? mark_color(*run) : "";

        fprintf(to, "%s%.*s%s", sequence, (int)n, run, sequence[0] != '\0' ? "\033[0m" : "");
        run += n;
    }
    fputs("]  ", to);
}

static void put_phases(FILE *to, const struct cli_watch *w)
{
    const json_t *phases = json_object_get(w->rollout, "phases"), *phase;
    bool wide = w->screen == 0 || w->screen >= WIDE;
    size_t i, width = cli_phases_width(phases);

    json_array_foreach(phases, i, phase)
    {
        struct tally t = tally_of(phase);
        char text[CLI_WIDTH_STR];

        cli_plan_width(phase, text);
        fprintf(to, "phase %zu  ", i + 1);
        cli_put_padded(to, text, width);
        put_bar(to, &t, wide ? BAR_WIDTH : BAR_NARROW, w->color);
        if (wide)
            cli_put_padded(to, cli_member_text(phase, "state"), STATE_WIDTH);
        else
            cli_put_shown(to, "", cli_member_text(phase, "state"));
        fputs(wide ? "" : "\n  ", to);
        put_tally(to, &t);
    }
    fprintf(to, "bars     # succeeded  x lost  . cancelled  = under way  - open\n");
}

static uint64_t unfinished(const json_t *counted)
{
    struct tally t = tally_of(counted);

    return t.devices - (t.granted - t.under_way);
}

/* Of the phases that are open. */
static uint64_t unfinished_now(const json_t *rollout)
{
    const json_t *phase;
    uint64_t n = 0;
    size_t i;

    json_array_foreach(json_object_get(rollout, "phases"), i, phase)
    {
        if (i < cli_member_number(rollout, "phase"))
            n += unfinished(phase);
    }
    return n;
}

static void put_left(FILE *to, const struct cli_watch *w, const struct cli_speed *speed)
{
    uint64_t phase = cli_speed_left(speed, unfinished_now(w->rollout)),
             all = cli_speed_left(speed, unfinished(w->rollout));
    char in[CLI_SPAN_STR], at[CLI_TIME_STR];

    if (phase > 0) {
        cli_duration_format(cli_span_round(phase), in);
        cli_time_format(w->now + phase, at);
        fprintf(to, "left     about %s for phase %" PRIu64 ", until %s", in,
                cli_member_number(w->rollout, "phase"), at);
    }
    if (phase > 0 && all > phase) {
        cli_duration_format(cli_span_round(all), in);
        fprintf(to, "; %s for all, were every gate open", in);
    }
    fputs(phase > 0 ? "\n" : "", to);
}

static bool is_running(const json_t *rollout)
{
    return strcmp(cli_member_text(rollout, "state"), "running") == 0;
}

static void put_speed(FILE *to, const struct cli_watch *w)
{
    struct cli_speed speed = cli_samples_speed(w->samples);
    char over[CLI_SPAN_STR];

    if (!is_running(w->rollout))
        return;
    if (!speed.measured) {
        fputs("speed    being measured\n", to);
        return;
    }
    cli_duration_format(cli_span_round(speed.seconds), over);
    fprintf(to, "speed    %.1f granted and %.1f finished a minute, in the last %s\n", speed.granted,
            speed.finished, over);
    put_left(to, w, &speed);
}

static void put_foot(FILE *to, const struct cli_watch *w)
{
    char at[CLI_TIME_STR];

    cli_time_format(w->asked, at);
    if (w->away != NULL) {
        fprintf(to, "%sno answer since %s%s: ", w->color ? "\033[1;31m" : "", at, w->color ? "\033[0m" : "");
        cli_put_shown(to, "", w->away);
        fprintf(to, "; asking again\n");
    } else if (!cli_rollout_stands(w->rollout)) {
        fprintf(to, "as of %s, asked every %" PRIu64 " s; ^C ends the watching alone\n", at, w->interval);
    }
}

struct picture {
    struct cli_picture picture;
    const struct cli_watch *w;
};

static void put_all(const struct cli_picture *self, FILE *to)
{
    const struct cli_watch *w = OTTER_CONTAINER_OF_CONST(self, struct picture, picture)->w;
    const struct tally all = tally_of(w->rollout);

    cli_rollout_head_put(to, w->rollout, w->color);
    put_phases(to, w);
    fputs("all      ", to);
    put_tally(to, &all);
    put_speed(to, w);
    cli_reasons_put(to, "reasons", json_object_get(w->rollout, "reasons"));
    cli_waiting_put(to, json_object_get(w->rollout, "waiting"));
    cli_gate_put(to, w->rollout);
    cli_next_step_put(to, w->rollout);
    put_foot(to, w);
}

char *cli_watch_text(const struct cli_watch *w)
{
    const struct picture p = {{put_all}, w};

    return cli_picture_text(&p.picture, w->screen);
}

/* Whom or what it waits for; of one that stands, why. */
static void put_whom(FILE *to, const json_t *rollout)
{
    char note[256];
    const char *whom = cli_wait_for(rollout, &(struct cli_until){0}, note);

    cli_put_shown(to, "; ", whom != NULL ? whom : "");
    cli_put_shown(to, "; ", cli_member_text(rollout, "state_reason"));
}

static void put_line_speed(FILE *to, const struct cli_watch *w)
{
    struct cli_speed speed = cli_samples_speed(w->samples);
    uint64_t left = cli_speed_left(&speed, unfinished_now(w->rollout));
    char in[CLI_SPAN_STR];

    if (!speed.measured)
        return;
    cli_duration_format(cli_span_round(left), in);
    fprintf(to, "; %.1f finished a minute", speed.finished);
    if (left > 0)
        fprintf(to, ", about %s left for phase %" PRIu64, in, cli_member_number(w->rollout, "phase"));
}

char *cli_watch_line(const struct cli_watch *w, size_t *ret_same)
{
    auto_free char *line = cli_rollout_line(w->rollout);
    char *out = NULL;
    size_t len;
    FILE *to = line != NULL ? open_memstream(&out, &len) : NULL;

    if (to == NULL)
        return NULL;
    fputs(line, to);
    put_whom(to, w->rollout);
    if (w->away != NULL) {
        cli_put_shown(to, "; no answer: ", w->away);
        fputs("; asking again", to);
    }
    (void)fflush(to);
    *ret_same = len;
    if (w->away == NULL)
        put_line_speed(to, w);
    if (fclose(to) != 0) {
        free(out);
        return NULL;
    }
    return out;
}
