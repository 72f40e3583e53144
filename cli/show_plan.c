#include "show_plan.h"

#include "core/bytes.h"
#include "member.h"
#include "parse.h"
#include "width.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define DEADLINE_DEFAULT 86400u /* docs/openapi.yaml */
#define SILENCE_DEFAULT  3600u
#define GATE_STR         160

/* Parts of one line, between which a semicolon stands. */
struct line {
    FILE *to;
    const char *label; /* nine columns */
    bool begun;
};

static void part(struct line *line)
{
    fputs(line->begun ? "; " : line->label, line->to);
    line->begun = true;
}

static void end(struct line *line)
{
    if (line->begun)
        fputc('\n', line->to);
}

/* A text of the server's, of which a terminal obeys nothing. */
static void put_text(FILE *to, const char *before, const char *s, const char *behind)
{
    auto_free char *shown = cli_printable(s);

    fprintf(to, "%s%s%s", before, shown != NULL ? shown : "", behind);
}

void cli_plan_width(const json_t *phase, char out[CLI_WIDTH_STR])
{
    const char *group = json_string_value(json_object_get(phase, "group"));
    const json_t *count = json_object_get(phase, "count");

    if (group != NULL)
        snprintf(out, CLI_WIDTH_STR, "group %.64s", group);
    else if (json_is_integer(count))
        snprintf(out, CLI_WIDTH_STR, "%" PRIu64 " device%s", cli_member_number(phase, "count"),
                 cli_member_number(phase, "count") == 1 ? "" : "s");
    else
        snprintf(out, CLI_WIDTH_STR, "%3" PRIu64 "%%", cli_member_number(phase, "percent"));
}

static double share(const json_t *phase, const char *name)
{
    return json_number_value(json_object_get(phase, name));
}

/* "all succeeded, soak 1h, approval, then by itself" */
static void gate_text(const json_t *phase, char out[GATE_STR])
{
    uint64_t soak = cli_member_number(phase, "soak");
    bool itself = strcmp(cli_member_text(phase, "gate"), "auto") == 0;
    char wait[CLI_SPAN_STR] = "", won[24];

    if (soak > 0)
        cli_duration_format(soak, wait);
    snprintf(won, sizeof(won), share(phase, "success") >= 100 ? "all" : "%g%%", share(phase, "success"));
    snprintf(out, GATE_STR, "%s succeeded%s%s%s, %s", won, soak > 0 ? ", soak " : "", wait,
             json_is_true(json_object_get(phase, "approval")) ? ", approved by a second operator" : "",
             itself ? "opens by itself" : "opened by hand");
}

static void loss_text(const json_t *phase, char out[GATE_STR])
{
    snprintf(out, GATE_STR, "over %g%% lost of at least %" PRIu64, share(phase, "failure"),
             cli_member_number(phase, "min_sample"));
}

/* What `text` says of each of the first `count` phases: once where it is the same of all. */
static void put_each(struct line *line, const json_t *phases, size_t count,
                     void (*text)(const json_t *phase, char out[GATE_STR]))
{
    char first[GATE_STR], other[GATE_STR];
    bool alike = true;

    text(json_array_get(phases, 0), first);
    for (size_t i = 1; i < count; i++) {
        text(json_array_get(phases, i), other);
        alike = alike && strcmp(first, other) == 0;
    }
    for (size_t i = 0; i < (alike ? 1 : count); i++) {
        text(json_array_get(phases, i), other);
        part(line);
        if (!alike)
            fprintf(line->to, "phase %zu: ", i + 1);
        fputs(other, line->to);
    }
}

static void put_gates(FILE *to, const json_t *phases)
{
    struct line line = {to, "gates    ", false};

    if (json_array_size(phases) > 1) /* nothing opens behind the last */
        put_each(&line, phases, json_array_size(phases) - 1, gate_text);
    end(&line);
}

static void put_failure(FILE *to, const json_t *plan)
{
    const json_t *release = json_object_get(plan, "rollback_release");
    const json_t *phases = json_object_get(plan, "phases");
    bool by_hand = strcmp(cli_member_text(plan, "on_failure"), "rollback") != 0;
    struct line line = {to, "failure  ", false};

    put_each(&line, phases, json_array_size(phases), loss_text);
    put_text(to, ": ", cli_member_text(plan, "on_failure"), "");
    if (json_is_string(release))
        fprintf(to, "%s to %.12s", by_hand ? ", by hand back" : "", json_string_value(release));
    end(&line);
}

static void put_ramp(FILE *to, const json_t *ramp)
{
    char every[CLI_SPAN_STR];

    cli_duration_format(cli_member_number(ramp, "every"), every);
    fprintf(to, " from %" PRIu64 ", times %g every %s", cli_member_number(ramp, "start"),
            json_number_value(json_object_get(ramp, "factor")), every);
}

static void put_pace(FILE *to, const json_t *plan)
{
    const json_t *ramp = json_object_get(plan, "ramp"), *site = json_object_get(plan, "site");
    struct line line = {to, "pace     ", false};
    char rate[CLI_SPAN_STR];

    if (cli_member_number(plan, "max_active") > 0) {
        part(&line);
        fprintf(to, "%" PRIu64 " at a time", cli_member_number(plan, "max_active"));
    }
    if (cli_member_number(plan, "per_minute") > 0) {
        part(&line);
        fprintf(to, "%" PRIu64 " a minute", cli_member_number(plan, "per_minute"));
        if (json_is_object(ramp))
            put_ramp(to, ramp);
    }
    if (cli_member_number(plan, "bytes_per_second") > 0) {
        part(&line);
        cli_rate_format(cli_member_number(plan, "bytes_per_second"), rate);
        fputs(rate, to);
    }
    if (json_is_object(site)) {
        part(&line);
        cli_rate_format(cli_member_number(site, "bytes_per_second"), rate);
        put_text(to, rate, "", " for each tag ");
        put_text(to, "", cli_member_text(site, "prefix"), "*");
    }
    end(&line);
}

/* "mon-fri", "mon,wed": days that follow each other as one word. */
static void put_days(FILE *to, const json_t *days)
{
    static const char week[] = "montuewedthufrisatsun";
    size_t count = json_array_size(days);

    for (size_t i = 0; i < count;) {
        const char *name = json_string_value(json_array_get(days, i)), *next;
        const char *at = name != NULL ? strstr(week, name) : NULL;
        size_t first = i++;

        for (; at != NULL && i < count; at += 3, i++) {
            next = json_string_value(json_array_get(days, i));
            if (next == NULL || at[3] == '\0' || strncmp(at + 3, next, 3) != 0)
                break;
        }
        put_text(to, first > 0 ? "," : "", name != NULL ? name : "?", "");
        if (i - first > 1)
            put_text(to, i - first > 2 ? "-" : ",", json_string_value(json_array_get(days, i - 1)), "");
    }
}

static void put_window(FILE *to, const json_t *window)
{
    const json_t *days = json_object_get(window, "days");

    put_days(to, days);
    put_text(to, json_is_array(days) ? " " : "", cli_member_text(window, "from"), "-");
    put_text(to, "", cli_member_text(window, "to"), "");
    if (strcmp(cli_member_text(window, "from"), cli_member_text(window, "to")) == 0)
        fputs(", a whole day", to);
}

static void put_time(struct line *line, const char *before, uint64_t t)
{
    char text[CLI_TIME_STR];

    if (t == 0)
        return;
    part(line);
    cli_time_format(t, text);
    fprintf(line->to, "%s %s", before, text);
}

static void put_when(FILE *to, const json_t *plan)
{
    const json_t *windows = json_object_get(plan, "windows"), *window;
    const char *zone = cli_member_text(plan, "tz");
    struct line line = {to, "when     ", false};
    size_t i;

    put_time(&line, "from", cli_member_number(plan, "not_before"));
    put_time(&line, "until", cli_member_number(plan, "not_after"));
    json_array_foreach(windows, i, window)
    {
        part(&line);
        put_window(to, window);
    }
    if (json_array_size(windows) > 0)
        put_text(to, " (", zone[0] != '\0' ? zone : "UTC", ", or the device's tz)");
    end(&line);
}

static void put_bound(struct line *line, const json_t *plan, const char *name, uint64_t usual,
                      const char *says, const char *none)
{
    uint64_t seconds = cli_member_number(plan, name);
    char text[CLI_SPAN_STR];

    if (json_object_get(plan, name) == NULL || seconds == usual)
        return;
    part(line);
    cli_duration_format(seconds, text);
    fprintf(line->to, "%s%s", seconds > 0 ? says : none, seconds > 0 ? text : "");
}

/* "tried again 3 times after power, first 10m later" */
static void put_retry(struct line *line, const json_t *retry)
{
    const char *reason = cli_member_text(retry, "reason");
    uint64_t tries = cli_member_number(retry, "tries");
    char wait[CLI_SPAN_STR];

    part(line);
    cli_duration_format(cli_member_number(retry, "wait"), wait);
    if (tries == 1)
        fputs("tried again once", line->to);
    else
        fprintf(line->to, "tried again %" PRIu64 " times", tries);
    put_text(line->to, " after ", strcmp(reason, "*") == 0 ? "any other loss" : reason, "");
    fprintf(line->to, ", %s%s later", tries == 1 ? "" : "first ", wait);
}

static void put_attempts(FILE *to, const json_t *plan)
{
    const json_t *retries = json_object_get(plan, "retries"), *retry;
    struct line line = {to, "attempts ", false};
    size_t i;

    put_bound(&line, plan, "deadline", DEADLINE_DEFAULT, "lost after ", "no deadline");
    put_bound(&line, plan, "silence", SILENCE_DEFAULT, "lost when silent for ", "silence is no loss");
    json_array_foreach(retries, i, retry) put_retry(&line, retry);
    end(&line);
}

static void put_devices(FILE *to, const json_t *plan)
{
    struct line line = {to, "devices  ", false};

    if (json_is_false(json_object_get(plan, "join"))) {
        part(&line);
        fputs("those that matched at the start, no later ones", to);
    }
    if (json_is_true(json_object_get(plan, "allow_downgrade"))) {
        part(&line);
        fputs("also from higher versions", to);
    }
    end(&line);
}

void cli_plan_put(FILE *to, const json_t *plan)
{
    if (json_array_size(json_object_get(plan, "phases")) == 0)
        return;
    put_gates(to, json_object_get(plan, "phases"));
    put_failure(to, plan);
    put_pace(to, plan);
    put_when(to, plan);
    put_attempts(to, plan);
    put_devices(to, plan);
}
