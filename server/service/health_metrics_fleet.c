/* /metrics, the part about what otterd works on: releases, rollouts, devices. Reader thread. */
#include "service/internal.h"

#include "core/bytes.h"

#include <stdio.h>

/* Rollouts of which the attempts are told: those that go on, and those that ended not long ago. */
#define ROLLOUTS_MAX 50u
#define ENDED_S      86400

#define NO_LABEL                                                                                             \
    {                                                                                                        \
        NULL, NULL                                                                                           \
    }

static void put_frozen(const struct catalog *c, struct metrics_text *t)
{
    static const struct metrics_family frozen = {"otter_frozen", METRICS_GAUGE,
                                                 "1 while an operator has frozen all rollouts."};

    metrics_one_uint(t, &frozen, c->freeze.since != 0);
}

void metrics_put_catalog(struct svc *svc, struct metrics_text *t)
{
    static const struct metrics_family releases = {"otter_releases", METRICS_GAUGE, "Releases published."};
    static const struct metrics_family root = {"otter_root_version", METRICS_GAUGE,
                                               "Version of the newest root; 0: none, polls are refused."};
    static const struct metrics_family expiry = {"otter_root_expiry_timestamp_seconds", METRICS_GAUGE,
                                                 "When the newest root expires; absent without one."};
    auto_catalog struct catalog *c = catalog_get(svc);

    metrics_one_uint(t, &releases, c->release_count);
    metrics_one_uint(t, &root, c->has_root ? c->root.version : 0);
    if (c->has_root)
        metrics_one_uint(t, &expiry, c->root.expires);
    put_frozen(c, t);
}

struct tally {
    struct store_count_visitor visitor;
    uint64_t n[OTTER_UPDATE_STATE_COUNT];
};

static bool take_count(struct store_count_visitor *self, const struct store_count *row)
{
    struct tally *tally = OTTER_CONTAINER_OF(self, struct tally, visitor);

    if ((unsigned)row->state < OTTER_UPDATE_STATE_COUNT)
        tally->n[row->state] += row->n;
    return true;
}

static bool is_told(const struct catalog_rollout *r, int64_t now)
{
    return r->state == POLICY_ROLLOUT_RUNNING || r->state == POLICY_ROLLOUT_PAUSED ||
           (r->row.finished != 0 && now - r->row.finished < ENDED_S);
}

/* The newest of those that are told; rising by id. */
static unsigned choose(const struct catalog *c, int64_t now, const struct catalog_rollout *ret[ROLLOUTS_MAX])
{
    unsigned n = 0;

    for (size_t i = c->rollout_count; i-- > 0 && n < ROLLOUTS_MAX;)
        if (is_told(&c->rollouts[i], now))
            ret[n++] = &c->rollouts[i];
    for (unsigned i = 0; i < n / 2; i++) {
        const struct catalog_rollout *swap = ret[i];

        ret[i] = ret[n - 1 - i];
        ret[n - 1 - i] = swap;
    }
    return n;
}

static void put_counts(struct svc *svc, struct metrics_text *t, const struct metrics_family *family,
                       const struct catalog_rollout *r)
{
    struct tally tally = {.visitor.row = take_count};
    char id[24];

    (void)snprintf(id, sizeof(id), "%lld", (long long)r->row.id);
    if (svc->reader->ops->counts(svc->reader, r->row.id, &tally.visitor) != OTTER_OK)
        return;
    for (unsigned s = 0; s < OTTER_UPDATE_STATE_COUNT; s++)
        metrics_uint(
            t, family,
            (const struct metrics_label[]){
                {"rollout", id}, {"state", otter_update_state_name((enum otter_update_state)s)}, NO_LABEL},
            tally.n[s]);
}

static void put_info(struct metrics_text *t, const struct metrics_family *family,
                     const struct catalog_rollout *r)
{
    char id[24], version[OTTER_VERSION_STR];
    const struct metrics_label labels[] = {
        {"rollout", id},      {"name", r->row.name},   {"product", r->release->manifest.product},
        {"version", version}, {"state", r->row.state}, NO_LABEL};

    (void)snprintf(id, sizeof(id), "%lld", (long long)r->row.id);
    otter_version_format(&r->release->manifest.version, version);
    metrics_uint(t, family, labels, 1);
}

static void put_phase(struct metrics_text *t, const struct metrics_family *family,
                      const struct catalog_rollout *r, unsigned value)
{
    char id[24];

    (void)snprintf(id, sizeof(id), "%lld", (long long)r->row.id);
    metrics_uint(t, family, (const struct metrics_label[]){{"rollout", id}, NO_LABEL}, value);
}

static void put_states(const struct catalog *c, struct metrics_text *t)
{
    static const struct metrics_family rollouts = {"otter_rollouts", METRICS_GAUGE, "Rollouts by state."};
    uint64_t n[POLICY_ROLLOUT_STATE_COUNT] = {0};

    for (size_t i = 0; i < c->rollout_count; i++)
        n[c->rollouts[i].state]++;
    metrics_begin(t, &rollouts);
    for (unsigned s = 0; s < POLICY_ROLLOUT_STATE_COUNT; s++)
        metrics_uint(t, &rollouts,
                     (const struct metrics_label[]){
                         {"state", policy_rollout_state_name((enum policy_rollout_state)s)}, NO_LABEL},
                     n[s]);
}

void metrics_put_rollouts(struct svc *svc, struct metrics_text *t)
{
    static const struct metrics_family attempts = {"otter_rollout_attempts", METRICS_GAUGE,
                                                   "Attempts by rollout and state: of rollouts that run, are "
                                                   "paused, or ended within a day; the newest 50."};
    static const struct metrics_family info = {"otter_rollout_info", METRICS_GAUGE,
                                               "1 for each of these rollouts, with what it is."};
    static const struct metrics_family phase = {"otter_rollout_phase", METRICS_GAUGE,
                                                "Newest open phase of each of these rollouts, from 1."};
    static const struct metrics_family phases = {"otter_rollout_phases", METRICS_GAUGE,
                                                 "Phases that each of these rollouts has."};
    auto_catalog struct catalog *c = catalog_get(svc);
    const struct catalog_rollout *told[ROLLOUTS_MAX];
    unsigned n = choose(c, svc_now(svc), told);

    put_states(c, t);
    metrics_begin(t, &attempts);
    for (unsigned i = 0; i < n; i++)
        put_counts(svc, t, &attempts, told[i]);
    metrics_begin(t, &info);
    for (unsigned i = 0; i < n; i++)
        put_info(t, &info, told[i]);
    metrics_begin(t, &phase);
    for (unsigned i = 0; i < n; i++)
        put_phase(t, &phase, told[i], told[i]->row.phase);
    metrics_begin(t, &phases);
    for (unsigned i = 0; i < n; i++)
        put_phase(t, &phases, told[i], told[i]->row.phase_count);
}

/* The states of device_state_name(), in the order of the sums below. */
enum { NEVER_SEEN = OTTER_UPDATE_STATE_COUNT, IDLE, RETIRED, DEVICE_STATES };

static const struct {
    const char *within;
    int64_t seconds;
} ages[] = {{"10m", 600}, {"1h", 3600}, {"1d", 86400}, {"1w", 604800}};
#define AGES OTTER_ARRAY_LEN(ages)

struct sums {
    uint64_t state[DEVICE_STATES], seen[AGES], stale, refusing;
};

static void take_device(struct sums *s, const struct fleet_device *d, int64_t now)
{
    if (d->marks & FLEET_RETIRED) {
        s->state[RETIRED]++;
        return;
    }
    s->state[d->attempt != 0 ? (unsigned)d->attempt_state : d->flags & FLEET_SEEN ? IDLE : NEVER_SEEN]++;
    s->stale += (d->flags & FLEET_STALE) != 0;
    s->refusing += (enum otter_status)d->refused != OTTER_OK;
    for (size_t i = 0; i < AGES; i++)
        s->seen[i] += (d->flags & FLEET_SEEN) != 0 && now - (int64_t)d->last_seen <= ages[i].seconds;
}

static const char *state_name(unsigned state)
{
    switch (state) {
    case NEVER_SEEN:
        return "never-seen";
    case IDLE:
        return "idle";
    case RETIRED:
        return "retired";
    default:
        return otter_update_state_name((enum otter_update_state)state);
    }
}

static void put_sums(struct metrics_text *t, const struct sums *s)
{
    static const struct metrics_family devices = {
        "otter_devices", METRICS_GAUGE,
        "Devices by state: that of the newest attempt; idle without one; never-seen; retired."};
    static const struct metrics_family seen = {"otter_devices_seen", METRICS_GAUGE,
                                               "Devices in service that polled within the time given."};
    static const struct metrics_family stale = {
        "otter_devices_stale", METRICS_GAUGE,
        "Devices in service that said they had no offer that they could verify for seven days."};
    static const struct metrics_family refusing = {
        "otter_devices_refusing", METRICS_GAUGE,
        "Devices in service whose newest poll said that they do not believe what this server signs."};

    metrics_begin(t, &devices);
    for (unsigned i = 0; i < DEVICE_STATES; i++)
        metrics_uint(t, &devices, (const struct metrics_label[]){{"state", state_name(i)}, NO_LABEL},
                     s->state[i]);
    metrics_begin(t, &seen);
    for (size_t i = 0; i < AGES; i++)
        metrics_uint(t, &seen, (const struct metrics_label[]){{"within", ages[i].within}, NO_LABEL},
                     s->seen[i]);
    metrics_one_uint(t, &stale, s->stale);
    metrics_one_uint(t, &refusing, s->refusing);
}

void metrics_put_devices(struct svc *svc, struct metrics_text *t)
{
    uint32_t count = fleet_count(svc->fleet);
    int64_t now = svc_now(svc);
    struct sums sums = {0};

    for (uint32_t i = 0; i < count; i++) {
        take_device(&sums, fleet_lock(svc->fleet, i), now);
        fleet_unlock(svc->fleet, i);
    }
    put_sums(t, &sums);
}
