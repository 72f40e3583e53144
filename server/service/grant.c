/* Which rollout a device is offered: candidates from memory, checked and granted in one transaction of the
 * writer. */
#include "service/internal.h"

#include <string.h>

#define CANDIDATES_MAX 32u

bool device_attempt_open(const struct fleet_device *d)
{
    return d->attempt != 0 && !otter_update_finished((enum otter_update_state)d->attempt_state);
}

/* An attempt that the server itself spoiled may be granted again. */
static bool ended_for_good(enum otter_update_state state, enum otter_status reason)
{
    return otter_update_finished(state) && !(state == OTTER_UPDATE_CANCELLED && reason == OTTER_SERVER_DOWN);
}

bool device_attempt_over(const struct fleet_device *d)
{
    return d->attempt != 0 && !(d->marks & FLEET_RETRY) &&
           ended_for_good((enum otter_update_state)d->attempt_state, (enum otter_status)d->attempt_reason);
}

void grant_subject(const struct fleet_device *d, struct policy_subject *ret)
{
    device_subject(d, 0, ret);
}

static void facts_of(const struct svc *svc, const struct catalog *c, const struct catalog_rollout *r,
                     const struct otter_poll *poll, struct policy_facts *ret)
{
    *ret = (struct policy_facts){
        .product = poll->product,
        .hardware = poll->hardware,
        .running = &poll->running,
        .epoch = poll->epoch,
        .sequence = poll->sequence,
        .manifest = &r->release->manifest,
        .state = r->state,
        .open_cohorts = catalog_open_cohorts(&r->row),
        .withdrawn = r->release->withdrawn != 0,
        .pruned = r->release->pruned != 0,
        .frozen = c->freeze.since != 0,
        .root_epoch = c->root.sequence_epoch,
        .now = (uint64_t)svc_now(svc),
    };
}

static void marks_of(const struct fleet_device *d, const struct catalog_rollout *r,
                     struct policy_facts *facts)
{
    facts->retired = (d->marks & FLEET_RETIRED) != 0;
    facts->held = (d->marks & FLEET_HELD) != 0;
    facts->pinned_elsewhere = (d->marks & FLEET_PINNED) != 0 && fleet_pin(d) != (uint32_t)r->release->num;
}

void facts_from_memory(const struct catalog *c, const struct catalog_rollout *r, const struct fleet_device *d,
                       struct otter_running *running, struct policy_facts *ret)
{
    const struct fleet_kind *pose = fleet_pose_of(d);
    bool here = d->attempt != 0 && d->attempt_rollout == (uint32_t)r->row.id;
    struct policy_subject subject;

    *running = (struct otter_running){.version = d->said->version,
                                      .sha256 = d->said->sha256,
                                      .slot = (enum otter_slot)d->slot,
                                      .confirmed = (d->flags & FLEET_CONFIRMED) != 0};
    *ret = (struct policy_facts){
        .product = pose->product,
        .hardware = pose->hardware,
        .running = running,
        .epoch = d->said->epoch,
        .sequence = d->said->sequence,
        .manifest = &r->release->manifest,
        .state = r->state,
        .open_cohorts = catalog_open_cohorts(&r->row),
        .cohort = policy_cohort(&otter_crypto_openssl, r->row.seed, d->id),
        .withdrawn = r->release->withdrawn != 0,
        .pruned = r->release->pruned != 0,
        .frozen = c->freeze.since != 0,
        .attempt_ended = here && device_attempt_over(d),
        .attempt_elsewhere = !here && device_attempt_open(d),
        .root_epoch = c->root.sequence_epoch,
    };
    marks_of(d, r, ret);
    grant_subject(d, &subject);
    ret->in_target = policy_target_matches(&r->target, &subject);
}

/* By what memory knows: the device's newest attempt, not those before it. */
static bool may_grant(const struct svc *svc, const struct catalog *c, const struct catalog_rollout *r,
                      const struct fleet_device *d, const struct otter_poll *poll)
{
    struct policy_subject subject;
    struct policy_facts facts;

    if (r->state != POLICY_ROLLOUT_RUNNING || strcmp(d->kind->product, r->release->manifest.product) != 0)
        return false;
    facts_of(svc, c, r, poll, &facts);
    device_subject(d, (int64_t)facts.now, &subject);
    facts.in_target = policy_target_matches(&r->target, &subject);
    if (!facts.in_target)
        return false;
    facts.cohort = policy_cohort(&otter_crypto_openssl, r->row.seed, d->id);
    facts.attempt_ended = d->attempt_rollout == (uint32_t)r->row.id && device_attempt_over(d);
    marks_of(d, r, &facts);
    return policy_decide(&facts) == OTTER_OK;
}

bool grant_possible(const struct svc *svc, const struct catalog *c, const struct fleet_device *d,
                    const struct otter_poll *poll)
{
    for (size_t i = 0; i < c->rollout_count; i++)
        if (may_grant(svc, c, &c->rollouts[i], d, poll))
            return true;
    return false;
}

struct candidates {
    unsigned count;
    const struct catalog_rollout *r[CANDIDATES_MAX];
};

/* Kept in order of precedence; of more than CANDIDATES_MAX the last ones fall away. */
static void insert(struct candidates *all, const struct catalog_rollout *r)
{
    unsigned at = all->count;

    while (at > 0 && policy_precedence(r->row.priority, (uint64_t)r->row.id, all->r[at - 1]->row.priority,
                                       (uint64_t)all->r[at - 1]->row.id) > 0)
        at--;
    if (at == CANDIDATES_MAX)
        return;
    if (all->count < CANDIDATES_MAX)
        all->count++;
    memmove(&all->r[at + 1], &all->r[at], (all->count - 1 - at) * sizeof(all->r[0]));
    all->r[at] = r;
}

static unsigned phase_of(const struct store_rollout *row, unsigned cohort)
{
    unsigned phase = 1;

    while (phase < row->phase && cohort >= row->phases[phase - 1].upto >> 32)
        phase++;
    return phase;
}

/* What operators did in this very transaction counts: after their answer nothing is granted against it. */
static enum otter_status stored_marks(struct store *store, uint32_t index, const struct catalog_rollout *r,
                                      struct policy_facts *facts)
{
    struct store_freeze freeze;
    struct store_marks marks = {0};
    enum otter_status status = store->ops->freeze_get(store, &freeze);

    if (status != OTTER_OK)
        return status;
    status = store->ops->marks_get(store, (int64_t)index + 1, &marks);
    if (status != OTTER_OK && status != OTTER_NOT_FOUND)
        return status;
    facts->frozen = freeze.since != 0;
    facts->retired = marks.retired != 0;
    facts->held = marks.held != 0;
    facts->pinned_elsewhere = marks.pinned != 0 && marks.pin != r->release->num;
    return OTTER_OK;
}

/* The last word, by what the transaction sees. OK fills *row. */
static enum otter_status check(struct svc *svc, const struct catalog_rollout *r, uint32_t index,
                               const struct otter_poll *poll, struct store_attempt *row)
{
    struct store *store = svc->writer;
    struct policy_facts facts;
    struct store_attempt before;
    struct store_rollout now;
    enum otter_status status = store->ops->rollout_get(store, r->row.id, &now);
    int image;

    if (status != OTTER_OK)
        return status;
    facts_of(svc, svc->catalog, r, poll, &facts);
    facts.state = policy_rollout_state_find(now.state);
    facts.open_cohorts = catalog_open_cohorts(&now);
    facts.in_target = true;
    facts.cohort = policy_cohort(&otter_crypto_openssl, now.seed, poll->device);
    status = store->ops->attempt_in(store, (int64_t)index + 1, now.id, &before);
    if (status != OTTER_OK && status != OTTER_NOT_FOUND)
        return status;
    facts.attempt_ended = status == OTTER_OK && !before.retry && ended_for_good(before.state, before.reason);
    status = stored_marks(store, index, r, &facts);
    if (status != OTTER_OK)
        return status;
    status = policy_decide(&facts);
    image = policy_free_slot_image(facts.manifest, poll->running.slot);
    if (status != OTTER_OK || image < 0)
        return status;
    *row = (struct store_attempt){
        .device = (int64_t)index + 1,
        .rollout = now.id,
        .phase = phase_of(&now, facts.cohort),
        .state = OTTER_UPDATE_OFFERED,
        .reason = OTTER_OK,
        .slot = facts.manifest->image[image].slot,
        .created = (int64_t)facts.now,
        .updated = (int64_t)facts.now,
    };
    return OTTER_OK;
}

static enum otter_status write_grant(struct svc *svc, struct svc_call *call, uint32_t index,
                                     struct store_attempt *row)
{
    struct store *store = svc->writer;
    struct store_count key = {.phase = row->phase, .state = row->state, .reason = OTTER_OK};
    struct store_event event = {.at = row->created, .state = row->state, .reason = OTTER_OK};
    enum otter_status status = store->ops->attempt_add(store, row, &row->id);

    event.attempt = row->id;
    if (status == OTTER_OK)
        status = store->ops->event_add(store, &event);
    if (status == OTTER_OK)
        status = store->ops->count_add(store, row->rollout, &key, 1);
    if (status != OTTER_OK)
        return svc_stored(call, status);
    if (!effects_attempt(call, index, row))
        return OTTER_INTERNAL;
    call->effects->granted = true;
    return OTTER_OK;
}

enum otter_status grant(struct svc *svc, struct svc_call *call, uint32_t index, struct store_attempt *ret)
{
    const struct catalog *c = svc->catalog; /* only this thread replaces it */
    const struct otter_poll *poll = &call->in.poll;
    struct candidates all = {0};
    struct fleet_device *d;

    d = fleet_lock(svc->fleet, index);
    for (size_t i = 0; i < c->rollout_count; i++)
        if (may_grant(svc, c, &c->rollouts[i], d, poll))
            insert(&all, &c->rollouts[i]);
    fleet_unlock(svc->fleet, index);
    for (unsigned i = 0; i < all.count; i++) {
        struct store_attempt row;
        enum otter_status status = check(svc, all.r[i], index, poll, &row);

        if (status == OTTER_OK) {
            status = write_grant(svc, call, index, &row);
            if (status == OTTER_OK)
                *ret = row;
            return status;
        }
        if (!policy_refuses(status))
            return svc_stored(call, status);
    }
    /* Nothing for it in this generation of the catalog: its next polls are answered from memory. */
    d = fleet_lock(svc->fleet, index);
    fleet_settle(d, c->generation, 0, 0);
    fleet_unlock(svc->fleet, index);
    ret->id = 0;
    return OTTER_OK;
}
