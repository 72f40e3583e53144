/* What an operator does to one device: marks, labels, another attempt. In a transaction of the writer. */
#include "service/rollout_fleet.h"

#include "core/bytes.h"

#include <stdio.h>
#include <string.h>

bool change_broken(enum otter_status status)
{
    return status == OTTER_INTERNAL || trouble_is(status);
}

enum otter_status device_note(struct svc *svc, struct svc_call *call, uint32_t index, const char *kind,
                              const char *detail)
{
    struct store_device_event row = {
        .device = (int64_t)index + 1, .at = svc_now(svc), .kind = kind, .detail = detail};

    return svc_stored(call, svc->writer->ops->device_event_add(svc->writer, &row));
}

enum otter_status device_marks(struct svc *svc, struct svc_call *call, struct store *store, uint32_t index,
                               struct store_marks *ret)
{
    enum otter_status status = store->ops->marks_get(store, (int64_t)index + 1, ret);

    (void)svc;
    if (status == OTTER_NOT_FOUND) {
        *ret = (struct store_marks){.device = (int64_t)index + 1};
        return OTTER_OK;
    }
    return svc_stored(call, status);
}

static enum otter_status read_marks(struct device_change *c, uint32_t index, struct store_marks *ret)
{
    return device_marks(c->svc, c->call, c->svc->writer, index, ret);
}

/* One that is out of service is not held or pinned as well. */
static enum otter_status in_service(struct device_change *c, uint32_t index, struct store_marks *ret,
                                    struct host_error *err)
{
    enum otter_status status = read_marks(c, index, ret);

    if (status != OTTER_OK || !ret->retired)
        return status;
    (void)host_fail(err, HOST_ERROR_FORMAT, "the device was retired: reinstate it first");
    return OTTER_DEVICE_RETIRED;
}

static enum otter_status write_marks(struct device_change *c, uint32_t index, const struct store_marks *marks,
                                     const char *kind, const char *detail, bool *ret_changed)
{
    enum otter_status status = svc_stored(c->call, c->svc->writer->ops->marks_put(c->svc->writer, marks));

    if (status == OTTER_OK)
        status = device_note(c->svc, c->call, index, kind, detail);
    if (status == OTTER_OK && !effects_marks(c->call, index, marks))
        status = OTTER_INTERNAL;
    *ret_changed = status == OTTER_OK;
    return status;
}

enum otter_status act_hold(struct device_change *c, uint32_t index, bool *ret_changed, struct host_error *err)
{
    struct store_marks marks;
    enum otter_status status = in_service(c, index, &marks, err);

    if (status != OTTER_OK || (marks.held && strcmp(marks.held_reason, c->reason) == 0))
        return status;
    if (!marks.held)
        marks.held = svc_now(c->svc);
    (void)snprintf(marks.held_reason, sizeof(marks.held_reason), "%s", c->reason);
    return write_marks(c, index, &marks, "held", c->reason, ret_changed);
}

enum otter_status act_unhold(struct device_change *c, uint32_t index, bool *ret_changed,
                             struct host_error *err)
{
    struct store_marks marks;
    enum otter_status status = read_marks(c, index, &marks);

    (void)err;
    if (status != OTTER_OK || !marks.held)
        return status;
    marks.held = 0;
    marks.held_reason[0] = '\0';
    return write_marks(c, index, &marks, "unheld", "", ret_changed);
}

enum otter_status act_pin(struct device_change *c, uint32_t index, bool *ret_changed, struct host_error *err)
{
    struct store_marks marks;
    enum otter_status status = in_service(c, index, &marks, err);

    if (status != OTTER_OK || (marks.pinned && marks.pin == c->release))
        return status;
    marks.pinned = svc_now(c->svc);
    marks.pin = c->release;
    return write_marks(c, index, &marks, "pinned", c->release_hex, ret_changed);
}

enum otter_status act_unpin(struct device_change *c, uint32_t index, bool *ret_changed,
                            struct host_error *err)
{
    struct store_marks marks;
    enum otter_status status = read_marks(c, index, &marks);

    (void)err;
    if (status != OTTER_OK || !marks.pinned)
        return status;
    marks.pinned = marks.pin = 0;
    return write_marks(c, index, &marks, "unpinned", "", ret_changed);
}

/* What was under way ends here: the device is not heard any more. */
static enum otter_status cancel_open(struct device_change *c, uint32_t index)
{
    struct store_attempt row;
    enum otter_status status = c->svc->writer->ops->attempt_newest(c->svc->writer, (int64_t)index + 1, &row);

    if (status == OTTER_NOT_FOUND || (status == OTTER_OK && otter_update_finished(row.state)))
        return OTTER_OK;
    if (status != OTTER_OK)
        return svc_stored(c->call, status);
    return attempt_server_move(c->svc, c->call, index, &row, OTTER_UPDATE_CANCELLED, OTTER_DEVICE_RETIRED);
}

enum otter_status act_retire(struct device_change *c, uint32_t index, bool *ret_changed,
                             struct host_error *err)
{
    struct store_marks marks;
    enum otter_status status = read_marks(c, index, &marks);

    (void)err;
    if (status != OTTER_OK || marks.retired)
        return status;
    status = cancel_open(c, index);
    if (status != OTTER_OK)
        return status;
    marks.retired = svc_now(c->svc);
    (void)snprintf(marks.retired_reason, sizeof(marks.retired_reason), "%s", c->reason);
    return write_marks(c, index, &marks, "retired", c->reason, ret_changed);
}

enum otter_status act_reinstate(struct device_change *c, uint32_t index, bool *ret_changed,
                                struct host_error *err)
{
    struct store_marks marks;
    enum otter_status status = read_marks(c, index, &marks);

    (void)err;
    if (status != OTTER_OK || !marks.retired)
        return status;
    marks.retired = 0;
    marks.retired_reason[0] = '\0';
    return write_marks(c, index, &marks, "reinstated", "", ret_changed);
}

/* The attempt that is meant, if it ended without success. */
static enum otter_status find_attempt(struct device_change *c, uint32_t index, struct store_attempt *row,
                                      struct host_error *err)
{
    struct store *store = c->svc->writer;
    enum otter_status status = c->rollout ? store->ops->attempt_in(store, (int64_t)index + 1, c->rollout, row)
                                          : store->ops->attempt_newest(store, (int64_t)index + 1, row);

    if (status == OTTER_NOT_FOUND) {
        (void)host_fail(err, HOST_ERROR_FORMAT, "the device has had no attempt%s",
                        c->rollout ? " in this rollout" : "");
        return OTTER_CONFLICT;
    }
    if (status != OTTER_OK)
        return svc_stored(c->call, status);
    if (otter_update_finished(row->state) && row->state != OTTER_UPDATE_SUCCEEDED)
        return OTTER_OK;
    (void)host_fail(err, HOST_ERROR_FORMAT,
                    "attempt %llu is %s: only one that ended without success is tried again",
                    (unsigned long long)row->id, otter_update_state_name(row->state));
    return OTTER_CONFLICT;
}

/* A rollout that has ended keeps none of its groups from being deleted or changed: one that goes on needs a
 * target that can be read, now and by the next start. */
static enum otter_status target_still_there(struct device_change *c, const struct store_rollout *rollout,
                                            struct host_error *err)
{
    struct policy_target_error error;
    struct policy_target target;

    if (target_compile(c->svc->catalog, rollout->target, &target, &error))
        return OTTER_OK;
    (void)host_fail(err, HOST_ERROR_FORMAT, "rollout %lld cannot go on with its target as it is: %s%s%s",
                    (long long)rollout->id, error.what, error.group[0] ? ": group " : "", error.group);
    return OTTER_CONFLICT;
}

/* One that is through goes on for the device's sake. */
static enum otter_status reopen(struct device_change *c, struct store_rollout *rollout, unsigned phase)
{
    enum otter_status status;

    rollout_enter(c->svc, rollout, POLICY_ROLLOUT_RUNNING, "");
    rollout->finished = 0;
    if (phase >= 1 && phase <= rollout->phase_count)
        rollout->phases[phase - 1].completed = 0;
    c->call->effects->catalog = true;
    status = c->svc->writer->ops->rollout_update(c->svc->writer, rollout);
    if (status == OTTER_OK)
        status = rollout_event(c->svc, rollout->id, "reopened", rollout_who(c->call),
                               json_pack("{s:I}", "phase", (json_int_t)phase));
    return svc_stored(c->call, status);
}

/* Can its rollout still grant? */
static enum otter_status ready_rollout(struct device_change *c, const struct store_attempt *row,
                                       struct host_error *err)
{
    const struct catalog_release *release;
    struct store_rollout rollout;
    enum policy_rollout_state state;
    enum otter_status status = c->svc->writer->ops->rollout_get(c->svc->writer, row->rollout, &rollout);

    if (status != OTTER_OK)
        return svc_stored(c->call, status);
    release = catalog_release_by_num(c->svc->catalog, rollout.release);
    if (!release)
        return OTTER_INTERNAL;
    status = release_usable(c->svc, err, release);
    state = policy_rollout_state_find(rollout.state);
    if (status != OTTER_OK || state == POLICY_ROLLOUT_RUNNING || state == POLICY_ROLLOUT_PAUSED ||
        state == POLICY_ROLLOUT_HALTED)
        return status;
    if (state == POLICY_ROLLOUT_COMPLETE) {
        status = target_still_there(c, &rollout, err);
        return status == OTTER_OK ? reopen(c, &rollout, row->phase) : status;
    }
    (void)host_fail(err, HOST_ERROR_FORMAT, "rollout %lld is %s: make a new one", (long long)rollout.id,
                    rollout.state);
    return OTTER_CONFLICT;
}

enum otter_status act_retry(struct device_change *c, uint32_t index, bool *ret_changed,
                            struct host_error *err)
{
    struct store_marks marks;
    struct store_attempt row;
    enum otter_status status = in_service(c, index, &marks, err);
    char detail[64];

    if (status == OTTER_OK)
        status = find_attempt(c, index, &row, err);
    if (status != OTTER_OK || row.retry)
        return status;
    status = ready_rollout(c, &row, err);
    if (status != OTTER_OK)
        return status;
    (void)snprintf(detail, sizeof(detail), "attempt %llu of rollout %lld", (unsigned long long)row.id,
                   (long long)row.rollout);
    status = attempt_retry(c->svc, c->call, index, &row);
    if (status == OTTER_OK)
        status = device_note(c->svc, c->call, index, "retry", detail);
    *ret_changed = status == OTTER_OK;
    return status;
}

struct labeller {
    struct store_device_visitor visitor;
    struct device_change *c;
    struct host_error *err;
    bool changed;
    enum otter_status status;
};

static bool label(struct store_device_visitor *self, const struct store_device *row)
{
    struct labeller *l = OTTER_CONTAINER_OF(self, struct labeller, visitor);
    struct device_change *c = l->c;
    struct fleet_pack tags, attrs;

    l->status = OTTER_INTERNAL;
    if (!fleet_pack_read(row->tags.data, row->tags.len, &tags) ||
        !fleet_pack_read(row->operator_attrs.data, row->operator_attrs.len, &attrs))
        return false;
    l->status = OTTER_BAD_VALUE;
    if (labels_remove_tags(c->remove_tags, &tags, l->err) && labels_add_tags(c->add_tags, &tags, l->err) &&
        labels_set_attrs(c->attributes, &attrs, l->err))
        l->status = labels_store(c->svc, c->call, row, &tags, &attrs, &l->changed);
    return false;
}

enum otter_status act_label(struct device_change *c, uint32_t index, bool *ret_changed,
                            struct host_error *err)
{
    struct labeller l = {.visitor.row = label, .c = c, .err = err};
    const char *id = fleet_peek(c->svc->fleet, index)->id;
    enum otter_status status =
        svc_stored(c->call, c->svc->writer->ops->device_get(c->svc->writer, id, &l.visitor));

    if (status == OTTER_OK)
        status = l.status;
    if (status == OTTER_OK && l.changed)
        status = device_note(c->svc, c->call, index, "labelled", c->note);
    *ret_changed = status == OTTER_OK && l.changed;
    return status;
}
