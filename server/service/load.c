/* At start: what the store has into memory. */
#include "service/credentials.h"
#include "service/deadlines.h"
#include "service/internal.h"

#include "host/log.h"
#include "host/memory.h"

#include "core/bytes.h"

struct loader {
    struct store_marks_visitor marks;
    struct svc *svc;
    const char *trouble;
};

static bool load_marks(struct store_marks_visitor *self, const struct store_marks *row)
{
    struct loader *l = OTTER_CONTAINER_OF(self, struct loader, marks);
    uint32_t index = (uint32_t)(row->device - 1);

    if (row->device < 1 || row->device > (int64_t)fleet_count(l->svc->fleet)) {
        l->trouble = "a mark belongs to no device";
        return false;
    }
    if (!fleet_set_marks(l->svc->fleet, index, fleet_lock(l->svc->fleet, index), marks_in_memory(row),
                         row->pinned ? (uint32_t)row->pin : 0))
        l->trouble = "out of memory";
    fleet_unlock(l->svc->fleet, index);
    return !l->trouble;
}

/* What is under way, and how much of each rollout's pace is used up. */
static enum otter_status load_open(struct svc *svc, struct loader *l)
{
    enum otter_status status;
    int64_t served = 0;

    (void)svc->writer->ops->meta_get(svc->writer, "served", &served); /* none before the first heartbeat */
    served_init(&svc->served, served);
    svc->deadlines_at = svc_served(svc);
    if (!deadlines_load(svc, &status))
        l->trouble = "out of memory, or an attempt belongs to no device";
    return status == OTTER_OK ? pace_load(svc) : status;
}

bool load_all(struct svc *svc, struct host_error *err, int *ret_exit)
{
    struct loader l = {.marks.row = load_marks, .svc = svc};
    struct store *store = svc->writer;
    enum otter_status status;

    (void)host_memory_was_refused();
    status = load_fleet(svc, &l.trouble);
    if (status == OTTER_OK && !l.trouble)
        status = store->ops->marks(store, &l.marks);
    if (status == OTTER_OK && !l.trouble && !credentials_load(svc, &status))
        l.trouble = "out of memory, or a second token belongs to no device, or does not open with secret.key";
    if (status == OTTER_OK && !l.trouble && !requests_load(svc, &status))
        l.trouble = "out of memory";
    if (status == OTTER_OK && !l.trouble)
        status = catalog_reload(svc, store);
    if (status == OTTER_OK && !l.trouble)
        status = load_open(svc, &l);
    if (status == OTTER_OK && !l.trouble)
        return true;
    /* What there was no memory for says nothing about the database. */
    if (host_memory_was_refused())
        return host_fail(err, HOST_ERROR_MEMORY, "the database in %s cannot be loaded: out of memory",
                         svc->dir);
    *ret_exit = STORE_FAULT_DAMAGED;
    return host_fail(err, HOST_ERROR_FORMAT, "the database in %s cannot be loaded: %s", svc->dir,
                     l.trouble                  ? l.trouble
                     : status == OTTER_INTERNAL ? "out of memory, or a row of it is damaged"
                                                : otter_status_meaning(status));
}

bool catalog_follow(struct svc *svc)
{
    /* Twice: who has acted is answered next. */
    if (catalog_reload(svc, svc->writer) == OTTER_OK || catalog_reload(svc, svc->writer) == OTTER_OK) {
        svc->catalog_behind = false;
        return true;
    }
    if (!svc->catalog_behind)
        host_log(HOST_LOG_ERROR, "catalog-not-read",
                 HOST_LOG_STR("next", "otterd tries again; if it cannot before long, restart it"));
    svc->catalog_behind = true;
    return false;
}
