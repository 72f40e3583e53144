#include "show_explain.h"

#include "core/bytes.h"
#include "explain_rules.h"
#include "member.h"
#include "output.h"
#include "parse.h"
#include "table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ENDED_MAX 5u /* rollouts that have ended, unless all are asked for */

/* "phase 3, needed 1; ..." */
static void put_facts(FILE *to, json_t *facts)
{
    const char *name, *between = "";
    json_t *fact;

    json_object_foreach(facts, name, fact)
    {
        const char *have = cli_member_text(fact, "have"), *need = cli_member_text(fact, "need");

        fprintf(to, "%s%s %s%s%s", between, name, have, need[0] != '\0' ? ", needed " : "", need);
        between = "; ";
    }
}

/* Of a rollout that has ended, also why the device did not get it before. */
static char *facts_text(const json_t *rollout)
{
    const json_t *besides = json_object_get(rollout, "besides");
    char *out = NULL;
    size_t len;
    FILE *to = open_memstream(&out, &len);

    if (to == NULL)
        return NULL;
    put_facts(to, json_object_get(rollout, "facts"));
    if (json_is_object(besides)) {
        bool nothing = strcmp(cli_member_text(besides, "rule"), "ok") == 0;

        fprintf(to, "; besides %s%s", nothing ? "nothing" : cli_member_text(besides, "rule"),
                json_object_size(json_object_get(besides, "facts")) > 0 ? ": " : "");
        put_facts(to, json_object_get(besides, "facts"));
    }
    if (fclose(to) != 0) {
        free(out);
        return NULL;
    }
    return out;
}

static const char *answer_of(const json_t *rollout)
{
    const char *decision = cli_member_text(rollout, "decision");

    if (strcmp(decision, "offer") == 0 || strcmp(decision, "under-way") == 0)
        return decision;
    return json_is_true(json_object_get(rollout, "lasts")) ? "no" : "not now";
}

static char *number_text(uint64_t n)
{
    char *out = NULL;

    return asprintf(&out, "%" PRIu64, n) < 0 ? NULL : out;
}

/* One row of cells; the heading where rollout is NULL. */
static void fill(char **cell, const json_t *rollout, const char *device)
{
    static const char *const headings[] = {"ROLLOUT", "VERSION",           "STATE", "ANSWER", "RULE",
                                           "WHY",     "WHAT HAS TO CHANGE"};

    if (rollout == NULL) {
        for (size_t i = 0; i < OTTER_ARRAY_LEN(headings); i++)
            cell[i] = strdup(headings[i]);
        return;
    }
    cell[0] = number_text(cli_member_number(rollout, "id"));
    cell[1] = strdup(cli_member_text(rollout, "version"));
    cell[2] = strdup(cli_member_text(rollout, "state"));
    cell[3] = strdup(answer_of(rollout));
    cell[4] = strdup(cli_member_text(rollout, "rule"));
    cell[5] = facts_text(rollout);
    cell[6] = cli_explain_sentence(rollout, device);
}

#define COLUMNS ((size_t)7)

static const char *paint(size_t row, size_t column, const char *text)
{
    (void)row;
    if (column != 3)
        return NULL;
    if (strcmp(text, "no") == 0)
        return "\033[31m";
    return strcmp(text, "not now") == 0 ? "\033[33m" : "\033[32m";
}

/* Those that may offer something, then the ended ones, the newest first of both; of these `most`. */
static json_t *in_order(const json_t *rollouts, size_t most, size_t *ret_hidden)
{
    json_t *list = json_array();

    *ret_hidden = 0;
    for (unsigned ended = 0; ended <= 1; ended++)
        for (size_t i = json_array_size(rollouts); i > 0; i--) {
            json_t *r = json_array_get(rollouts, i - 1);

            if (json_is_object(json_object_get(r, "besides")) != (ended != 0))
                continue;
            if (ended == 0 || most > 0)
                (void)json_array_append(list, r);
            else
                ++*ret_hidden;
            if (ended == 1 && most > 0)
                most--;
        }
    return list;
}

static bool put_table(struct cli *cli, const json_t *rollouts, const char *device)
{
    static const bool right[COLUMNS] = {true};
    size_t rows = json_array_size(rollouts) + 1;
    struct cli_table t = {.columns = COLUMNS,
                          .rows = rows,
                          .cell = calloc(rows * COLUMNS, sizeof(char *)),
                          .to_right = right,
                          .headed = true,
                          .color = cli->color,
                          .screen = cli->screen,
                          .paint = paint};
    bool ok = t.cell != NULL;

    for (size_t i = 0; ok && i < rows; i++) {
        fill(t.cell + i * COLUMNS, i > 0 ? json_array_get(rollouts, i - 1) : NULL, device);
        for (size_t k = 0; k < COLUMNS; k++)
            ok = ok && t.cell[i * COLUMNS + k] != NULL;
    }
    ok = ok && cli_table_print(cli->out, &t);
    for (size_t i = 0; t.cell != NULL && i < rows * COLUMNS; i++)
        free(t.cell[i]);
    free(t.cell);
    return ok;
}

enum cli_exit cli_show_explain(struct cli *cli, const json_t *explanation, bool all)
{
    const json_t *rollouts = json_object_get(explanation, "rollouts");
    auto_json json_t *shown = NULL;
    size_t hidden;
    const char *device = cli_member_text(explanation, "device");
    char at[CLI_TIME_STR];

    cli_time_format(cli_member_number(explanation, "at"), at);
    cli_note(cli, "%s at %s", device, at);
    if (json_array_size(rollouts) == 0) {
        cli_note(cli, "There is no rollout of its product.\notter rollout create makes one");
        return CLI_DONE;
    }
    shown = in_order(rollouts, all ? SIZE_MAX : ENDED_MAX, &hidden);
    if (shown == NULL || !put_table(cli, shown, device))
        return cli_fail_memory(cli);
    if (hidden > 0)
        cli_note(cli, "and %zu that ended before: --ended", hidden);
    return CLI_DONE;
}
