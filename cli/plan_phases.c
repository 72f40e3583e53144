#include "plan_phases.h"

#include "core/bytes.h"
#include "parse.h"
#include "plan_value.h"

#include <string.h>

/* What is said of the gate behind a phase. */
static const struct row {
    const char *option, *member;
    json_t *(*value)(const char *s);
    const char *expected;
    bool between; /* said of what leads from one phase to the next: one value for all leaves the last one out
                   */
} rows[] = {
    {"success", "success", cli_plan_share, "percents, as 99.5 or 100,95,95"},
    {"failure", "failure", cli_plan_share, "percents, as 5 or 0,2.5,5"},
    {"min-sample", "min_sample", cli_plan_count, "numbers of devices, as 20 or 5,20,50"},
    {"soak", "soak", cli_plan_duration, "durations, as 1h or 30m,4h,none"},
    {"gate", "gate", cli_plan_gate, "auto or manual, as auto or manual,auto,auto"},
    {"approval", "approval", cli_plan_yes, "yes or no, as yes or no,no,yes", .between = true},
};

struct list {
    struct cli_piece piece;
    json_t *(*value)(const char *s);
    json_t *out;
};

static bool one(struct cli_piece *piece, const char *text)
{
    struct list *list = OTTER_CONTAINER_OF(piece, struct list, piece);

    return json_array_append_new(list->out, list->value(text)) == 0; /* NULL is refused */
}

/* A new array; NULL: malformed. */
static json_t *split(const char *text, json_t *(*value)(const char *s))
{
    struct list list = {.piece = {one}, .value = value, .out = json_array()};

    if (list.out != NULL && cli_split(text, ',', &list.piece))
        return list.out;
    json_decref(list.out);
    return NULL;
}

/* Each phase as an object of its own, so that more can be said of it. What options say is sent so from the
 * first: bare percentages are the API's old form, of which a plan's file may be, and never halt. */
static void make_objects(json_t *phases)
{
    for (size_t i = 0; i < json_array_size(phases); i++)
        if (json_is_number(json_array_get(phases, i)))
            json_array_set_new(phases, i, json_pack("{s:O}", "percent", json_array_get(phases, i)));
}

static enum cli_exit set_widths(struct cli *cli, const char *text, json_t *body)
{
    auto_json json_t *phases = split(text, cli_plan_phase);

    if (phases == NULL)
        return cli_fail(cli, CLI_USAGE,
                        "--phases %s: expected percents, devices or groups between commas, as 5,25,100 or "
                        "10dev,5%%,group:lab,100",
                        text);
    json_object_set(body, "phases", phases);
    return CLI_DONE;
}

static enum cli_exit set_each(struct cli *cli, const struct row *row, const char *text, json_t *phases)
{
    auto_json json_t *values = split(text, row->value);
    size_t n = json_array_size(values), count = json_array_size(phases);

    if (values == NULL)
        return cli_fail(cli, CLI_USAGE, "--%s %s: expected %s", row->option, text, row->expected);
    if (n != 1 && n != count)
        return cli_fail(cli, CLI_USAGE, "--%s %s: %zu values for %zu phases: give one, or one for each",
                        row->option, text, n, count);
    make_objects(phases);
    for (size_t i = 0; i < count; i++)
        if (n == count || !row->between || i + 1 < count)
            json_object_set(json_array_get(phases, i), row->member, json_array_get(values, n == 1 ? 0 : i));
    return CLI_DONE;
}

/* --auto is the member `auto` of phases in the old form, and the gate of each in the new one. */
static enum cli_exit set_auto(struct cli *cli, const struct cli_args *args, json_t *body, json_t *phases)
{
    if (!cli_arg_flag(args, "auto"))
        return CLI_DONE;
    if (cli_arg(args, "gate") != NULL)
        return cli_fail(cli, CLI_USAGE, "--auto is --gate auto: give one of them");
    if (!json_is_object(json_array_get(phases, 0))) {
        json_object_set_new(body, "auto", json_true());
        return CLI_DONE;
    }
    make_objects(phases);
    for (size_t i = 0; i < json_array_size(phases); i++)
        json_object_set_new(json_array_get(phases, i), "gate", json_string("auto"));
    return CLI_DONE;
}

enum cli_exit cli_plan_phases(struct cli *cli, const struct cli_args *args, json_t *body)
{
    const char *widths = cli_arg(args, "phases");
    enum cli_exit code = CLI_DONE;
    json_t *phases;

    if (widths != NULL)
        code = set_widths(cli, widths, body);
    else if (json_object_get(body, "phases") == NULL)
        json_object_set_new(body, "phases", json_pack("[{s:i}]", "percent", 100));
    phases = json_object_get(body, "phases");
    for (size_t i = 0; code == CLI_DONE && i < OTTER_ARRAY_LEN(rows); i++)
        if (cli_arg(args, rows[i].option) != NULL)
            code = set_each(cli, &rows[i], cli_arg(args, rows[i].option), phases);
    return code == CLI_DONE ? set_auto(cli, args, body, phases) : code;
}

const char *cli_plan_phase_option(const char *member, size_t len)
{
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++)
        if (strlen(rows[i].member) == len && memcmp(rows[i].member, member, len) == 0)
            return rows[i].option;
    return NULL;
}
