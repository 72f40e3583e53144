/* What operators do to a rollout, each with its event, who it was, and what follows, in one transaction. */
#include "service/explain.h"
#include "service/rights.h"
#include "service/rollout_fleet.h"

#include "core/bytes.h"
#include "host/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct action {
    struct svc *svc;
    struct svc_call *call;
    const char *name, *who;
    const struct catalog_rollout *r;
    struct store_rollout row;
    bool opened;  /* its gate is to be looked at */
    bool aborted; /* or rolled back: it is told */
};

const char *rollout_who(const struct svc_call *call)
{
    return call->in.who ? call->in.who : "";
}

static enum otter_status event(struct action *a, const char *kind, json_t *detail)
{
    return svc_stored(a->call, rollout_event(a->svc, a->row.id, kind, a->who, detail));
}

struct selected {
    struct rollout_chooser chooser;
    struct rollout_scope scope;
};

static bool selects(const struct rollout_chooser *self, const struct fleet_device *d, uint32_t index)
{
    (void)index;
    return rollout_selects(&OTTER_CONTAINER_OF_CONST(self, struct selected, chooser)->scope, d);
}

/* Whoever is selected now belongs to it, and nobody else. */
static enum otter_status close_it(struct action *a)
{
    struct selected s = {.chooser.chooses = selects, .scope = rollout_scope_of(a->svc, a->r)};

    return svc_stored(a->call, rollout_members_take(a->svc, a->row.id, &s.chooser));
}

static enum otter_status do_start(struct action *a)
{
    enum otter_status status = a->r->plan.join ? OTTER_OK : close_it(a);

    if (status == OTTER_OK)
        status = event(a, "started", json_object());
    if (status == OTTER_OK)
        status = svc_stored(a->call, rollout_open_next(a->svc, a->r, &a->row, a->who));
    rollout_enter(a->svc, &a->row, POLICY_ROLLOUT_RUNNING, "");
    a->row.started = a->row.state_at;
    a->opened = true;
    return status;
}

/* Is the newest phase the one that was meant? Between an operator's look and word another may have opened it.
 */
static enum otter_status check_meant(struct action *a)
{
    if (a->call->in.phase == 0 || a->call->in.phase == a->row.phase)
        return OTTER_OK;
    return svc_refuse(a->call, OTTER_CONFLICT, "phase %llu was meant, and rollout %lld is in phase %u",
                      (unsigned long long)a->call->in.phase, (long long)a->row.id, a->row.phase);
}

/* Before operators had names there was one. */
static const char *maker(const struct action *a)
{
    return a->row.created_by[0] ? a->row.created_by : SVC_ADMIN;
}

static enum otter_status do_advance(struct action *a)
{
    unsigned phase = a->row.phase;

    if (check_meant(a) != OTTER_OK)
        return OTTER_CONFLICT;
    if (phase == a->row.phase_count)
        return svc_refuse(a->call, OTTER_CONFLICT, "rollout %lld is in its last phase already",
                          (long long)a->row.id);
    a->call->unapproved = a->r->plan.phase[phase - 1].approval && a->row.approved_phase < phase;
    if (a->call->unapproved)
        return svc_refuse(
            a->call, OTTER_CONFLICT,
            "phase %u of rollout %lld has to be approved first, by another operator than %s: otter "
            "rollout approve %lld",
            phase, (long long)a->row.id, maker(a), (long long)a->row.id);
    a->opened = true;
    return svc_stored(a->call, rollout_open_next(a->svc, a->r, &a->row, a->who));
}

static enum otter_status do_approve(struct action *a)
{
    unsigned phase = a->row.phase;

    if (check_meant(a) != OTTER_OK)
        return OTTER_CONFLICT;
    if (phase == a->row.phase_count || !a->r->plan.phase[phase - 1].approval)
        return svc_refuse(a->call, OTTER_CONFLICT, "phase %u of rollout %lld asks for no approval", phase,
                          (long long)a->row.id);
    if (a->row.approved_phase >= phase)
        return svc_refuse(a->call, OTTER_CONFLICT, "phase %u of rollout %lld was approved by %s already",
                          phase, (long long)a->row.id, a->row.approved_by);
    if (!*a->who || strcmp(a->who, maker(a)) == 0) /* nobody is not another one */
        return svc_refuse(a->call, OTTER_FORBIDDEN,
                          "rollout %lld was made by %s: another operator has to approve it",
                          (long long)a->row.id, maker(a));
    a->row.approved_phase = phase;
    (void)snprintf(a->row.approved_by, sizeof(a->row.approved_by), "%s", a->who);
    a->opened = true;
    return event(a, "approved", json_pack("{s:I}", "phase", (json_int_t)phase));
}

static enum otter_status do_pause(struct action *a)
{
    rollout_enter(a->svc, &a->row, POLICY_ROLLOUT_PAUSED, "");
    return event(a, "paused", json_object());
}

/* The losses so far are seen, and count no more towards a phase's threshold. */
static enum otter_status acknowledge(struct action *a, json_t *list, uint64_t *ret_sum)
{
    const struct gate_out none = {.outstanding = 0};
    struct gate_view view;
    enum otter_status status = svc_stored(a->call, gate_look(a->svc, a->r, &a->row, &none, &view));

    for (unsigned i = 0; status == OTTER_OK && i < a->row.phase; i++) {
        uint64_t lost = policy_gate(&view.facts[i]).lost;

        a->row.phases[i].acknowledged += (uint32_t)lost;
        *ret_sum += lost;
        if (lost > 0)
            (void)json_array_append_new(
                list, json_pack("{s:I, s:I}", "phase", (json_int_t)i + 1, "acknowledged", (json_int_t)lost));
    }
    return status;
}

static enum otter_status do_resume(struct action *a)
{
    bool halted = policy_rollout_state_find(a->row.state) == POLICY_ROLLOUT_HALTED;
    auto_json json_t *phases = json_array();
    uint64_t lost = 0;
    enum otter_status status = halted ? acknowledge(a, phases, &lost) : OTTER_OK;

    if (status != OTTER_OK)
        return status;
    rollout_enter(a->svc, &a->row, POLICY_ROLLOUT_RUNNING, "");
    a->row.resumed_at = a->row.state_at;
    a->opened = true; /* what ended meanwhile may move it on */
    return event(a, "resumed", json_pack("{s:I, s:O}", "acknowledged", (json_int_t)lost, "phases", phases));
}

static enum otter_status do_abort(struct action *a)
{
    enum policy_rollout_state before = policy_rollout_state_find(a->row.state);

    rollout_enter(a->svc, &a->row, POLICY_ROLLOUT_ABORTED, "");
    a->row.finished = a->row.state_at;
    if (!events_rollout_aborted(a->svc, a->call, &a->row, before, "by an operator"))
        return OTTER_INTERNAL;
    return event(a, "aborted", json_object());
}

static enum otter_status do_rollback(struct action *a)
{
    char why[STORE_REASON_MAX + 1];
    enum otter_status status;

    (void)snprintf(why, sizeof(why), "by operator %s", *a->who ? a->who : "unknown");
    status = rollback_begin(a->svc, a->r, &a->row, a->who, why, &a->call->out.error);
    if (status != OTTER_OK)
        return svc_stored(a->call, status);
    a->opened = true; /* with nobody to take back the other is through */
    if (!events_rollout_rolled_back(a->svc, a->call, &a->row, why))
        return OTTER_INTERNAL;
    return event(a, "rolled-back", json_pack("{s:I, s:s}", "child", (json_int_t)a->row.child, "reason", why));
}

#define IN(state) (1u << POLICY_ROLLOUT_##state)

static const struct {
    const char *name;
    unsigned from; /* bit set of states */
    enum otter_status (*act)(struct action *a);
    bool offers; /* to more devices than before */
} actions[] = {
    {"start", IN(DRAFT), do_start, true},
    {"advance", IN(RUNNING), do_advance, true},
    {"approve", IN(RUNNING) | IN(PAUSED), do_approve, true},
    {"pause", IN(RUNNING), do_pause},
    {"resume", IN(PAUSED) | IN(HALTED), do_resume, true},
    {"abort", IN(DRAFT) | IN(RUNNING) | IN(PAUSED) | IN(HALTED), do_abort},
    {"rollback", IN(RUNNING) | IN(PAUSED) | IN(HALTED) | IN(ABORTED) | IN(COMPLETE), do_rollback},
};

static enum otter_status act(struct action *a)
{
    enum policy_rollout_state state = policy_rollout_state_find(a->row.state);
    enum otter_status status = OTTER_OK;

    for (unsigned i = 0; i < OTTER_ARRAY_LEN(actions); i++) {
        if (strcmp(actions[i].name, a->name) != 0)
            continue;
        if (!(actions[i].from >> (unsigned)state & 1u))
            return svc_refuse(a->call, OTTER_CONFLICT, "rollout %lld is %s: it cannot %s",
                              (long long)a->row.id, a->row.state, a->name);
        if (actions[i].offers)
            status = svc_stored(a->call, release_trusted(a->svc, &a->call->out.error, a->r->release));
        return status == OTTER_OK ? actions[i].act(a) : status;
    }
    return svc_refuse(a->call, OTTER_NOT_FOUND,
                      "no such action: start, advance, approve, pause, resume, abort or rollback");
}

void rollout_action_answer(struct svc *svc, struct svc_call *call)
{
    struct store_rollout row;
    enum otter_status status = svc->writer->ops->rollout_get(svc->writer, (int64_t)call->in.number, &row);
    json_t *json;

    (void)host_memory_was_refused();
    json = status == OTTER_OK ? json_rollout(svc->writer, svc->catalog, &row, &status) : NULL;
    if (!json || host_memory_was_refused()) {
        json_decref(json);
        return; /* the answer of before is right, too, if not the newest */
    }
    json_decref(call->out.json);
    call->out.json = json;
}

enum otter_status op_rollout_action(struct svc *svc, struct svc_call *call)
{
    struct svc_effects *effects = effects_of(call);
    struct action a = {
        .svc = svc, .call = call, .name = call->in.id ? call->in.id : "", .who = rollout_who(call)};
    enum otter_status status;

    if (!effects)
        return OTTER_INTERNAL;
    a.r = rollout_find(svc->catalog, call);
    if (!a.r)
        return OTTER_NOT_FOUND;
    status = rights_need(call, a.r->release->manifest.product);
    if (status != OTTER_OK)
        return status;
    status = svc_stored(call, svc->writer->ops->rollout_get(svc->writer, a.r->row.id, &a.row));
    if (status == OTTER_OK)
        status = act(&a);
    if (status == OTTER_OK)
        status = svc_stored(call, svc->writer->ops->rollout_update(svc->writer, &a.row));
    if (status != OTTER_OK)
        return status;
    effects->catalog = true;
    effects->opened = a.opened;
    call->out.json = json_rollout(svc->writer, svc->catalog, &a.row, &status);
    return status;
}
