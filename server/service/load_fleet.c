/*
 * At start: devices, their states and newest attempts into memory. Two threads read at once, each over its
 * own connection and a span of devices at a time, and fill the fleet's records where they stay.
 */
#include "service/internal.h"

#include "core/bytes.h"
#include "fleet/fill.h"

#define SPAN 65536u /* devices */

struct load {
    struct svc *svc;
    uint32_t devices, spans;
    _Atomic uint32_t next;
};

/* One thread's. */
struct reading {
    struct store_fleet_visitor devices;
    struct store_attempt_visitor attempts;
    struct load *load;
    struct store *store;
    struct fleet_hand *hand;
    uint32_t first, last; /* nums of the span */
    uint32_t at;          /* num that comes next */
    enum otter_status status;
    const char *trouble;
};

/* False when out of memory. */
static bool load_state(struct fleet_hand *hand, struct fleet_device *d, const struct store_device_state *row)
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
    return fleet_place_said(hand, d, &said);
}

static const char *place(struct reading *r, const struct store_device *row,
                         const struct store_device_state *state)
{
    struct fleet_device *d;

    if (row->num != r->at || row->num > r->last)
        return "the devices are not numbered in one row";
    d = fleet_place(r->hand, r->at++ - 1, row->id, row->product, row->hardware, &row->token_hash);
    if (!d ||
        !fleet_set_labels(d, row->tags.data, row->tags.len, row->own_attrs.data, row->own_attrs.len,
                          row->operator_attrs.data, row->operator_attrs.len) ||
        (state && !load_state(r->hand, d, state)))
        return "out of memory";
    return auth_hold_secret(r->load->svc, d, row->sealed) ? NULL
                                                          : "a device's secret does not open with secret.key";
}

static bool load_device(struct store_fleet_visitor *self, const struct store_device *row,
                        const struct store_device_state *state)
{
    struct reading *r = OTTER_CONTAINER_OF(self, struct reading, devices);

    r->trouble = place(r, row, state);
    return !r->trouble;
}

static bool load_attempt(struct store_attempt_visitor *self, const struct store_attempt *row)
{
    struct reading *r = OTTER_CONTAINER_OF(self, struct reading, attempts);
    struct fleet_device *d = row->device >= r->first && row->device <= r->last
                                 ? fleet_placed(r->hand, (uint32_t)(row->device - 1))
                                 : NULL;

    if (!d)
        r->trouble = "an attempt belongs to no device";
    else if (row->id > FLEET_ATTEMPT_MAX / 2) /* as many again are left for the new ones */
        r->trouble = "an attempt's number is too high";
    if (r->trouble)
        return false;
    d->attempt = row->id & FLEET_ATTEMPT_MAX;
    d->attempt_rollout = (uint32_t)row->rollout;
    d->attempt_step = row->step;
    d->attempt_state = (unsigned)row->state & 0xf;
    d->attempt_reason = (uint8_t)row->reason;
    d->attempt_slot = (unsigned)row->slot & 0xf;
    fleet_set_retry(d, row->retry);
    return true;
}

/* The outer spans have no outer bound: what lies beyond the devices is met, and refused. */
static void read_span(struct reading *r, uint32_t span)
{
    int64_t from = span == 0 ? INT64_MIN : (int64_t)span * SPAN + 1;
    int64_t upto = span + 1 == r->load->spans ? INT64_MAX : (int64_t)(span + 1) * SPAN;

    r->first = r->at = span * SPAN + 1;
    r->last = span + 1 == r->load->spans ? r->load->devices : (span + 1) * SPAN;
    r->status = r->store->ops->fleet(r->store, from, upto, &r->devices);
    if (r->status == OTTER_OK && !r->trouble)
        r->status = r->store->ops->attempts_newest(r->store, from, upto, &r->attempts);
}

/* Spans are taken in turn, so that the thread which comes to run less reads fewer; a failure ends it for
 * both. */
static void *read_spans(void *arg)
{
    struct reading *r = arg;
    uint32_t span;

    while (r->status == OTTER_OK && !r->trouble &&
           (span = atomic_fetch_add(&r->load->next, 1)) < r->load->spans)
        read_span(r, span);
    if (r->status != OTTER_OK || r->trouble)
        atomic_store(&r->load->next, r->load->spans);
    return NULL;
}

static bool begin(struct reading *r, struct load *load, struct store *store)
{
    *r = (struct reading){.devices.row = load_device,
                          .attempts.row = load_attempt,
                          .load = load,
                          .store = store,
                          .hand = fleet_hand_new(load->svc->fleet)};
    return r->hand != NULL;
}

/* The calling thread reads with the writer's connection, a second one with the reader's. */
static bool read_all(struct load *load, struct reading r[2])
{
    bool ready = begin(&r[0], load, load->svc->writer), helped = false;
    pthread_t thread;

    if (ready && load->spans > 1 && begin(&r[1], load, load->svc->reader))
        helped = pthread_create(&thread, NULL, read_spans, &r[1]) == 0;
    if (ready)
        (void)read_spans(&r[0]);
    if (helped)
        (void)pthread_join(thread, NULL);
    fleet_hand_free(r[0].hand);
    fleet_hand_free(r[1].hand);
    return ready;
}

/* Room for all of them, or why not. */
static const char *reserve(struct load *load, int64_t devices)
{
    if (devices < 0 || devices > FLEET_MAX)
        return "the devices are not numbered in one row";
    load->devices = (uint32_t)devices;
    load->spans = devices > 0 ? (load->devices - 1) / SPAN + 1 : 1;
    return fleet_reserve(load->svc->fleet, load->devices) ? NULL : "out of memory";
}

enum otter_status load_fleet(struct svc *svc, const char **ret_trouble)
{
    struct load load = {.svc = svc};
    struct reading r[2] = {0};
    int64_t devices;
    enum otter_status status = svc->writer->ops->fleet_size(svc->writer, &devices);

    if (status != OTTER_OK)
        return status;
    *ret_trouble = reserve(&load, devices);
    if (!*ret_trouble && !read_all(&load, r))
        *ret_trouble = "out of memory";
    for (unsigned i = 0; i < 2 && !*ret_trouble && status == OTTER_OK; i++) {
        *ret_trouble = r[i].trouble;
        status = r[i].status;
    }
    if (!*ret_trouble && status == OTTER_OK && !fleet_filled(svc->fleet, load.devices))
        *ret_trouble = "the devices are not numbered in one row";
    return status;
}
