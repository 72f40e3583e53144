/* Lists of the operators' API, page by page. */
#include "api.h"

#include "columns.h"
#include "core/bytes.h"
#include "expression.h"
#include "pages.h"
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
    code = cli_api(cli, &(struct cli_request){.method = "GET", .path = path, .tolerate = true}, &reply);
    if (code != CLI_DONE) {
        code = cli_expression_problem(cli, code, &reply, p->filter);
        cli_reply_free(&reply);
        return code;
    }
    if (!json_is_array(json_object_get(reply.json, "items"))) {
        cli_reply_free(&reply);
        return cli_fail(cli, CLI_UNREACHABLE, "%s: the reply is no list: is this an otterd?", p->path);
    }
    *ret = reply;
    return CLI_DONE;
}

/* Takes the cursor of the next page over into *cursor; NULL = that was the last. */
static enum cli_exit follow(struct cli *cli, const struct page *p, const struct cli_reply *reply,
                            char **cursor)
{
    const char *next = json_string_value(json_object_get(reply->json, "next"));

    if (next != NULL && *cursor != NULL && strcmp(next, *cursor) == 0)
        return cli_fail(cli, CLI_UNREACHABLE, "%s: the server names the same page twice", p->path);
    free(*cursor);
    *cursor = next != NULL ? strdup(next) : NULL;
    return next == NULL || *cursor != NULL ? CLI_DONE : cli_fail_memory(cli);
}

enum cli_exit cli_api_pages(struct cli *cli, const char *path, const char *filter, const char *sort,
                            uint64_t most, struct cli_pages *to)
{
    struct page p = {.path = path, .filter = filter, .sort = sort};
    auto_free char *cursor = NULL;

    do {
        auto_reply struct cli_reply reply = {0};
        enum cli_exit code;

        p.cursor = cursor;
        p.limit = most < PAGE_MAX ? most : PAGE_MAX;
        code = get_page(cli, &p, &reply);
        if (code == CLI_DONE)
            code = follow(cli, &p, &reply, &cursor);
        if (code == CLI_DONE)
            code = to->page(to, cli, json_object_get(reply.json, "items"));
        if (code != CLI_DONE)
            return code;
        most -= p.limit;
    } while (cursor != NULL && most > 0);
    to->more = cursor != NULL;
    return CLI_DONE;
}

struct collector {
    struct cli_pages pages;
    json_t *items;
};

static enum cli_exit collect(struct cli_pages *pages, struct cli *cli, const json_t *items)
{
    struct collector *c = OTTER_CONTAINER_OF(pages, struct collector, pages);

    return json_array_extend(c->items, (json_t *)(uintptr_t)items) == 0 ? CLI_DONE : cli_fail_memory(cli);
}

enum cli_exit cli_api_all(struct cli *cli, const char *path, json_t **ret_items)
{
    auto_json json_t *items = json_array();
    struct collector c = {.pages = {.page = collect}, .items = items};
    enum cli_exit code = cli_api_pages(cli, path, NULL, NULL, UINT64_MAX, &c.pages);

    if (code == CLI_DONE)
        *ret_items = HOST_STEAL(items);
    return code;
}

/* csv and jsonl need no whole: each page is written as it comes, so that a large fleet takes no memory. */
struct streamer {
    struct cli_pages pages;
    const struct cli_column *columns;
    bool begun;
};

static enum cli_exit stream(struct cli_pages *pages, struct cli *cli, const json_t *items)
{
    struct streamer *s = OTTER_CONTAINER_OF(pages, struct streamer, pages);
    enum cli_exit code =
        s->begun ? cli_print_more(cli, items, s->columns) : cli_print_items(cli, items, s->columns);

    s->begun = true;
    if (code == CLI_DONE && (fflush(cli->out) != 0 || ferror(cli->out)))
        return cli_fail(cli, CLI_FILE, "writing the result failed");
    return code;
}

static enum cli_exit print_whole(struct cli *cli, const json_t *items, bool more,
                                 const struct cli_column *columns)
{
    auto_json json_t *list = NULL;

    if (cli->format != CLI_FORMAT_JSON)
        return cli_print_items(cli, items, columns);
    /* The cursor of a page that was asked for in pieces would not fit the whole. */
    list = more ? json_pack("{s:O}", "items", items) : json_pack("{s:O, s:n}", "items", items, "next");
    return list != NULL ? cli_print_object(cli, list, columns) : cli_fail_memory(cli);
}

static enum cli_exit print_pages(struct cli *cli, const char *path, const char *sort, uint64_t most,
                                 const struct cli_column *columns)
{
    auto_json json_t *items = json_array();
    const char *filter = cli_arg(cli->args, "filter");
    struct streamer s = {.pages = {.page = stream}, .columns = columns};
    struct collector c = {.pages = {.page = collect}, .items = items};
    bool streams = cli->format == CLI_FORMAT_JSONL || cli->format == CLI_FORMAT_CSV;
    struct cli_pages *to = streams ? &s.pages : &c.pages;
    enum cli_exit code = cli_api_pages(cli, path, filter, sort, most, to);

    if (code == CLI_DONE && !streams)
        code = print_whole(cli, items, to->more, columns);
    if (code == CLI_DONE && to->more)
        fputs("There are more: --all shows them all\n", cli->err);
    return code;
}

/* --json of one page: the body unchanged. */
static enum cli_exit print_body(struct cli *cli, const struct page *p)
{
    auto_reply struct cli_reply reply = {0};
    enum cli_exit code = get_page(cli, p, &reply);

    if (code == CLI_DONE)
        cli_print_text(cli, reply.http.body, reply.http.body_len);
    return code;
}

/* A column's name as the server spells its members: "-last seen" is -last_seen. */
static char *sort_name(const char *given)
{
    char *out = given != NULL ? strdup(given) : NULL;

    for (char *p = out; p != NULL && *p != '\0'; p++) {
        if (*p == ' ')
            *p = '_';
        else if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    }
    return out;
}

enum cli_exit cli_api_list(struct cli *cli, const char *path, const struct cli_column *columns)
{
    const char *limit = cli_arg(cli->args, "limit");
    auto_free char *sort = sort_name(cli_arg(cli->args, "sort"));
    bool all = cli_arg_flag(cli->args, "all");
    uint64_t most = all ? UINT64_MAX : PAGE_DEFAULT;
    enum cli_exit code = cli_columns_check(cli, columns);

    if (code != CLI_DONE)
        return code;
    if (limit != NULL && all)
        return cli_fail(cli, CLI_USAGE, "--limit and --all do not go together");
    if (limit != NULL && (!cli_parse_number(limit, OTTER_INT_MAX, false, &most) || most == 0))
        return cli_fail(cli, CLI_USAGE, "--limit %s: expected a number from 1 on; --all fetches everything",
                        limit);
    if (cli->format != CLI_FORMAT_JSON || most > PAGE_MAX)
        return print_pages(cli, path, sort, most, columns);
    return print_body(
        cli,
        &(struct page){.path = path, .filter = cli_arg(cli->args, "filter"), .sort = sort, .limit = most});
}
