#include "show_preview.h"

#include "core/bytes.h"
#include "member.h"
#include "output.h"
#include "parse.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct cli_column phases[] = {
    {"phase", "phase", CLI_KIND_NUMBER},
    {"devices", "devices", CLI_KIND_NUMBER},
    {"granted", "granted", CLI_KIND_NUMBER},
    {"to send", "bytes", CLI_KIND_BYTES},
    {"opens", "opens_at", CLI_KIND_TIME},
    {"ends", "ends_at", CLI_KIND_TIME},
    {"bound by", "bound"},
    {"hardware", "hardware", .inside = true},
    {"runs", "versions", .inside = true},
    {"first", "ids", .extra = true, .inside = true},
    {NULL},
};

static const struct cli_column refused[] = {
    {"refused by", "rule"},
    {"devices", "devices", CLI_KIND_NUMBER},
    {"lasts", "lasts"},
    {"such as", "ids"},
    {NULL},
};

/* "1.0.0 (90), 1.1.0 (10)" in the place of {"1.0.0": 90, "1.1.0": 10}. */
static bool in_words(json_t *phase, const char *member)
{
    json_t *kinds = json_object_get(phase, member), *devices;
    const char *name, *between = "";
    char *out = NULL;
    size_t len;
    FILE *to = open_memstream(&out, &len);
    bool ok = to != NULL;

    if (!ok)
        return false;
    json_object_foreach(kinds, name, devices)
    {
        fprintf(to, "%s%s (%lld)", between, name, (long long)json_integer_value(devices));
        between = ", ";
    }
    ok = fclose(to) == 0 && json_object_set_new(phase, member, json_string(out)) == 0;
    free(out);
    return ok;
}

/* "dev-1 dev-2 ...", and nothing that says more than a line can. */
static bool some_of(json_t *row)
{
    const json_t *ids = json_object_get(row, "ids");
    char text[256] = "";
    size_t at = 0;

    for (size_t i = 0; i < json_array_size(ids) && i < 3; i++) {
        const char *id = json_string_value(json_array_get(ids, i));

        snprintf(text + at, sizeof(text) - at, "%s%.64s", i > 0 ? ", " : "", id != NULL ? id : "");
        at = strlen(text);
    }
    if (cli_member_number(row, "devices") > 3)
        snprintf(text + at, sizeof(text) - at, ", ...");
    return json_object_set_new(row, "ids", json_string(text)) == 0;
}

/* What makes it last so long: of the phases, the bound of the one that lasts longest. */
static const char *bound_of(const json_t *preview)
{
    static const struct {
        const char *bound, *words;
    } table[] = {
        {"max_active", ", bound by --max-active"},
        {"per_minute", ", bound by --per-minute"},
        {"bytes_per_second", ", bound by --bandwidth"},
    };
    const char *bound = "";
    uint64_t longest = 0;
    const json_t *phase;
    size_t i;

    json_array_foreach(json_object_get(preview, "phases"), i, phase)
    {
        uint64_t opens = cli_member_number(phase, "opens_at"), ends = cli_member_number(phase, "ends_at");

        if (ends > opens && ends - opens > longest) {
            longest = ends - opens;
            bound = cli_member_text(phase, "bound");
        }
    }
    for (i = 0; i < OTTER_ARRAY_LEN(table); i++)
        if (strcmp(bound, table[i].bound) == 0)
            return table[i].words;
    return "";
}

static bool has_ended(const json_t *preview)
{
    const char *state = cli_member_text(preview, "state");

    return strcmp(state, "complete") == 0 || strcmp(state, "aborted") == 0 ||
           strcmp(state, "rolled-back") == 0;
}

static void note_end(struct cli *cli, const json_t *preview)
{
    uint64_t ends = cli_member_number(preview, "earliest_end");
    char at[CLI_TIME_STR];

    if (has_ended(preview)) {
        cli_note(cli, "It is %s: nothing more is granted", cli_member_text(preview, "state"));
        return;
    }
    if (ends == 0) {
        cli_note(cli,
                 "It cannot end by this plan: its time is over before all are granted, or no window opens");
        return;
    }
    cli_time_format(ends, at);
    cli_note(cli, "Ends at %s at the earliest%s%s", at, bound_of(preview),
             json_is_true(json_object_get(preview, "by_hand")) ? ", if you open its gates at once" : "");
}

static bool for_people(json_t *preview)
{
    json_t *row;
    size_t i;
    bool ok = true;

    json_array_foreach(json_object_get(preview, "phases"), i, row)
    {
        ok = ok && in_words(row, "hardware") && in_words(row, "versions");
    }
    json_array_foreach(json_object_get(preview, "refused"), i, row)
    {
        ok = ok && some_of(row);
    }
    return ok;
}

enum cli_exit cli_show_preview(struct cli *cli, const json_t *preview)
{
    auto_json json_t *shown = json_deep_copy(preview);
    const json_t *against = json_object_get(shown, "refused");
    enum cli_exit code;

    if (cli->format != CLI_FORMAT_TABLE || cli_arg(cli->args, "columns") != NULL)
        return cli_print_items(cli, json_object_get(preview, "phases"), phases);
    if (shown == NULL || !for_people(shown))
        return cli_fail_memory(cli);
    code = cli_print_items(cli, json_object_get(shown, "phases"), phases);
    if (code == CLI_DONE && json_array_size(against) > 0) {
        cli_note(cli, " ");
        code = cli_print_items(cli, against, refused);
    }
    if (code == CLI_DONE)
        note_end(cli, preview);
    return code;
}
