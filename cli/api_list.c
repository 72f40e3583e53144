/* Lists of the operators' API, page by page. */
#include "api.h"

#include "parse.h"

#include <stdlib.h>
#include <string.h>

#define PAGE_DEFAULT 100u
#define PAGE_MAX     1000u

/* What of a list is asked for; strings are borrowed. */
struct page {
    const char *path;
    const char *filter;
    const char *sort;
    const char *cursor;
    uint64_t limit;
};

static char *query_value(const char *name, const char *value)
{
    auto_free char *escaped = value != NULL ? host_http_escape(value) : NULL;
    char *out = NULL;

    if (value == NULL)
        return strdup("");
    if (escaped == NULL || asprintf(&out, "&%s=%s", name, escaped) < 0)
        return NULL;
    return out;
}

static char *page_path(const struct page *p)
{
    auto_free char *filter = query_value("filter", p->filter);
    auto_free char *sort = query_value("sort", p->sort);
    auto_free char *cursor = query_value("cursor", p->cursor);
    char *out = NULL;

    if (filter == NULL || sort == NULL || cursor == NULL ||
        asprintf(&out, "%s?limit=%llu%s%s%s", p->path, (unsigned long long)p->limit, filter, sort, cursor) <
            0)
        return NULL;
    return out;
}

static enum cli_exit get_page(struct cli *cli, const struct page *p, struct cli_reply *ret)
{
    auto_free char *path = page_path(p);
    struct cli_reply reply = {0};
    enum cli_exit code;

    if (path == NULL)
        return cli_fail_memory(cli);
    code = cli_api(cli, &(struct cli_request){.method = "GET", .path = path}, &reply);
    if (code != CLI_DONE)
        return code;
    if (!json_is_array(json_object_get(reply.json, "items"))) {
        cli_reply_free(&reply);
        return cli_fail(cli, CLI_UNREACHABLE, "%s: the reply is no list: is this an otterd?", p->path);
    }
    *ret = reply;
    return CLI_DONE;
}

/* Follows `next` to the end; *ret_items holds what came. */
static enum cli_exit get_all(struct cli *cli, struct page p, json_t **ret_items)
{
    auto_json json_t *items = json_array();
    auto_free char *cursor = NULL;

    for (;;) {
        auto_reply struct cli_reply reply = {0};
        const char *next;
        enum cli_exit code;

        p.cursor = cursor;
        code = get_page(cli, &p, &reply);
        if (code != CLI_DONE)
            return code;
        if (json_array_extend(items, json_object_get(reply.json, "items")) != 0)
            return cli_fail_memory(cli);
        next = json_string_value(json_object_get(reply.json, "next"));
        free(cursor);
        cursor = next != NULL ? strdup(next) : NULL;
        if (next == NULL)
            break;
    }
    *ret_items = HOST_STEAL(items);
    return CLI_DONE;
}

enum cli_exit cli_api_all(struct cli *cli, const char *path, json_t **ret_items)
{
    return get_all(cli, (struct page){.path = path, .limit = PAGE_MAX}, ret_items);
}

static enum cli_exit print_all(struct cli *cli, const struct page *p, const struct cli_column *columns)
{
    auto_json json_t *items = NULL, *list = NULL;
    enum cli_exit code = get_all(cli, *p, &items);

    if (code != CLI_DONE || cli->format != CLI_FORMAT_JSON)
        return code == CLI_DONE ? cli_print_items(cli, items, columns) : code;
    list = json_pack("{s:O, s:n}", "items", items, "next");
    return list != NULL ? cli_print_object(cli, list, columns) : cli_fail_memory(cli);
}

enum cli_exit cli_api_list(struct cli *cli, const char *path, const struct cli_column *columns)
{
    const char *limit = cli_arg(cli->args, "limit");
    bool all = cli_arg_flag(cli->args, "all");
    struct page p = {.path = path,
                     .filter = cli_arg(cli->args, "filter"),
                     .sort = cli_arg(cli->args, "sort"),
                     .limit = all ? PAGE_MAX : PAGE_DEFAULT};
    auto_reply struct cli_reply reply = {0};
    enum cli_exit code;

    if (limit != NULL && (!cli_parse_number(limit, PAGE_MAX, false, &p.limit) || p.limit == 0))
        return cli_fail(cli, CLI_USAGE, "--limit %s: expected 1 to %u; --all fetches everything", limit,
                        PAGE_MAX);
    if (all)
        return print_all(cli, &p, columns);
    code = get_page(cli, &p, &reply);
    if (code != CLI_DONE)
        return code;
    if (cli->format == CLI_FORMAT_JSON) {
        cli_print_text(cli, reply.http.body, reply.http.body_len);
        return CLI_DONE;
    }
    code = cli_print_items(cli, json_object_get(reply.json, "items"), columns);
    if (code == CLI_DONE && json_is_string(json_object_get(reply.json, "next")))
        fputs("There are more: --all shows them all\n", cli->err);
    return code;
}
