#include "service/internal.h"

#include "core/bytes.h"

struct tally {
    struct store_count_visitor visitor;
    uint64_t n[STORE_PHASES_MAX][OTTER_UPDATE_STATE_COUNT];
    uint64_t reasons[OTTER_STATUS_COUNT];
};

static bool take_count(struct store_count_visitor *self, const struct store_count *row)
{
    struct tally *t = OTTER_CONTAINER_OF(self, struct tally, visitor);

    if (row->phase >= 1 && row->phase <= STORE_PHASES_MAX && (unsigned)row->state < OTTER_UPDATE_STATE_COUNT)
        t->n[row->phase - 1][row->state] += row->n;
    if (row->reason != OTTER_OK && (unsigned)row->reason < OTTER_STATUS_COUNT)
        t->reasons[row->reason] += row->n;
    return true;
}

static json_t *json_counts(const struct tally *t, unsigned from, unsigned to)
{
    json_t *counts = json_object();

    for (unsigned s = 0; s < OTTER_UPDATE_STATE_COUNT; s++) {
        uint64_t n = 0;

        for (unsigned p = from; p < to; p++)
            n += t->n[p][s];
        (void)json_object_set_new(counts, otter_update_state_name((enum otter_update_state)s),
                                  json_integer((json_int_t)n));
    }
    return counts;
}

static json_t *json_reasons(const struct tally *t)
{
    json_t *reasons = json_object();

    for (unsigned r = 0; r < OTTER_STATUS_COUNT; r++)
        if (t->reasons[r] > 0)
            (void)json_object_set_new(reasons, otter_status_name((enum otter_status)r),
                                      json_integer((json_int_t)t->reasons[r]));
    return reasons;
}

static const char *phase_state(const struct store_rollout *row, unsigned i)
{
    if (i >= row->phase)
        return "waiting";
    return row->phases[i].completed ? "complete" : "open";
}

/* As planned when the phase opened; devices that joined since are more. One device has one attempt. */
static uint64_t devices_of(const struct store_rollout *row, const struct tally *t, unsigned i)
{
    uint64_t attempts = 0;

    for (unsigned s = 0; s < OTTER_UPDATE_STATE_COUNT; s++)
        attempts += t->n[i][s];
    return attempts > row->phases[i].devices ? attempts : row->phases[i].devices;
}

static json_t *json_phases(const struct store_rollout *row, const struct tally *t)
{
    json_t *phases = json_array();

    for (unsigned i = 0; i < row->phase_count; i++) {
        const struct store_phase *p = &row->phases[i];

        (void)json_array_append_new(
            phases, json_pack("{s:i, s:s, s:b, s:I, s:o}", "percent", (int)p->percent, "state",
                              phase_state(row, i), "widened", (int)p->widened, "devices",
                              (json_int_t)devices_of(row, t, i), "counts", json_counts(t, i, i + 1)));
    }
    return phases;
}

json_t *json_rollout(struct store *store, const struct catalog *c, const struct store_rollout *row,
                     enum otter_status *ret_status)
{
    const struct catalog_release *release = catalog_release_by_num(c, row->release);
    struct tally t = {.visitor.row = take_count};
    char version[OTTER_VERSION_STR];
    uint64_t devices = 0;
    json_t *json;

    *ret_status = store->ops->counts(store, row->id, &t.visitor);
    if (*ret_status != OTTER_OK || !release) {
        *ret_status = release ? *ret_status : OTTER_INTERNAL;
        return NULL;
    }
    otter_version_format(&release->manifest.version, version);
    for (unsigned i = 0; i < row->phase_count; i++)
        devices += devices_of(row, &t, i);
    json = json_pack(
        "{s:I, s:I, s:s, s:o, s:s, s:s, s:s, s:s, s:b, s:I, s:I, s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:o}",
        "id", (json_int_t)row->id, "sequence", (json_int_t)row->id, "name", row->name, "release",
        json_digest(&release->id), "product", release->manifest.product, "version", version, "target",
        row->target, "state", row->state, "auto", (int)row->auto_advance, "priority",
        (json_int_t)row->priority, "phase", (json_int_t)row->phase, "phases", json_phases(row, &t), "devices",
        (json_int_t)devices, "counts", json_counts(&t, 0, row->phase_count), "reasons", json_reasons(&t),
        "frozen", json_freeze(&c->freeze), "created", json_time(row->created), "started",
        json_time(row->started), "finished", json_time(row->finished));
    *ret_status = json ? OTTER_OK : OTTER_INTERNAL;
    return json;
}
