/*
 * A rollout that takes another one's devices to the release named for that: those that run its release, try
 * it, or may come back running it (timed out). It is a rollout like any other: with the same pace and
 * windows, a gate of its own, and explanations of its own.
 */
#include "service/rollout_fleet.h"

#include "core/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool has_slot(const struct otter_manifest *m, enum otter_slot slot)
{
    for (unsigned i = 0; i < m->image_count; i++)
        if (m->image[i].slot == slot)
            return true;
    return false;
}

static bool has_hardware(const struct otter_manifest *m, const char *hardware)
{
    for (unsigned i = 0; i < m->hardware_count; i++)
        if (strcmp(m->hardware[i], hardware) == 0)
            return true;
    return false;
}

static enum otter_status unfit(struct host_error *err, const char *what, const char *which)
{
    (void)host_fail(err, HOST_ERROR_FORMAT, "rollback_release: %s%s", what, which);
    return OTTER_BAD_VALUE;
}

/* May a device go from one version to the other by what the manifest requires? */
static bool may_follow(const struct otter_manifest *back, const struct otter_version *running)
{
    return (!back->has_requires_from || otter_version_compare(running, &back->requires_from) >= 0) &&
           (!back->has_requires_below || otter_version_compare(running, &back->requires_below) < 0);
}

enum otter_status rollback_fits(const struct catalog_release *bad, const struct catalog_release *back,
                                struct host_error *err)
{
    const struct otter_manifest *a = &bad->manifest, *b = &back->manifest;

    if (strcmp(a->product, b->product) != 0)
        return unfit(err, "it is of another product: ", b->product);
    if (b->epoch < a->epoch || (b->epoch == a->epoch && b->sequence <= a->sequence))
        return unfit(err,
                     "its epoch and sequence must be above those of the release, or no device would take it:"
                     " sign it anew with a higher sequence",
                     "");
    if (b->security_counter < a->security_counter)
        return unfit(
            err, "its security counter is below that of the release, and bootloaders would refuse it", "");
    for (unsigned i = 0; i < a->image_count; i++)
        if (!has_slot(b, a->image[i].slot))
            return unfit(err, "it has no image for slot ", otter_slot_name(a->image[i].slot));
    for (unsigned i = 0; i < a->hardware_count; i++)
        if (!has_hardware(b, a->hardware[i]))
            return unfit(err, "it is not for hardware ", a->hardware[i]);
    if (!may_follow(b, &a->version))
        return unfit(err, "what it requires of the running version is not what the release is", "");
    return OTTER_OK;
}

bool rollback_refused(enum otter_status status)
{
    return status == OTTER_RELEASE_WITHDRAWN || status == OTTER_IMAGES_PRUNED || status == OTTER_CONFLICT ||
           release_distrusted(status);
}

/* One phase for all, by itself; pace, windows and what is borne of an attempt stay. */
static void plan_back(const struct policy_plan *plan, struct policy_plan *ret)
{
    struct policy_phase_spec gate = plan->phase[plan->phase_count - 1];

    *ret = *plan;
    ret->phase_count = 1;
    memset(ret->phase, 0, sizeof(ret->phase));
    gate.automatic = true;
    gate.approval = false;
    gate.soak_s = 0;
    ret->phase[0] = gate; /* the last phase is always all of them */
    ret->on_failure = POLICY_FAILURE_HALT;
    ret->rollback_release = 0;
    ret->join = false;
    ret->allow_downgrade = true;
    ret->not_before = ret->not_after = 0;
}

struct comers {
    struct rollout_chooser chooser;
    struct store_part_visitor visitor;
    struct rollout_scope scope;
    uint32_t rollout;
    uint8_t *took_part; /* a bit for each device of the fleet */
    uint32_t count;
};

static bool take_part(struct store_part_visitor *self, int64_t device, bool retry)
{
    struct comers *c = OTTER_CONTAINER_OF(self, struct comers, visitor);
    uint32_t index = (uint32_t)(device - 1);

    (void)retry;
    if (index < c->count)
        c->took_part[index / 8] = (uint8_t)(c->took_part[index / 8] | 1u << index % 8);
    return true;
}

static bool tries(const struct fleet_device *d, uint32_t rollout)
{
    enum otter_update_state state = (enum otter_update_state)d->attempt_state;

    return d->attempt != 0 && d->attempt_rollout == rollout &&
           (device_attempt_open(d) || state == OTTER_UPDATE_SUCCEEDED || state == OTTER_UPDATE_TIMED_OUT);
}

/* Who runs it and took part may match no more (version == 1.3.0), and have tried another rollout since. */
static bool comes_back(const struct rollout_chooser *self, const struct fleet_device *d, uint32_t index)
{
    const struct comers *c = OTTER_CONTAINER_OF_CONST(self, struct comers, chooser);
    bool runs = (d->flags & FLEET_SEEN) != 0 && policy_manifest_has(c->scope.manifest, &d->said->sha256);
    bool took_part = index < c->count && (c->took_part[index / 8] >> index % 8 & 1u) != 0;

    return tries(d, c->rollout) || (runs && (took_part || rollout_selects(&c->scope, d)));
}

static enum otter_status take_members(struct svc *svc, const struct catalog_rollout *bad, int64_t child)
{
    uint32_t count = fleet_count(svc->fleet);
    auto_free uint8_t *took_part = calloc((size_t)count / 8 + 1, 1);
    struct comers c = {.chooser.chooses = comes_back,
                       .visitor.part = take_part,
                       .scope = rollout_scope_of(svc, bad),
                       .rollout = (uint32_t)bad->row.id,
                       .took_part = took_part,
                       .count = count};
    enum otter_status status = OTTER_INTERNAL;

    if (took_part)
        status = svc->writer->ops->parts(svc->writer, bad->row.id, &c.visitor);
    return status == OTTER_OK ? rollout_members_take(svc, child, &c.chooser) : status;
}

/* Its members are whom it is for, and its target all of them: what the other one's target says, devices that
 * were updated may match no more. */
#define TARGET "all"

static void fill_child(struct svc *svc, const struct catalog_rollout *bad, const char *who,
                       struct store_rollout *row)
{
    *row = (struct store_rollout){.release = bad->plan.rollback_release,
                                  .priority = bad->row.priority,
                                  .created = svc_now(svc),
                                  .started = svc_now(svc),
                                  .parent = bad->row.id};
    (void)snprintf(row->name, sizeof(row->name), "rollback-of-%lld", (long long)bad->row.id);
    (void)snprintf(row->target, sizeof(row->target), "%s", TARGET);
    (void)snprintf(row->created_by, sizeof(row->created_by), "%s", who);
    rollout_enter(svc, row, POLICY_ROLLOUT_RUNNING, "");
    svc_shuffle(svc, row->seed, sizeof(row->seed));
}

/* As the catalog will have it: its phase is dealt by the members that were just written. */
static enum otter_status start_child(struct svc *svc, const struct catalog_rollout *bad,
                                     struct catalog_rollout *child, const char *who)
{
    struct store *store = svc->writer;
    struct store_rollout *row = &child->row;
    enum otter_status status = store->ops->rollout_add(store, row, &row->id);

    if (status == OTTER_OK)
        status = take_members(svc, bad, row->id);
    if (status == OTTER_OK)
        status = catalog_rollout_load(child, store);
    if (status == OTTER_OK)
        status = rollout_event(
            svc, row->id, "created", who,
            json_pack("{s:I, s:o}", "parent", (json_int_t)bad->row.id, "phases", rollout_shares(row)));
    if (status == OTTER_OK)
        status = rollout_event(svc, row->id, "started", who, json_object());
    if (status == OTTER_OK)
        status = rollout_open_next(svc, child, row, who);
    return status == OTTER_OK ? store->ops->rollout_update(store, row) : status;
}

/* The release to go back to, as this transaction sees it. */
static enum otter_status find_back(struct svc *svc, const struct catalog_rollout *bad,
                                   const struct catalog_release **ret, struct host_error *err)
{
    *ret =
        bad->plan.rollback_release ? catalog_release_by_num(svc->catalog, bad->plan.rollback_release) : NULL;
    if (*ret)
        return release_usable(svc, err, *ret);
    (void)host_fail(
        err, HOST_ERROR_FORMAT,
        "rollout %lld was made without --rollback-release: make a rollout of a release with a higher "
        "sequence",
        (long long)bad->row.id);
    return OTTER_CONFLICT;
}

enum otter_status rollback_begin(struct svc *svc, const struct catalog_rollout *r, struct store_rollout *row,
                                 const char *who, const char *why, struct host_error *err)
{
    auto_free struct catalog_rollout *child = calloc(1, sizeof(*child));
    struct policy_target_error error;
    const struct catalog_release *back;
    enum otter_status status = find_back(svc, r, &back, err);

    if (status != OTTER_OK || !child)
        return status != OTTER_OK ? status : OTTER_INTERNAL;
    plan_back(&r->plan, &child->plan);
    child->release = back;
    fill_child(svc, r, who, &child->row);
    if (!plan_into_row(&child->plan, &child->row) ||
        !target_compile(svc->catalog, TARGET, &child->target, &error))
        return OTTER_INTERNAL;
    status = start_child(svc, r, child, who);
    free(child->members);
    if (status != OTTER_OK)
        return status;
    rollout_enter(svc, row, POLICY_ROLLOUT_ROLLED_BACK, why);
    row->finished = row->state_at;
    row->child = child->row.id;
    return OTTER_OK;
}
