/*
 * The query. An operator's route takes its own parameters, each at most once; another one is a mistake of who
 * asks, and silence would let him take "?dryrun=1" for a dry run.
 */
#include "core/bytes.h"
#include "http/loop.h"
#include "http/request.h"

#include <string.h>

#define LIMIT_MAX  1000u
#define PHASES_MAX 16u

static const struct {
    unsigned takes; /* enum http_takes */
    const char *name;
} parameters[] = {
    {HTTP_TAKES_PAGE, "limit"},      {HTTP_TAKES_PAGE, "cursor"},     {HTTP_TAKES_PAGE, "filter"},
    {HTTP_TAKES_PAGE, "sort"},       {HTTP_TAKES_DRY_RUN, "dry_run"}, {HTTP_TAKES_SUMMARY, "by"},
    {HTTP_TAKES_SUMMARY, "filter"},  {HTTP_TAKES_EXPLAIN, "device"},  {HTTP_TAKES_EXPLAIN, "at"},
    {HTTP_TAKES_WAITING, "waiting"}, {HTTP_TAKES_PHASE, "phase"},
};

const char *http_query(const struct http_request *r, const char *name)
{
    const char *value = MHD_lookup_connection_value(r->connection, MHD_GET_ARGUMENT_KIND, name);

    return value && value[0] != '\0' ? value : NULL;
}

/* Is it there at all, be it "?name" or "?name="? */
static bool has_query(const struct http_request *r, const char *name)
{
    return MHD_lookup_connection_value_n(r->connection, MHD_GET_ARGUMENT_KIND, name, strlen(name), NULL,
                                         NULL) == MHD_YES;
}

struct looked_at {
    struct http_request *r;
    unsigned seen; /* a bit a row of `parameters` */
};

static enum MHD_Result look_at(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct looked_at *l = cls;

    (void)kind;
    (void)value;
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(parameters); i++) {
        if ((l->r->route->takes & parameters[i].takes) == 0 || strcmp(parameters[i].name, name) != 0)
            continue;
        if (l->seen & 1u << i)
            http_refuse_request(l->r, OTTER_BAD_VALUE, "%s is in the query twice", parameters[i].name);
        l->seen |= 1u << i;
        return MHD_YES;
    }
    http_refuse_request(l->r, OTTER_UNKNOWN_MEMBER,
                        "\"%.64s\" is no parameter of this operation: docs/openapi.yaml lists them", name);
    return MHD_YES;
}

static void take_page(struct http_request *r)
{
    struct svc_page *page = &r->call.in.page;
    const char *limit = http_query(r, "limit");
    uint64_t n = 0;

    if (has_query(r, "limit") && (!limit || !http_number(limit, LIMIT_MAX, &n) || n == 0))
        http_refuse_request(r, OTTER_BAD_VALUE, "limit: a number from 1 to %u", LIMIT_MAX);
    page->limit = (unsigned)n;
    page->cursor = http_query(r, "cursor");
    page->filter = http_query(r, "filter");
    page->sort = http_query(r, "sort");
}

static void take_summary(struct http_request *r)
{
    r->call.in.by = http_query(r, "by");
    r->call.in.page.filter = http_query(r, "filter");
}

static void take_explain(struct http_request *r)
{
    r->call.in.id = http_query(r, "device");
    r->call.in.at = http_query(r, "at");
}

/* "?dry_run" without a value must not be taken for "no". */
static bool take_flag(struct http_request *r, const char *name)
{
    const char *value = http_query(r, name);
    uint64_t n = 0;

    if (has_query(r, name) && (!value || !http_number(value, 1, &n)))
        http_refuse_request(r, OTTER_BAD_VALUE, "%s: 0 or 1", name);
    return n == 1;
}

static void take_phase(struct http_request *r)
{
    const char *value = http_query(r, "phase");
    uint64_t n = 0;

    if (has_query(r, "phase") && (!value || !http_number(value, PHASES_MAX, &n) || n == 0))
        http_refuse_request(r, OTTER_BAD_VALUE, "phase: a number from 1 to %u", PHASES_MAX);
    r->call.in.phase = n;
}

void http_query_take(struct http_request *r)
{
    struct looked_at l = {.r = r};

    if (r->route->takes & HTTP_TAKES_PAGE)
        take_page(r);
    if (r->route->takes & HTTP_TAKES_SUMMARY)
        take_summary(r);
    if (r->route->takes & HTTP_TAKES_EXPLAIN)
        take_explain(r);
    if (r->route->takes & HTTP_TAKES_DRY_RUN)
        r->call.in.dry_run = take_flag(r, "dry_run");
    if (r->route->takes & HTTP_TAKES_WAITING)
        r->call.in.waiting = take_flag(r, "waiting");
    if (r->route->takes & HTTP_TAKES_PHASE)
        take_phase(r);
    if (r->route->auth == HTTP_AUTH_OPERATOR)
        (void)MHD_get_connection_values(r->connection, MHD_GET_ARGUMENT_KIND, look_at, &l);
}

size_t http_unescape(void *cls, struct MHD_Connection *connection, char *text)
{
    (void)cls;
    (void)connection;
    return strstr(text, "%00") ? strlen(text) : MHD_http_unescape(text);
}
