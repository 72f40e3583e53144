/* At start: the whole fleet from the store into memory. */
#include "service/deadlines.h"
#include "service/internal.h"

#include "core/bytes.h"

struct loader {
    struct store_fleet_visitor fleet;
    struct store_attempt_visitor attempts;
    struct store_marks_visitor marks;
    struct svc *svc;
    const char *trouble;
};

/* False when out of memory. */
static bool load_state(struct fleet *fleet, struct fleet_device *d, const struct store_device_state *row)
{
    const struct fleet_said said = {.sha256 = row->running.sha256,
                                    .version = row->running.version,
                                    .epoch = row->epoch,
                                    .sequence = row->sequence,
                                    .root = (uint32_t)row->root};

    d->flags = (uint8_t)(FLEET_SEEN | (row->running.confirmed ? FLEET_CONFIRMED : 0) |
                         (row->stale ? FLEET_STALE : 0));
    d->slot = (uint8_t)row->running.slot;
    d->refused = (uint8_t)row->refused;
    d->first_seen = (uint32_t)row->first_seen;
    d->last_seen = (uint32_t)row->last_seen;
    return fleet_say(fleet, d, &said);
}

static bool load_device(struct store_fleet_visitor *self, const struct store_device *row,
                        const struct store_device_state *state)
{
    struct loader *l = OTTER_CONTAINER_OF(self, struct loader, fleet);
    struct fleet *fleet = l->svc->fleet;
    struct fleet_device *d;
    uint32_t index;
    bool ok;

    index = fleet_add(fleet, row->id, row->product, row->hardware, &row->token_hash);
    if (index == FLEET_NONE) {
        l->trouble = "out of memory";
        return false;
    }
    if ((int64_t)index + 1 != row->num) {
        l->trouble = "the devices are not numbered in one row";
        return false;
    }
    d = fleet_lock(fleet, index);
    ok = fleet_set_labels(d, row->tags.data, row->tags.len, row->own_attrs.data, row->own_attrs.len,
                          row->operator_attrs.data, row->operator_attrs.len) &&
         (!state || load_state(fleet, d, state));
    fleet_unlock(fleet, index);
    if (!ok)
        l->trouble = "out of memory";
    else if (!auth_hold_secret(l->svc, index, row->id, row->sealed))
        l->trouble = "a device's secret does not open with secret.key";
    return ok && !l->trouble;
}

static bool load_attempt(struct store_attempt_visitor *self, const struct store_attempt *row)
{
    struct loader *l = OTTER_CONTAINER_OF(self, struct loader, attempts);
    struct fleet_device *d;

    if (row->device < 1 || row->device > (int64_t)fleet_count(l->svc->fleet)) {
        l->trouble = "an attempt belongs to no device";
        return false;
    }
    if (row->id > FLEET_ATTEMPT_MAX / 2) { /* as many again are left for the new ones */
        l->trouble = "an attempt's number is too high";
        return false;
    }
    d = fleet_lock(l->svc->fleet, (uint32_t)(row->device - 1));
    d->attempt = row->id & FLEET_ATTEMPT_MAX;
    d->attempt_rollout = (uint32_t)row->rollout;
    d->attempt_step = row->step;
    d->attempt_state = (unsigned)row->state & 0xf;
    d->attempt_reason = (uint8_t)row->reason;
    d->attempt_slot = (unsigned)row->slot & 0xf;
    fleet_set_retry(d, row->retry);
    fleet_unlock(l->svc->fleet, (uint32_t)(row->device - 1));
    return true;
}

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

static enum otter_status load_devices(struct loader *l, struct store *store)
{
    int64_t size;
    enum otter_status status = store->ops->fleet_size(store, &size);

    if (status != OTTER_OK)
        return status;
    if (size < 0 || size > FLEET_MAX)
        l->trouble = "the devices are not numbered in one row";
    else if (!fleet_reserve(l->svc->fleet, (uint32_t)size))
        l->trouble = "out of memory";
    return l->trouble ? OTTER_OK : store->ops->fleet(store, &l->fleet);
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
    struct loader l = {
        .fleet.row = load_device, .attempts.row = load_attempt, .marks.row = load_marks, .svc = svc};
    struct store *store = svc->writer;
    enum otter_status status = load_devices(&l, store);

    if (status == OTTER_OK && !l.trouble)
        status = store->ops->attempts_newest(store, &l.attempts);
    if (status == OTTER_OK && !l.trouble)
        status = store->ops->marks(store, &l.marks);
    if (status == OTTER_OK && !l.trouble)
        status = catalog_reload(svc, store);
    if (status == OTTER_OK && !l.trouble)
        status = load_open(svc, &l);
    if (status == OTTER_OK && !l.trouble)
        return true;
    *ret_exit = STORE_FAULT_DAMAGED;
    return host_fail(err, HOST_ERROR_FORMAT, "the database in %s cannot be loaded: %s", svc->dir,
                     l.trouble ? l.trouble : otter_status_meaning(status));
}
