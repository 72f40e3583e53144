#include "service/audit_copy.h"

#include "core/bytes.h"
#include "host/log.h"
#include "service/internal.h"

#include <stdio.h>
#include <string.h>

#define BATCH 256u

struct sender {
    struct store_audit_visitor visitor;
    struct audit_copy *copy;
    struct host_error err;
    uint64_t told;
    unsigned count;
};

static bool send_one(struct store_audit_visitor *self, const struct audit_entry *row)
{
    struct sender *s = OTTER_CONTAINER_OF(self, struct sender, visitor);
    char line[AUDIT_LINE_MAX + 1];
    size_t len = audit_line(row, line);

    line[len++] = '\n';
    if (!s->copy->sink.send(&s->copy->sink, line, len, &s->err))
        return false;
    s->told = row->num;
    return ++s->count < BATCH;
}

/* A fault is told once, and its end. */
static void tell_fault(struct audit_copy *c, const struct host_error *err)
{
    struct svc_event event = {.kind = SVC_EVENT_AUDIT_BEHIND};

    if (c->failing)
        return;
    c->failing = true;
    (void)snprintf(event.detail, sizeof(event.detail), "[audit] %s: %.200s; entries wait in the database",
                   c->sink.name, err->message);
    events_tell(c->svc, &event);
}

struct same {
    struct store_audit_visitor visitor;
    const struct otter_digest *hash;
    bool same;
};

static bool compare(struct store_audit_visitor *self, const struct audit_entry *row)
{
    struct same *s = OTTER_CONTAINER_OF(self, struct same, visitor);

    s->same = memcmp(s->hash->b, row->hash.b, OTTER_DIGEST_LEN) == 0;
    return false;
}

/*
 * What is in the file already, if it is of this log: its last line goes before what meta knows. One of
 * another log, as after a backup was put back, is gone on with from what meta knows: the check of it then
 * names the place.
 */
static void adopt(struct audit_copy *c)
{
    struct same s = {.visitor.row = compare, .hash = &c->sink.found_hash};

    (void)c->store->ops->audit_get(c->store, c->sink.found, &s.visitor);
    if (s.same)
        c->told = c->sink.found;
    else
        host_log(HOST_LOG_WARNING, "audit-file-of-another-log", HOST_LOG_STR("file", c->sink.path),
                 HOST_LOG_UINT("its_newest", c->sink.found), HOST_LOG_UINT("goes_on_behind", c->told));
    c->adopted = true;
}

/* Some entries go out. True: there may be more. */
static bool copy_some(struct audit_copy *c)
{
    struct sender s = {.visitor.row = send_one, .copy = c, .told = c->told};
    bool ok = c->sink.open(&c->sink, &s.err);

    if (ok && c->sink.found && !c->adopted)
        adopt(c);
    s.told = c->told;
    if (ok) {
        (void)c->store->ops->audit(c->store, c->told, &s.visitor);
        ok = c->sink.settle(&c->sink, &s.err);
    }
    if (ok || strcmp(c->sink.name, "syslog") == 0)
        c->told = s.told;
    atomic_store(&c->mark, c->told);
    if (!ok) {
        tell_fault(c, &s.err);
    } else if (c->failing) {
        c->failing = false;
        host_log(HOST_LOG_INFO, "audit-copied-again", HOST_LOG_STR("to", c->sink.name));
    }
    return ok && s.count == BATCH;
}

struct newest {
    struct store_audit_visitor visitor;
    uint64_t num;
};

static bool take_newest(struct store_audit_visitor *self, const struct audit_entry *row)
{
    OTTER_CONTAINER_OF(self, struct newest, visitor)->num = row->num;
    return false;
}

static uint64_t newest_of(struct store *store)
{
    struct newest n = {.visitor.row = take_newest};

    (void)store->ops->audit_back(store, INT64_MAX, &n.visitor);
    return n.num;
}

bool audit_copy_go_on(struct audit_copy *c)
{
    uint64_t newest;

    while (copy_some(c))
        ;
    newest = newest_of(c->store);
    atomic_store(&c->behind, newest > c->told ? newest - c->told : 0);
    return newest <= c->told;
}

enum otter_status audit_copy_keep(struct audit_copy *c)
{
    uint64_t mark = atomic_load(&c->mark);
    enum otter_status status = OTTER_OK;

    if (mark == c->kept)
        return OTTER_OK;
    status = c->svc->writer->ops->meta_put(c->svc->writer, c->meta, (int64_t)mark);
    c->kept = mark; /* should the transaction be lost: an older mark only repeats what was told */
    return status;
}

bool audit_copy_begin(struct audit_copy *c, const char *meta)
{
    int64_t told = 0;
    enum otter_status status = c->svc->writer->ops->meta_get(c->svc->writer, meta, &told);

    c->meta = meta;
    c->told = c->kept = status == OTTER_OK && told > 0 ? (uint64_t)told : 0;
    atomic_store(&c->mark, c->told);
    return status == OTTER_OK || status == OTTER_NOT_FOUND;
}
