/* A simulation for people: what became of it, its phases, its curve, and what bad releases would come to. */
#include "simulate.h"

#include "core/bytes.h"
#include "member.h"
#include "output.h"
#include "parse.h"

#include <stdlib.h>
#include <string.h>

#define ROWS 14u /* of the curve */
#define BAR  40u /* its columns */

static const struct cli_column phases[] = {
    {"phase", "phase", CLI_KIND_NUMBER},
    {"devices", "devices", CLI_KIND_NUMBER},
    {"opened", "opened", CLI_KIND_TIME},
    {"through", "through", CLI_KIND_TIME},
    {"granted", "granted", CLI_KIND_NUMBER},
    {"updated", "updated", CLI_KIND_NUMBER},
    {"lost", "lost", CLI_KIND_NUMBER},
    {"failed", "failed", CLI_KIND_NUMBER, .extra = true},
    {"reverted", "reverted", CLI_KIND_NUMBER, .extra = true},
    {"timed out", "timed_out", CLI_KIND_NUMBER, .extra = true},
    {NULL},
};

static const struct cli_column curve[] = {
    {"at", "at", CLI_KIND_TIME},        {"updated", "updated", CLI_KIND_NUMBER},
    {"lost", "lost", CLI_KIND_NUMBER},  {"under way", "active", CLI_KIND_NUMBER},
    {"updated, of all devices", "bar"}, {NULL},
};

static const struct cli_column what_if[] = {
    {"bad", "share"},
    {"outcome", "outcome", CLI_KIND_STATE},
    {"phase", "phase", CLI_KIND_NUMBER},
    {"after", "after"},
    {"granted", "granted", CLI_KIND_NUMBER},
    {"updated", "updated", CLI_KIND_NUMBER},
    {"lost", "lost", CLI_KIND_NUMBER},
    {"lost at last", "lost_at_last", CLI_KIND_NUMBER},
    {NULL},
};

void cli_sim_span(uint64_t seconds, char out[CLI_SIM_SPAN])
{
    unsigned long long days = seconds / 86400, hours = seconds / 3600 % 24, minutes = seconds / 60 % 60;

    if (days > 0)
        snprintf(out, CLI_SIM_SPAN, "%llud %lluh", days, hours);
    else if (hours > 0)
        snprintf(out, CLI_SIM_SPAN, "%lluh %llum", hours, minutes);
    else
        snprintf(out, CLI_SIM_SPAN, "%llum %llus", minutes, (unsigned long long)seconds % 60);
}

static void put_after(json_t *row)
{
    char text[CLI_SIM_SPAN];

    cli_sim_span(cli_member_number(row, "after"), text);
    cli_put_string(row, "after", text);
}

/* The points nearest to even steps, each with its bar. */
static json_t *rows_of(const json_t *run)
{
    const json_t *points = json_object_get(run, "curve");
    size_t n = json_array_size(points), rows = n < ROWS ? n : ROWS, k = 0;
    uint64_t from = cli_member_number(json_array_get(points, 0), "at"),
             to = cli_member_number(json_array_get(points, n ? n - 1 : 0), "at"),
             devices = cli_member_number(run, "devices");
    json_t *list = json_array();

    for (size_t i = 0; i < rows; i++) {
        uint64_t at = rows > 1 ? from + (to - from) * i / (rows - 1) : to, updated;
        char bar[BAR + 1] = "";
        json_t *row;

        while (k + 1 < n && cli_member_number(json_array_get(points, k + 1), "at") <= at)
            k++;
        row = json_copy(json_array_get(points, k));
        updated = cli_member_number(row, "updated");
        memset(bar, '#', devices ? (size_t)(updated * BAR / devices) : 0);
        cli_put_string(row, "bar", bar);
        cli_put_uint(row, "at", at);
        (void)json_array_append_new(list, row);
    }
    return list;
}

static const char *const sentences[] = {
    [SIM_UNFINISHED] = "not through at",
    [SIM_COMPLETE] = "complete at",
    [SIM_TOO_FEW] = "waits for an operator, since too few succeeded, from",
    [SIM_HALTED] = "halted at",
    [SIM_ROLLED_BACK] = "rolled back at",
};

static const char *sentence(const json_t *run)
{
    for (unsigned i = 0; i < SIM_OUTCOME_COUNT; i++)
        if (strcmp(sim_outcome_name((enum sim_outcome)i), cli_member_text(run, "outcome")) == 0)
            return sentences[i];
    return "?";
}

static unsigned long long number(const json_t *run, const char *name)
{
    return cli_member_number(run, name);
}

static void say(struct cli *cli, const json_t *run)
{
    char at[CLI_TIME_STR], after[CLI_SIM_SPAN];

    cli_time_format(cli_member_number(run, "at"), at);
    cli_sim_span(cli_member_number(run, "after"), after);
    cli_note(cli, "%s %s, after %s, in phase %llu: of %llu devices %llu granted, %llu updated, %llu lost",
             sentence(run), at, after, number(run, "phase"), number(run, "devices"), number(run, "granted"),
             number(run, "updated"), number(run, "lost"));
    if (number(run, "under_way") > 0)
        cli_note(cli, "%llu were under way and came to their end: at last %llu updated, %llu lost",
                 number(run, "under_way"), number(run, "updated_at_last"), number(run, "lost_at_last"));
    if (number(run, "outstanding") > 0)
        cli_note(cli, "%llu devices of open phases were still to come, %llu of them do not poll",
                 number(run, "outstanding"), number(run, "away"));
    if (json_is_true(json_object_get(run, "by_hand")))
        cli_note(cli, "gates were opened by hand, --operator after they could be");
}

static enum cli_exit show_whatifs(struct cli *cli, const json_t *run)
{
    auto_json json_t *rows = json_deep_copy(json_object_get(run, "what_if"));
    json_t *row;
    size_t i;

    if (json_array_size(rows) == 0)
        return CLI_DONE;
    json_array_foreach(rows, i, row)
    {
        char share[16];

        snprintf(share, sizeof(share), "%g %%", json_number_value(json_object_get(row, "bad")));
        cli_put_string(row, "share", share);
        put_after(row);
    }
    cli_note(cli, "\nA bad release, by the share of devices that revert it:");
    return cli_print_items(cli, rows, what_if);
}

enum cli_exit cli_sim_show(struct cli *cli, const json_t *run)
{
    auto_json json_t *rows = NULL;
    enum cli_exit code;

    if (cli->format == CLI_FORMAT_JSON)
        return cli_print_object(cli, run, phases);
    if (cli->format != CLI_FORMAT_TABLE)
        return cli_print_items(cli, json_object_get(run, "curve"), curve);
    if (cli_arg(cli->args, "columns") != NULL)
        return cli_print_items(cli, json_object_get(run, "phases"), phases);
    say(cli, run);
    cli_note(cli, " ");
    code = cli_print_items(cli, json_object_get(run, "phases"), phases);
    rows = rows_of(run);
    if (code == CLI_DONE)
        cli_note(cli, " ");
    if (code == CLI_DONE)
        code = cli_print_items(cli, rows, curve);
    return code == CLI_DONE ? show_whatifs(cli, run) : code;
}
