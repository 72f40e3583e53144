/* Ids for completion, asked of the server in passing: quickly, or not at all. */
#include "api.h"
#include "completion.h"

#include "core/bytes.h"
#include "width.h"

#include <stdlib.h>
#include <string.h>

#define PATIENCE_S 1u

/* A list that has ids: where it is, what to offer of an item, and what to say of it. */
struct list {
    enum cli_takes takes;
    const char *path;
    struct cli_column id[2], says[3]; /* joined: "pump" "@" "1.1.0" */
    const char *between;
};

static const struct list lists[] = {
    {CLI_TAKES_DEVICE,
     "/api/v1/devices?limit=100",
     {{"id", "id"}},
     {{"product", "product"}, {"version", "running.version"}},
     ""},
    {CLI_TAKES_ROLLOUT,
     "/api/v1/rollouts?limit=100",
     {{"id", "id"}},
     {{"state", "state"}, {"product", "product"}, {"version", "version"}},
     ""},
    {CLI_TAKES_RELEASE,
     "/api/v1/releases?limit=1000",
     {{"product", "product"}, {"version", "version"}},
     {{"id", "id", CLI_KIND_SHORT}},
     "@"},
    {CLI_TAKES_GROUP, "/api/v1/groups?limit=1000", {{"name", "name"}}, {{"target", "target"}}, ""},
    {CLI_TAKES_OPERATOR, "/api/v1/operators?limit=1000", {{"name", "name"}}, {{"created", "created"}}, ""},
};

/* A server that one does not know may send anything: a shell is offered no word that it would expand. */
static bool is_plain(const char *s)
{
    return s[0] != '\0' && s[0] != '-' &&
           s[strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:@+-")] == '\0';
}

static void join(const json_t *item, const struct cli_column *column, size_t n, const char *between, FILE *to)
{
    for (size_t i = 0; i < n && column[i].name != NULL; i++) {
        auto_free char *text = cli_cell(item, &column[i], false);
        auto_free char *shown = text != NULL ? cli_printable(text) : NULL;

        fprintf(to, "%s%s", i > 0 ? between : "", shown != NULL ? shown : "");
    }
}

static void offer_item(const struct list *list, const json_t *item, const char *start, FILE *to)
{
    char *id = NULL;
    size_t len;
    FILE *text = open_memstream(&id, &len);

    if (text == NULL)
        return;
    join(item, list->id, OTTER_ARRAY_LEN(list->id), list->between, text);
    if (fclose(text) == 0 && is_plain(id) && strncmp(id, start, strlen(start)) == 0) {
        fprintf(to, "%s\t", id);
        join(item, list->says, OTTER_ARRAY_LEN(list->says), " ", to);
        fputc('\n', to);
    }
    free(id);
}

/* Of a fleet only those that begin so. */
static char *path_of(const struct list *list, const char *start)
{
    char *path = NULL;

    if (list->takes != CLI_TAKES_DEVICE || start[0] == '\0')
        return strdup(list->path);
    return asprintf(&path, "%s&filter=id%%20%%3D%%3D%%20%%22%s*%%22", list->path, start) < 0 ? NULL : path;
}

static void ask(struct cli *cli, const struct list *list, const char *start, FILE *to)
{
    auto_free char *path = path_of(list, start);
    auto_reply struct cli_reply reply = {0};
    const json_t *item;
    size_t i;

    if (path == NULL ||
        cli_api(cli, &(struct cli_request){.method = "GET", .path = path}, &reply) != CLI_DONE)
        return;
    json_array_foreach(json_object_get(reply.json, "items"), i, item) offer_item(list, item, start, to);
}

/* Which server, and who asks: as far as the line says so already. */
static bool line_args(const struct cli_line *line, struct cli_args *ret)
{
    static const char *const wanted[] = {"--server", "--token-file", "--cacert", "--insecure-plain-http"};
    const struct cli_syntax syntax = {.globals = cli_global_options};
    char **words = calloc(line->n + 1, sizeof(*words));
    bool ok = false;
    int n = 0;

    for (size_t i = 0; words != NULL && i + 1 < line->n; i++) {
        size_t k = 0, len = strcspn(line->words[i], "=");

        while (k < OTTER_ARRAY_LEN(wanted) &&
               (strlen(wanted[k]) != len || strncmp(line->words[i], wanted[k], len) != 0))
            k++;
        if (k == OTTER_ARRAY_LEN(wanted))
            continue;
        words[n++] = line->words[i];
        if (k < 3 && line->words[i][len] == '\0' && i + 2 < line->n)
            words[n++] = line->words[++i];
    }
    if (words != NULL)
        ok = cli_args_parse(&syntax, n, words, ret, NULL);
    free(words);
    return ok;
}

void cli_complete_ids(struct cli *cli, const struct cli_line *line, enum cli_takes takes, const char *start,
                      FILE *to)
{
    struct cli quiet = *cli;
    struct cli_args args;

    if ((start[0] != '\0' && !is_plain(start)) || !line_args(line, &args))
        return;
    quiet.err = fopen("/dev/null", "we");
    quiet.args = &args;
    quiet.patience = PATIENCE_S;
    for (size_t i = 0; quiet.err != NULL && i < OTTER_ARRAY_LEN(lists); i++)
        if (lists[i].takes == takes)
            ask(&quiet, &lists[i], start, to);
    cli_session_close(&quiet);
    cli_args_free(&args);
    if (quiet.err != NULL)
        fclose(quiet.err);
}
