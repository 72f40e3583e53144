/* Polls: from memory where nothing must be durable, else by the writer. */
#include "service/facts.h"

#include "host/log.h"
#include "policy/pace.h"

#include <string.h>

static unsigned poll_retry_after(struct svc *svc, uint32_t index, const char *device)
{
    unsigned after = policy_poll_after(groups_poll_interval(svc, index), device);

    return after < POLICY_POLL_MIN ? POLICY_POLL_MIN : after;
}

void poll_come_again(struct svc_call *call, int64_t now, const struct grant_wait *wait)
{
    call->out.retry_after = policy_come_again(call->out.retry_after, call->in.poll.device, now, wait->again);
}

static bool same_digest(const struct otter_digest *a, const struct otter_digest *b)
{
    return memcmp(a->b, b->b, OTTER_DIGEST_LEN) == 0;
}

/*
 * Takes down what the device says of itself; the lock is held. When out of memory, what it runs stays as it
 * was known: decisions are made from the poll itself, and the next poll says it again. True if more is new
 * than that it polled.
 */
static bool take_down(struct svc *svc, struct fleet_device *d, uint32_t index, const struct otter_poll *poll,
                      int64_t now)
{
    const struct otter_running *running = &poll->running;
    const struct fleet_said said = {.sha256 = running->sha256,
                                    .version = running->version,
                                    .epoch = poll->epoch,
                                    .sequence = poll->sequence,
                                    .root = poll->root > UINT32_MAX ? UINT32_MAX : (uint32_t)poll->root};
    const struct fleet_kind *pose = fleet_pose_of(d);
    uint8_t flags =
        (uint8_t)(FLEET_SEEN | (running->confirmed ? FLEET_CONFIRMED : 0) | (poll->stale ? FLEET_STALE : 0));
    bool changed = !fleet_said_equal(d->said, &said) || d->slot != (uint8_t)running->slot ||
                   ((d->flags ^ flags) & (FLEET_SEEN | FLEET_CONFIRMED)) != 0 ||
                   strcmp(pose->product, poll->product) != 0 || strcmp(pose->hardware, poll->hardware) != 0;
    bool news = changed || d->flags != flags || d->refused != (uint8_t)poll->refused || d->first_seen == 0;

    if (changed) {
        device_changed(svc, d, index);
        (void)fleet_say(svc->fleet, d, &said);
        (void)fleet_pose(d, poll->product, poll->hardware); /* the like */
    }
    d->flags = flags;
    d->slot = (uint8_t)running->slot;
    d->refused = (uint8_t)poll->refused;
    d->last_seen = (uint32_t)now;
    if (d->first_seen == 0)
        d->first_seen = (uint32_t)now;
    return news;
}

/* Does the device prove that it runs the image that the attempt offered? */
static bool proves(const struct otter_running *running, enum otter_slot slot, const struct otter_manifest *m)
{
    for (unsigned i = 0; i < m->image_count; i++)
        if (m->image[i].slot == slot)
            return running->confirmed && same_digest(&m->image[i].sha256, &running->sha256);
    return false;
}

/* Does it run the release at all, by the attempt or by other means (a cable)? */
static bool runs(const struct otter_running *running, const struct otter_manifest *m)
{
    return running->confirmed && policy_manifest_has(m, &running->sha256);
}

bool poll_settles(const struct poll_says *says, enum otter_update_state *ret_state,
                  enum otter_status *ret_reason)
{
    bool open = !otter_update_finished(says->state);

    *ret_state = OTTER_UPDATE_CANCELLED;
    if (!open && says->state != OTTER_UPDATE_TIMED_OUT)
        return false;
    if (proves(says->running, says->slot, says->manifest)) {
        *ret_state = OTTER_UPDATE_SUCCEEDED;
        *ret_reason = OTTER_OK;
        return true;
    }
    /* Not by this attempt's image: it has proven nothing, and nothing is left for it to do. */
    *ret_reason = OTTER_UP_TO_DATE;
    if (open && runs(says->running, says->manifest))
        return true;
    *ret_reason = OTTER_ABORTED;
    return rollout_recalls(says->rollout) && attempt_stoppable(says->state);
}

static bool news_in_last(const struct fleet_device *d, const struct otter_poll *poll)
{
    return poll->has_last && device_attempt_open(d) && poll->last.attempt == d->attempt &&
           poll->last.step > d->attempt_step;
}

/* What the device says is over: offered again, it would be installed again. */
static bool over_by_last(const struct fleet_device *d, const struct otter_poll *poll)
{
    return news_in_last(d, poll) && otter_update_finished(poll->last.state);
}

/* Nothing for it now, and not before it comes again either: else it is told when to come sooner. */
static bool settled_till_next_poll(const struct fleet_device *d, uint32_t generation,
                                   const struct svc_call *call, int64_t now)
{
    return fleet_settled(d, generation, now + call->out.retry_after);
}

/* Must something be stored before this poll is answered? */
static bool needs_writer(struct svc *svc, const struct catalog *c, struct fleet_device *d, uint32_t index,
                         struct svc_call *call)
{
    const struct otter_poll *poll = &call->in.poll;
    const struct catalog_rollout *r = d->attempt ? catalog_rollout_by_id(c, d->attempt_rollout) : NULL;
    enum otter_update_state state = (enum otter_update_state)d->attempt_state;
    enum otter_status reason;
    struct grant_wait wait;

    if (news_in_last(d, poll))
        return true;
    if (r && poll_settles(&(struct poll_says){&poll->running, &r->release->manifest, r->state,
                                              (enum otter_slot)d->attempt_slot, state},
                          &state, &reason))
        return true;
    if (device_attempt_open(d))
        return !r;
    if (settled_till_next_poll(d, c->generation, call, svc_now(svc)))
        return false;
    if (grant_possible(svc, c, d, index, poll, &wait)) {
        call->grant_only = true;
        return true;
    }
    grant_settle(d, c->generation, svc_now(svc), &wait);
    poll_come_again(call, svc_now(svc), &wait);
    return false;
}

/* The open attempt again under the new nonce, while the device runs none of its manifest's images; else
 * nothing. */
static enum otter_status answer(struct svc *svc, struct svc_call *call, const struct catalog *c,
                                uint64_t attempt, int64_t rollout, enum otter_slot slot)
{
    const struct catalog_rollout *r = attempt ? catalog_rollout_by_id(c, rollout) : NULL;

    if (r && !rollout_recalls(r->state) &&
        !policy_manifest_has(&r->release->manifest, &call->in.poll.running.sha256))
        return offer_sign(svc, call, attempt, slot, r->release);
    if (attempt || call->in.poll.fresh)
        return offer_sign(svc, call, 0, OTTER_SLOT_ANY, NULL);
    return OTTER_OK;
}

/* OK with *ret_index, or the refusal. */
static enum otter_status identify(struct svc *svc, struct svc_call *call, uint32_t *ret_index)
{
    const struct otter_poll *poll = &call->in.poll;

    if (call->in.device && strcmp(call->in.device, poll->device) != 0)
        return svc_refuse(call, OTTER_FORBIDDEN, "the token is not that of the device in the poll");
    *ret_index = fleet_find(svc->fleet, poll->device);
    if (*ret_index == FLEET_NONE || fleet_is_retired(svc->fleet, *ret_index))
        return svc_refuse(call, OTTER_UNKNOWN_DEVICE, "no such device");
    call->out.root = atomic_load_explicit(&svc->root_version, memory_order_acquire);
    call->out.retry_after = poll_retry_after(svc, *ret_index, poll->device);
    if (call->out.root == 0)
        return svc_refuse(call, OTTER_NO_ROOT, "no root has been published yet: otter root publish");
    return OTTER_OK;
}

/* The common poll: nothing open, nothing new, nothing to grant. Takes the device's word down in any case. */
static bool try_quietly(struct svc *svc, struct svc_call *call, uint32_t index)
{
    uint32_t generation = atomic_load_explicit(&svc->generation, memory_order_acquire);
    struct fleet_device *d = fleet_lock(svc->fleet, index);
    bool quiet, news = call->in.poll.refused != OTTER_OK && d->refused != (uint8_t)call->in.poll.refused;
    int64_t now = svc_now(svc);

    if (take_down(svc, d, index, &call->in.poll, now))
        fleet_mark_dirty(svc->fleet, index);
    else
        fleet_mark_seen(svc->fleet, index);
    call->out.rotate = (d->marks & FLEET_ROTATE) != 0;
    quiet = settled_till_next_poll(d, generation, call, now) && !device_attempt_open(d) &&
            !call->in.poll.fresh && !(d->attempt && d->attempt_state == OTTER_UPDATE_TIMED_OUT);
    fleet_unlock(svc->fleet, index);
    /* Its name as sent: an unknown one is stored as `other`. */
    if (news)
        host_log(HOST_LOG_WARNING, "device-refuses", HOST_LOG_STR("device", call->in.poll.device),
                 HOST_LOG_STR("refused", call->in.poll.refused_name));
    return quiet;
}

bool poll_try(struct svc *svc, struct svc_call *call)
{
    auto_catalog struct catalog *c = NULL;
    struct fleet_device *d;
    uint64_t attempt;
    int64_t rollout;
    enum otter_slot slot;
    uint32_t index = 0;
    bool writer;

    call->out.status = identify(svc, call, &index);
    if (call->out.status != OTTER_OK || try_quietly(svc, call, index))
        return true;
    c = catalog_get(svc);
    d = fleet_lock(svc->fleet, index);
    writer = needs_writer(svc, c, d, index, call);
    attempt = device_attempt_open(d) ? d->attempt : 0;
    rollout = d->attempt_rollout;
    slot = (enum otter_slot)d->attempt_slot;
    fleet_unlock(svc->fleet, index);
    if (!writer)
        call->out.status = answer(svc, call, c, attempt, rollout, slot);
    return !writer;
}

enum otter_status poll_unstored(struct svc *svc, struct svc_call *call)
{
    auto_catalog struct catalog *c = catalog_get(svc);
    struct fleet_device *d;
    enum otter_status status;
    enum otter_slot slot;
    uint64_t attempt;
    int64_t rollout;
    uint32_t index = 0;

    svc_call_clear(call);
    call->out.error = (struct host_error){0};
    status = identify(svc, call, &index);
    if (status != OTTER_OK)
        return status;
    d = fleet_lock(svc->fleet, index);
    attempt = device_attempt_open(d) && !over_by_last(d, &call->in.poll) ? d->attempt : 0;
    rollout = d->attempt_rollout;
    slot = (enum otter_slot)d->attempt_slot;
    fleet_unsettle(d); /* by what the lost transaction saw, perhaps */
    fleet_unlock(svc->fleet, index);
    return answer(svc, call, c, attempt, rollout, slot);
}

/* `last` of the poll. A refusal of it is no refusal of the poll; but it has been looked at, once and for all.
 */
static enum otter_status take_last(struct svc *svc, struct svc_call *call, uint32_t index,
                                   struct store_attempt *row)
{
    const struct otter_report *last = &call->in.poll.last;
    enum otter_status status;

    if (!call->in.poll.has_last || last->attempt != row->id || last->step <= row->step)
        return OTTER_OK;
    status = attempt_report(svc, call, index, row, last);
    if (status != OTTER_BAD_TRANSITION)
        return status == OTTER_ATTEMPT_CLOSED ? OTTER_OK : status;
    call->out.error = (struct host_error){0};
    row->step = last->step;
    status = svc_stored(call, svc->writer->ops->attempt_update(svc->writer, row));
    if (status == OTTER_OK && !effects_attempt(call, index, row))
        status = OTTER_INTERNAL;
    return status;
}

/* What the poll itself says of the newest attempt: proven, or to be stopped. */
static enum otter_status settle(struct svc *svc, struct svc_call *call, uint32_t index,
                                struct store_attempt *row)
{
    const struct catalog_release *release;
    struct store_rollout rollout;
    enum otter_update_state state;
    enum otter_status status, reason;

    if (otter_update_finished(row->state) && row->state != OTTER_UPDATE_TIMED_OUT)
        return OTTER_OK;
    status = svc_stored(call, svc->writer->ops->rollout_get(svc->writer, row->rollout, &rollout));
    if (status != OTTER_OK)
        return status;
    release = catalog_release_by_num(svc->catalog, rollout.release);
    if (!release)
        return OTTER_INTERNAL;
    if (!poll_settles(&(struct poll_says){&call->in.poll.running, &release->manifest,
                                          policy_rollout_state_find(rollout.state), row->slot, row->state},
                      &state, &reason))
        return OTTER_OK;
    return attempt_server_move(svc, call, index, row, state, reason);
}

enum otter_status op_poll(struct svc *svc, struct svc_call *call)
{
    struct store_attempt row = {0};
    enum otter_status status;
    uint32_t index = 0;

    status = identify(svc, call, &index);
    if (status != OTTER_OK)
        return status;
    status = svc->writer->ops->attempt_newest(svc->writer, (int64_t)index + 1, &row);
    if (status == OTTER_NOT_FOUND)
        row.id = 0;
    else if (status != OTTER_OK)
        return svc_stored(call, status);
    if (row.id) {
        status = take_last(svc, call, index, &row);
        if (status == OTTER_OK)
            status = settle(svc, call, index, &row);
        if (status != OTTER_OK)
            return status;
    }
    if (row.id == 0 || otter_update_finished(row.state)) {
        status = grant(svc, call, index, &row);
        if (status != OTTER_OK)
            return status;
    }
    return answer(svc, call, svc->catalog, row.id, row.rollout, row.slot);
}
