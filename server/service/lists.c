/* Pages of lists: filter, cursor, sort, limit. */
#include "service/internal.h"

#include "core/bytes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT_DEFAULT 100u
#define LIMIT_MAX     1000u
#define CURSOR_MAX    160u /* bytes of a sorted list's cursor, before base64url */

static enum otter_status compile_filter(struct list_page *l, struct svc_call *call, const struct catalog *c)
{
    struct policy_target_error error;
    const char *filter = l->page->filter;

    l->has_filter = filter && *filter;
    if (!l->has_filter || (c ? target_compile(c, filter, &l->filter, &error)
                             : policy_target_compile(filter, strlen(filter), &l->filter, &error)))
        return OTTER_OK;
    return target_refuse(call, "filter", &error);
}

static enum otter_status read_sort(struct list_page *l, struct svc_call *call, const char *const *sorts)
{
    const char *sort = l->page->sort;
    char known[160] = "nothing";
    size_t len = 0;

    if (!sort || !*sort)
        return OTTER_OK;
    l->falling = *sort == '-';
    l->column = sort + l->falling;
    for (; *sorts && len < sizeof(known); sorts++) {
        if (strcmp(l->column, *sorts) == 0)
            return OTTER_OK;
        len += (size_t)snprintf(known + len, sizeof(known) - len, "%s%s", len > 0 ? ", " : "", *sorts);
    }
    return svc_refuse(call, OTTER_BAD_VALUE, "this list cannot be sorted by \"%.64s\": it can by %s",
                      l->column, known);
}

/* "POSITION.NUMBER.TEXT" of the item that ended the page before. */
static bool parse_key(struct list_page *l, char *text)
{
    char *number = strchr(text, '.'), *rest = number ? strchr(number + 1, '.') : NULL;

    if (!rest || strlen(rest + 1) >= sizeof(l->from_text))
        return false;
    *number++ = '\0';
    *rest++ = '\0';
    memcpy(l->from_text, rest, strlen(rest) + 1);
    l->from.text = l->from_text;
    l->has_from = otter_parse_uint(text, strlen(text), UINT64_MAX, &l->from.position) &&
                  otter_parse_uint(number, strlen(number), UINT64_MAX, &l->from.number);
    return l->has_from;
}

static bool parse_sorted(struct list_page *l, const char *cursor)
{
    uint8_t text[CURSOR_MAX + 1];
    int len = otter_b64_decode(cursor, strlen(cursor), text, CURSOR_MAX);

    if (len < 0)
        return false;
    text[len] = '\0';
    return parse_key(l, (char *)text);
}

static enum otter_status read_cursor(struct list_page *l, struct svc_call *call)
{
    const char *cursor = l->page->cursor;

    if (!cursor || !*cursor)
        return OTTER_OK;
    if (l->column ? parse_sorted(l, cursor)
                  : otter_parse_uint(cursor, strlen(cursor), OTTER_INT_MAX, &l->after))
        return OTTER_OK;
    return svc_refuse(call, OTTER_BAD_VALUE, "cursor is not one that this server gave for this order");
}

/* c NULL: no groups are known. */
static enum otter_status begin(struct list_page *l, const struct catalog *c, struct svc_call *call,
                               const char *const *sorts)
{
    enum otter_status status;

    memset(l, 0, sizeof(*l));
    l->call = call;
    l->page = &call->in.page;
    l->limit = l->page->limit ? l->page->limit : LIMIT_DEFAULT;
    if (l->limit > LIMIT_MAX)
        return svc_refuse(call, OTTER_BAD_VALUE, "limit is at most %u", LIMIT_MAX);
    status = read_sort(l, call, sorts);
    if (status == OTTER_OK)
        status = read_cursor(l, call);
    if (status == OTTER_OK)
        status = compile_filter(l, call, c);
    if (status == OTTER_OK && !(l->items = json_array()))
        status = OTTER_INTERNAL;
    return status;
}

enum otter_status list_begin(struct list_page *l, struct svc_call *call, const char *const *sorts)
{
    return begin(l, NULL, call, sorts);
}

enum otter_status list_begin_devices(struct list_page *l, struct svc *svc, struct svc_call *call,
                                     const char *const *sorts)
{
    auto_catalog struct catalog *c = catalog_get(svc);
    enum otter_status status = begin(l, c, call, sorts);

    l->now = svc_now(svc);
    return status;
}

bool list_wants(const struct list_page *l, const struct policy_subject *subject)
{
    return !l->has_filter || policy_target_matches(&l->filter, subject);
}

bool list_wants_retired(const struct list_page *l)
{
    return l->has_filter && policy_target_names(&l->filter, POLICY_FIELD_STATE, "retired");
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

bool list_key(struct list_page *l, const struct list_key *key)
{
    if ((l->count & (l->count - 1)) == 0) { /* room for the next power of two */
        struct list_key *more = realloc(l->keys, (l->count ? l->count * 2 : 1) * sizeof(*more));

        if (!more)
            return false;
        l->keys = more;
    }
    l->keys[l->count++] = *key;
    return true;
}

static int compare(const struct list_key *a, const struct list_key *b)
{
    int order = strcmp(a->text, b->text);

    if (order == 0)
        order = (a->number > b->number) - (a->number < b->number);
    return order ? order : (a->position > b->position) - (a->position < b->position);
}

static int rising(const void *a, const void *b)
{
    return compare(a, b);
}

static int falling(const void *a, const void *b)
{
    return compare(b, a);
}

static bool after_cursor(const struct list_page *l, const struct list_key *key)
{
    if (!l->has_from)
        return true;
    return l->falling ? compare(key, &l->from) < 0 : compare(key, &l->from) > 0;
}

static void name_next(struct list_page *l, const struct list_key *key)
{
    char text[CURSOR_MAX + 1];
    int len =
        snprintf(text, sizeof(text), "%" PRIu64 ".%" PRIu64 ".%s", key->position, key->number, key->text);

    _Static_assert(OTTER_B64_LEN(CURSOR_MAX) < sizeof(l->next), "the longest cursor");
    if (len > 0 && (size_t)len < sizeof(text))
        otter_b64_encode((const uint8_t *)text, (size_t)len, l->next);
}

static void cut_sorted(struct list_page *l, struct list_maker *maker)
{
    size_t i = 0;

    if (l->count > 0)
        qsort(l->keys, l->count, sizeof(*l->keys), l->falling ? falling : rising);
    while (i < l->count && !after_cursor(l, &l->keys[i]))
        i++;
    for (; i < l->count; i++) {
        if (json_array_size(l->items) == l->limit) {
            name_next(l, &l->keys[i - 1]);
            return;
        }
        (void)json_array_append_new(l->items, maker->make(maker, l->keys[i].position));
    }
}

enum otter_status list_drop(struct list_page *l, enum otter_status status)
{
    json_decref(l->items);
    free(l->keys);
    return status;
}

enum otter_status list_end(struct list_page *l, struct list_maker *maker)
{
    if (l->column)
        cut_sorted(l, maker);
    else if (l->more && l->next[0] == '\0')
        (void)snprintf(l->next, sizeof(l->next), "%" PRIu64, l->last);
    free(l->keys);
    l->call->out.json =
        json_pack("{s:o, s:o}", "items", l->items, "next", l->next[0] ? json_string(l->next) : json_null());
    return l->call->out.json ? OTTER_OK : OTTER_INTERNAL;
}
