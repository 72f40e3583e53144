/* The audit log as operators read it: a list, its lines as they are exported, and its signed head. */
#include "service/internal.h"

#include "core/bytes.h"

#include <stdlib.h>
#include <string.h>

/* Entries in one answer of an export: some 450 KB. */
#define EXPORT_MAX 1000u

struct lister {
    struct store_audit_visitor visitor;
    struct list_page *page;
};

static json_t *json_detail(const char *text)
{
    json_t *detail = json_loads(text, 0, NULL);

    return detail ? detail : json_object();
}

static json_t *json_entry(const struct audit_entry *e)
{
    return json_pack("{s:I, s:I, s:o, s:s, s:s, s:o, s:o, s:o}", "num", (json_int_t)e->num, "at",
                     (json_int_t)e->at, "who", *e->who ? json_string(e->who) : json_null(), "act", e->act,
                     "subject", e->subject, "detail", json_detail(e->detail), "prev", json_digest(&e->prev),
                     "hash", json_digest(&e->hash));
}

/* As filters see it: the vocabulary of policy_target_compile_log(). */
static bool wanted(const struct list_page *page, const struct audit_entry *e)
{
    char attrs[AUDIT_WHO_MAX + AUDIT_ACT_MAX + AUDIT_SUBJECT_MAX + 32];
    const char *const pairs[] = {"who", *e->who ? e->who : "otterd", "act", e->act, "subject", e->subject};
    struct policy_subject s = {.attrs = {attrs}, .now = page->now, .last_seen = (uint32_t)e->at};
    size_t len = 0;

    for (unsigned i = 0; i < OTTER_ARRAY_LEN(pairs); i++) {
        size_t n = strlen(pairs[i]) + 1;

        if (n >= sizeof(attrs) - len)
            return false;
        memcpy(attrs + len, pairs[i], n);
        len += n;
    }
    attrs[len] = '\0';
    return list_wants(page, &s);
}

static bool list_one(struct store_audit_visitor *self, const struct audit_entry *e)
{
    struct lister *l = OTTER_CONTAINER_OF(self, struct lister, visitor);

    return !wanted(l->page, e) || list_add(l->page, json_entry(e), e->num);
}

static enum otter_status read_order(struct svc_call *call, bool *ret_falling)
{
    const char *sort = call->in.page.sort;

    *ret_falling = sort && *sort == '-';
    if (sort && *sort && strcmp(sort + *ret_falling, "num") != 0)
        return svc_refuse(call, OTTER_BAD_VALUE, "this list cannot be sorted by \"%.64s\": it can by num",
                          sort + *ret_falling);
    call->in.page.sort = NULL; /* the store has it in order already */
    return OTTER_OK;
}

static enum otter_status read_filter(struct list_page *page, struct svc_call *call, const char *filter)
{
    struct policy_target_error error;

    page->has_filter = filter && *filter;
    if (!page->has_filter || policy_target_compile_log(filter, strlen(filter), &page->filter, &error))
        return OTTER_OK;
    return target_refuse(call, "filter", &error);
}

static enum otter_status begin(struct svc *svc, struct svc_call *call, struct list_page *page,
                               bool *ret_falling)
{
    static const char *const sorts[] = {NULL};
    const char *filter = call->in.page.filter;
    enum otter_status status = read_order(call, ret_falling);

    call->in.page.filter = NULL; /* of another vocabulary */
    if (status == OTTER_OK)
        status = list_begin(page, call, sorts);
    if (status != OTTER_OK)
        return status;
    page->now = svc_now(svc);
    status = read_filter(page, call, filter);
    return status == OTTER_OK ? OTTER_OK : list_drop(page, status);
}

enum otter_status op_audit_list(struct svc *svc, struct svc_call *call)
{
    struct store *store = svc->reader;
    struct list_page page;
    struct lister l = {.visitor.row = list_one, .page = &page};
    bool falling;
    enum otter_status status = begin(svc, call, &page, &falling);

    if (status != OTTER_OK)
        return status;
    if (falling)
        status = store->ops->audit_back(store, page.after ? page.after : INT64_MAX, &l.visitor);
    else
        status = store->ops->audit(store, page.after, &l.visitor);
    return status == OTTER_OK ? list_end(&page, NULL) : list_drop(&page, svc_stored(call, status));
}

/* ---- heads and exports ---- */

struct newest {
    struct store_audit_visitor visitor;
    struct audit_head head;
};

static bool take_newest(struct store_audit_visitor *self, const struct audit_entry *e)
{
    struct newest *n = OTTER_CONTAINER_OF(self, struct newest, visitor);

    n->head.num = e->num;
    n->head.hash = e->hash;
    return false;
}

enum otter_status op_audit_head(struct svc *svc, struct svc_call *call)
{
    struct newest n = {.visitor.row = take_newest, .head.at = svc_now(svc)};
    char envelope[OTTER_ENVELOPE_MAX + 1];
    enum otter_status status =
        svc_stored(call, svc->reader->ops->audit_back(svc->reader, INT64_MAX, &n.visitor));
    int len;

    if (status != OTTER_OK)
        return status;
    if (n.head.num == 0)
        return svc_refuse(call, OTTER_NOT_FOUND, "the log has no entry yet");
    len = audit_head_sign(svc->audit.key, &n.head, envelope, sizeof(envelope));
    if (len > 0)
        svc_answer_bytes(call, envelope, (size_t)len);
    return call->out.body ? OTTER_OK : OTTER_INTERNAL;
}

struct exporter {
    struct store_audit_visitor visitor;
    char *text; /* malloc'ed */
    size_t len, cap;
    struct audit_head head; /* of the newest that was written */
    unsigned count, limit;
    bool more, memory;
};

static bool put_line(struct exporter *x, const char *line, size_t len)
{
    if (x->cap - x->len < len + 2) {
        size_t cap = x->cap * 2 + len + 2;
        char *grown = realloc(x->text, cap);

        if (!grown)
            return false;
        x->text = grown;
        x->cap = cap;
    }
    memcpy(x->text + x->len, line, len);
    x->len += len;
    x->text[x->len++] = '\n';
    x->text[x->len] = '\0';
    return true;
}

static bool export_one(struct store_audit_visitor *self, const struct audit_entry *e)
{
    struct exporter *x = OTTER_CONTAINER_OF(self, struct exporter, visitor);
    char line[AUDIT_LINE_MAX];

    x->more = x->count == x->limit;
    if (x->more)
        return false;
    x->head.num = e->num;
    x->head.hash = e->hash;
    x->count++;
    x->memory = put_line(x, line, audit_line(e, line));
    return x->memory;
}

/* The head is of the very entry that was read last: nothing that came meanwhile makes it another. */
static bool put_head(struct svc *svc, struct exporter *x)
{
    char envelope[OTTER_ENVELOPE_MAX + 1];
    int len;

    x->head.at = svc_now(svc);
    len = audit_head_sign(svc->audit.key, &x->head, envelope, sizeof(envelope));
    return len > 0 && put_line(x, envelope, (size_t)len);
}

static enum otter_status read_export(struct svc_call *call, uint64_t *ret_after, unsigned *ret_limit)
{
    const struct svc_page *page = &call->in.page;

    *ret_after = 0;
    *ret_limit = page->limit ? page->limit : EXPORT_MAX;
    if ((page->filter && *page->filter) || (page->sort && *page->sort))
        return svc_refuse(call, OTTER_BAD_VALUE, "an export is whole, and in its order: see the list");
    if (*ret_limit > EXPORT_MAX)
        return svc_refuse(call, OTTER_BAD_VALUE, "limit is at most %u", EXPORT_MAX);
    if (!page->cursor || !*page->cursor ||
        otter_parse_uint(page->cursor, strlen(page->cursor), OTTER_INT_MAX, ret_after))
        return OTTER_OK;
    return svc_refuse(call, OTTER_BAD_VALUE, "cursor: the number of an entry");
}

enum otter_status op_audit_export(struct svc *svc, struct svc_call *call)
{
    struct exporter x = {.visitor.row = export_one, .memory = true};
    uint64_t after;
    enum otter_status status = read_export(call, &after, &x.limit);

    if (status == OTTER_OK)
        status = svc_stored(call, svc->reader->ops->audit(svc->reader, after, &x.visitor));
    if (status == OTTER_OK && x.count == 0)
        status =
            svc_refuse(call, OTTER_NOT_FOUND, "there is no entry behind %llu", (unsigned long long)after);
    if (status == OTTER_OK && (!x.memory || (!x.more && !put_head(svc, &x))))
        status = OTTER_INTERNAL;
    if (status != OTTER_OK) {
        free(x.text);
        return status;
    }
    call->out.body = x.text;
    call->out.body_len = x.len;
    return OTTER_OK;
}
