#include "show_fleet.h"

#include "core/bytes.h"
#include "core/update_state.h"
#include "frozen.h"
#include "member.h"
#include "output.h"
#include "table.h"
#include "terminal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define KEYS_MAX 3u

/* In the order of the bar, with what falls in none of them last. */
static const char bar_marks[] = "#=>!~.";
#define BAR_KINDS (sizeof(bar_marks) - 1)

static unsigned bar_kind(const char *state)
{
    enum otter_update_state known = otter_update_state_find(state, strlen(state));

    if (strcmp(state, "idle") == 0)
        return 1;
    if (known >= OTTER_UPDATE_STATE_COUNT)
        return BAR_KINDS - 1;
    if (known == OTTER_UPDATE_SUCCEEDED)
        return 0;
    if (!otter_update_finished(known))
        return 2;
    return known == OTTER_UPDATE_CANCELLED ? 4 : 3;
}

/* Shares of the bar: rounded down, at least one where there is any; the largest gives or takes the rest. */
static void share(const uint64_t n[BAR_KINDS], uint64_t total, size_t width[BAR_KINDS])
{
    size_t sum = 0, largest = 0;

    for (size_t i = 0; i < BAR_KINDS; i++) {
        width[i] = (size_t)((double)n[i] / (double)total * CLI_STATE_BAR);
        if (n[i] > 0 && width[i] == 0)
            width[i] = 1;
        sum += width[i];
        if (n[i] > n[largest])
            largest = i;
    }
    /* Each of the others has at most its share or 1, so that the largest keeps at least 1. */
    width[largest] += CLI_STATE_BAR;
    width[largest] -= sum;
}

void cli_state_bar(const json_t *states, char out[CLI_STATE_BAR + 1])
{
    uint64_t n[BAR_KINDS] = {0}, total = 0;
    size_t width[BAR_KINDS], at = 0;
    const char *name;
    json_t *v;

    json_object_foreach((json_t *)(uintptr_t)states, name, v)
    {
        uint64_t count = json_integer_value(v) > 0 ? (uint64_t)json_integer_value(v) : 0;

        n[bar_kind(name)] += count;
        total += count;
    }
    memset(out, ' ', CLI_STATE_BAR);
    out[CLI_STATE_BAR] = '\0';
    if (total == 0)
        return;
    share(n, total, width);
    for (size_t i = 0; i < BAR_KINDS; i++) {
        memset(out + at, bar_marks[i], width[i]);
        at += width[i];
    }
}

/* "38 idle, 2 failed": what is zero is left out. */
static char *counts(const json_t *o)
{
    char *out = NULL;
    size_t len;
    FILE *to = open_memstream(&out, &len);
    const char *name, *between = "";
    json_t *v;

    if (to == NULL)
        return NULL;
    json_object_foreach((json_t *)(uintptr_t)o, name, v)
    {
        if (json_integer_value(v) <= 0)
            continue;
        fprintf(to, "%s%" PRId64 " %s", between, (int64_t)json_integer_value(v), name);
        between = ", ";
    }
    if (fclose(to) != 0) {
        free(out);
        return NULL;
    }
    return out;
}

static char *bar(const json_t *states)
{
    char text[CLI_STATE_BAR + 1];
    char *out = NULL;

    cli_state_bar(states, text);
    return asprintf(&out, "[%s]", text) < 0 ? NULL : out;
}

/* The last-seen ages in the order of time, whatever the order of the members. */
static char *ages(const json_t *o)
{
    static const struct {
        const char *name, *shown;
    } rows[] = {{"hour", "within an hour"}, {"day", "a day"},        {"week", "a week"},
                {"month", "a month"},       {"older", "longer ago"}, {"never", "never"}};
    auto_json json_t *named = json_object();

    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++)
        cli_put_uint(named, rows[i].shown, cli_member_number(o, rows[i].name));
    return counts(named);
}

static char *number_text(uint64_t n)
{
    char *out = NULL;

    return asprintf(&out, "%" PRIu64, n) < 0 ? NULL : out;
}

static char *upper(const char *name)
{
    char *out = strdup(name);

    for (char *p = out; p != NULL && *p != '\0'; p++)
        if (*p >= 'a' && *p <= 'z')
            *p = (char)(*p - 'a' + 'A');
    return out;
}

/* One row of cells: the keys, then devices, bar, states, ages; the heading where group is NULL. */
static void fill(char **cell, const json_t *by, const json_t *group)
{
    static const char *const headings[] = {"DEVICES", "BAR", "STATES", "LAST SEEN"};
    size_t n = json_array_size(by) < KEYS_MAX ? json_array_size(by) : KEYS_MAX;

    for (size_t i = 0; i < n; i++) {
        const char *key = json_string_value(json_array_get(json_object_get(group, "key"), i));
        const char *name = json_string_value(json_array_get(by, i));

        cell[i] = group == NULL ? upper(name != NULL ? name : "?") : strdup(key != NULL ? key : "(none)");
    }
    for (size_t i = 0; group == NULL && i < 4; i++)
        cell[n + i] = strdup(headings[i]);
    if (group == NULL)
        return;
    cell[n] = number_text(cli_member_number(group, "devices"));
    cell[n + 1] = bar(json_object_get(group, "states"));
    cell[n + 2] = counts(json_object_get(group, "states"));
    cell[n + 3] = ages(json_object_get(group, "ages"));
}

static bool put_groups(struct cli *cli, const json_t *summary)
{
    const json_t *by = json_object_get(summary, "by"), *groups = json_object_get(summary, "groups");
    size_t keys = json_array_size(by) < KEYS_MAX ? json_array_size(by) : KEYS_MAX;
    size_t rows = json_array_size(groups) + 1, columns = keys + 4;
    bool right[KEYS_MAX + 4] = {false}, ok;
    struct cli_table t = {.columns = columns,
                          .rows = rows,
                          .to_right = right,
                          .headed = true,
                          .color = cli->color,
                          .screen = cli->screen};

    right[keys] = true;
    t.cell = calloc(rows * columns, sizeof(*t.cell));
    ok = t.cell != NULL;
    for (size_t i = 0; ok && i < rows; i++) {
        fill(t.cell + i * columns, by, i > 0 ? json_array_get(groups, i - 1) : NULL);
        for (size_t k = 0; k < columns; k++)
            ok = ok && t.cell[i * columns + k] != NULL;
    }
    ok = ok && cli_table_print(cli->out, &t);
    for (size_t i = 0; t.cell != NULL && i < rows * columns; i++)
        free(t.cell[i]);
    free(t.cell);
    return ok;
}

static enum cli_exit put_unknown(struct cli *cli, const json_t *summary)
{
    static const struct cli_column columns[] = {{"digest", "sha256", CLI_KIND_SHORT},
                                                {"says it is", "version"},
                                                {"devices", "devices", CLI_KIND_NUMBER},
                                                {NULL}};
    const json_t *list = json_object_get(summary, "unknown_digests");
    const char *version;
    enum cli_exit code;

    if (json_array_size(list) == 0)
        return CLI_DONE;
    cli_note(cli, "\nRunning what is no image of a published release:");
    code = cli_print_items(cli, list, columns);
    version = json_string_value(json_object_get(json_array_get(list, 0), "version"));
    cli_note(
        cli,
        "Such as the factory's firmware, a developer's build, or a release of another server. Who runs it:\n"
        "otter device list --filter 'version == %s' --columns id,digest,last_seen",
        version != NULL ? version : "VERSION");
    return code;
}

enum cli_exit cli_show_fleet(struct cli *cli, const json_t *summary)
{
    auto_free char *states = counts(json_object_get(summary, "states"));
    auto_free char *seen = ages(json_object_get(summary, "ages"));
    auto_free char *banner = cli_frozen_banner(summary, cli->color);
    uint64_t retired = cli_member_number(summary, "retired");

    if (states == NULL || seen == NULL)
        return cli_fail_memory(cli);
    if (banner != NULL)
        cli_put_text(cli, banner);
    if (retired > 0)
        cli_note(cli, "%" PRIu64 " devices, and %" PRIu64 " retired", cli_member_number(summary, "devices"),
                 retired);
    else
        cli_note(cli, "%" PRIu64 " devices", cli_member_number(summary, "devices"));
    cli_note(cli, "states     %s\nlast seen  %s\n", states[0] != '\0' ? states : "-",
             seen[0] != '\0' ? seen : "-");
    if (!put_groups(cli, summary))
        return cli_fail_memory(cli);
    if (cli_member_number(summary, "left_out") > 0)
        cli_note(cli, "and %" PRIu64 " smaller groups", cli_member_number(summary, "left_out"));
    cli_note(cli,
             "# succeeded  = idle  > under way  ! failed, reverted, timed out  ~ cancelled  . never seen");
    return put_unknown(cli, summary);
}
