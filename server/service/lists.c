/* Pages of lists: filter, cursor, sort, limit. */
#include "service/internal.h"

#include "core/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT_DEFAULT 100u
#define LIMIT_MAX     1000u

static enum otter_status compile_filter(struct list_page *l, struct svc_call *call)
{
    struct policy_target_error error;
    const char *filter = l->page->filter;

    l->has_filter = filter && *filter;
    if (!l->has_filter || policy_target_compile(filter, strlen(filter), &l->filter, &error))
        return OTTER_OK;
    return svc_refuse_at(call, OTTER_BAD_TARGET, error.at, "filter, at %zu: %s", error.at, error.what);
}

static enum otter_status check_sort(struct svc_call *call, const char *sort, const char *const *sorts)
{
    if (!sort || !*sort)
        return OTTER_OK;
    for (; *sorts; sorts++)
        if (strcmp(sort + (*sort == '-'), *sorts) == 0)
            return OTTER_OK;
    return svc_refuse(call, OTTER_BAD_VALUE, "this list cannot be sorted by \"%.64s\"", sort);
}

enum otter_status list_begin(struct list_page *l, struct svc_call *call, const char *const *sorts)
{
    enum otter_status status;

    memset(l, 0, sizeof(*l));
    l->call = call;
    l->page = &call->in.page;
    l->limit = l->page->limit ? l->page->limit : LIMIT_DEFAULT;
    if (l->limit > LIMIT_MAX)
        return svc_refuse(call, OTTER_BAD_VALUE, "limit is at most %u", LIMIT_MAX);
    if (l->page->cursor && *l->page->cursor &&
        !otter_parse_uint(l->page->cursor, strlen(l->page->cursor), OTTER_INT_MAX, &l->after))
        return svc_refuse(call, OTTER_BAD_VALUE, "cursor is not one that this server gave");
    status = check_sort(call, l->page->sort, sorts);
    if (status == OTTER_OK)
        status = compile_filter(l, call);
    if (status == OTTER_OK && !(l->items = json_array()))
        status = OTTER_INTERNAL;
    return status;
}

bool list_wants(const struct list_page *l, const struct policy_subject *subject)
{
    return !l->has_filter || policy_target_matches(&l->filter, subject);
}

bool list_add(struct list_page *l, json_t *item, uint64_t position)
{
    if (json_array_size(l->items) == l->limit) {
        json_decref(item);
        l->more = true;
        return false;
    }
    (void)json_array_append_new(l->items, item);
    l->last = position;
    return true;
}

bool list_collect(struct list_page *l, json_t *item)
{
    return json_array_append_new(l->items, item) == 0;
}

/* Numbers by size, strings by bytes, null first; `sort` names the member. */
static int compare_values(const json_t *a, const json_t *b)
{
    if (json_is_integer(a) && json_is_integer(b))
        return (json_integer_value(a) > json_integer_value(b)) -
               (json_integer_value(a) < json_integer_value(b));
    if (json_is_string(a) && json_is_string(b))
        return strcmp(json_string_value(a), json_string_value(b));
    return (int)(a && !json_is_null(a)) - (int)(b && !json_is_null(b));
}

static int compare_items(const void *a, const void *b, void *member)
{
    const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;

    return compare_values(json_object_get(x, member), json_object_get(y, member));
}

/* Sorts l->items and keeps the page that begins at offset l->after. */
static enum otter_status cut_page(struct list_page *l)
{
    const char *sort = l->page->sort;
    bool falling = *sort == '-';
    size_t n = json_array_size(l->items);
    json_t **all = calloc(n + 1, sizeof(*all)), *page = json_array();
    char member[64];

    if (!all || !page) {
        free(all);
        json_decref(page);
        return OTTER_INTERNAL;
    }
    (void)snprintf(member, sizeof(member), "%s", sort + falling);
    for (size_t i = 0; i < n; i++)
        all[i] = json_array_get(l->items, i);
    qsort_r(all, n, sizeof(*all), compare_items, member);
    for (size_t i = (size_t)l->after; i < n && json_array_size(page) < l->limit; i++)
        (void)json_array_append(page, all[falling ? n - 1 - i : i]);
    l->last = l->after + json_array_size(page);
    l->more = l->last < n;
    free(all);
    json_decref(l->items);
    l->items = page;
    return OTTER_OK;
}

enum otter_status list_end(struct list_page *l)
{
    enum otter_status status = OTTER_OK;
    json_t *next;
    char cursor[24];

    if (l->page->sort && *l->page->sort)
        status = cut_page(l);
    if (status != OTTER_OK) {
        json_decref(l->items);
        return status;
    }
    (void)snprintf(cursor, sizeof(cursor), "%llu", (unsigned long long)l->last);
    next = l->more ? json_string(cursor) : json_null();
    l->call->out.json = json_pack("{s:o, s:o}", "items", l->items, "next", next);
    return l->call->out.json ? OTTER_OK : OTTER_INTERNAL;
}
