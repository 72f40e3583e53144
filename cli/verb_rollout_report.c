#include "verb.h"

#include "api.h"
#include "columns.h"
#include "pages.h"
#include "rollout_action.h"

const char cli_notes_rollout_report[] =
    "A line for each device: those with an attempt, and those that wait, with what they wait for. All of "
    "them, whatever\ntheir number; --filter takes what an expression selects (state == failed). For a "
    "spreadsheet: --format csv.";

static const struct cli_column columns[] = {
    {"device", "device"},
    {"hardware", "hardware"},
    {"version", "version"},
    {"phase", "phase", CLI_KIND_NUMBER},
    {"state", "state", CLI_KIND_STATE},
    {"reason", "reason"},
    {"offered", "offered", CLI_KIND_TIME},
    {"updated", "updated", CLI_KIND_TIME},
    {"finished", "finished", CLI_KIND_TIME},
    {"bytes", "bytes", CLI_KIND_BYTES},
    {"detail", "detail"},
    {"attempt", "attempt", CLI_KIND_NUMBER, .extra = true},
    {NULL},
};

/* Lines are written page by page, but for a table, whose columns are as wide as their widest cell. */
struct report {
    struct cli_pages pages;
    json_t *items; /* of a table or of JSON */
    bool begun;
};

static enum cli_exit take_page(struct cli_pages *pages, struct cli *cli, const json_t *items)
{
    struct report *r = OTTER_CONTAINER_OF(pages, struct report, pages);
    enum cli_exit code;

    if (cli->format == CLI_FORMAT_TABLE || cli->format == CLI_FORMAT_JSON)
        return json_array_extend(r->items, (json_t *)(uintptr_t)items) == 0 ? CLI_DONE : cli_fail_memory(cli);
    code = r->begun ? cli_print_more(cli, items, columns) : cli_print_items(cli, items, columns);
    r->begun = true;
    if (code == CLI_DONE && (fflush(cli->out) != 0 || ferror(cli->out)))
        return cli_fail(cli, CLI_FILE, "writing the result failed");
    return code;
}

static enum cli_exit print(struct cli *cli, const struct report *r)
{
    auto_json json_t *list = json_pack("{s:O, s:n}", "items", r->items, "next");

    if (list == NULL)
        return cli_fail_memory(cli);
    return cli->format == CLI_FORMAT_JSON ? cli_print_object(cli, list, columns)
                                          : cli_print_items(cli, r->items, columns);
}

enum cli_exit cli_run_rollout_report(struct cli *cli, const struct cli_args *args)
{
    auto_json json_t *items = json_array();
    struct report r = {.pages = {.page = take_page}, .items = items};
    char path[CLI_ROLLOUT_PATH];
    enum cli_exit code = cli_rollout_path(cli, args->operand[0], "/devices", path);

    if (code == CLI_DONE)
        code = cli_columns_check(cli, columns);
    if (code != CLI_DONE)
        return code;
    code = cli_api_pages(cli, path, cli_arg(args, "filter"), NULL, UINT64_MAX, &r.pages);
    if (code == CLI_DONE && (cli->format == CLI_FORMAT_TABLE || cli->format == CLI_FORMAT_JSON))
        code = print(cli, &r);
    return code;
}
