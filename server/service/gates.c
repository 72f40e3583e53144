/*
 * What follows from the verdict on a rollout's open phases (gate_look.c), in the same transaction of the
 * writer. Whatever is decided is in the row, so that a restart goes on where it was: nothing soaks twice, is
 * told twice, or opens twice.
 */
#include "service/rollout_fleet.h"

#include "core/bytes.h"

#include <stdio.h>
#include <string.h>

struct gate {
    struct svc *svc;
    const struct catalog_rollout *r;
    struct store_rollout *row;
    struct gate_view view;
    struct policy_gate_facts facts; /* of the phase whose verdict it is, */
    struct policy_gate_result result;
    unsigned phase; /* from 1 */
    struct gate_done *done;
    const char *kind; /* what the verdict is called in the rollout's events; NULL: nothing is written */
};

/* "12.5": hundredths of a percent as people read them; at most 100. */
static const char *percent(uint16_t share, char out[12])
{
    int len = snprintf(out, 12, "%u.%02u", share / 100u % 1000u, share % 100u);

    while (len > 0 && (out[len - 1] == '0' || out[len - 1] == '.')) {
        bool point = out[len - 1] == '.';

        out[--len] = '\0';
        if (point)
            break;
    }
    return out;
}

static json_t *json_numbers(const struct gate *g)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:f}", "phase", (json_int_t)g->phase, "succeeded",
                     (json_int_t)g->facts.succeeded, "lost", (json_int_t)g->result.lost, "acknowledged",
                     (json_int_t)g->facts.acknowledged, "sample", (json_int_t)g->result.sample,
                     "lost_percent", g->result.lost_share / 100.0, "failure_percent",
                     g->facts.spec->failure_share / 100.0, "success_percent",
                     g->facts.spec->success_share / 100.0);
}

/* The verdict with its numbers, and what it has made of the row: whoever reads the events in their order
 * knows the row. */
static enum otter_status note(const struct gate *g)
{
    const struct store_rollout *row = g->row;
    json_t *json = json_numbers(g);

    if (json && row->state_reason[0])
        (void)json_object_set_new(json, "reason", json_string(row->state_reason));
    if (json && row->through_at)
        (void)json_object_set_new(json, "through_at", json_integer(row->through_at));
    if (json && row->child)
        (void)json_object_set_new(json, "child", json_integer(row->child));
    return rollout_event(g->svc, row->id, g->kind, "", json);
}

/* "threshold: in phase 1, 3 of 8 that finished were lost (37.5 %), and at most 10 % may be, from 8 on" */
static void say_threshold(const struct gate *g, char out[STORE_REASON_MAX + 1])
{
    char have[12], most[12];

    (void)snprintf(
        out, STORE_REASON_MAX + 1,
        "%s: in phase %u, %llu of %llu that finished were lost (%s %%), and at most %s %% may be, from "
        "%lu on",
        otter_status_name(OTTER_FAILURE_THRESHOLD), g->phase, (unsigned long long)g->result.lost,
        (unsigned long long)g->result.finished, percent(g->result.lost_share, have),
        percent(g->facts.spec->failure_share, most), (unsigned long)g->result.sample);
}

static void tell(struct gate *g, enum svc_event_kind kind, unsigned phase, const char *detail)
{
    events_of_rollout(g->svc, g->row, kind, phase, &g->done->event);
    (void)snprintf(g->done->event.detail, sizeof(g->done->event.detail), "%.*s",
                   (int)sizeof(g->done->event.detail) - 1, detail);
    g->done->told = true;
}

/* What a running rollout waits for is kept as its reason: it is told when it changes, and a restart does not
 * tell it again. */
static enum otter_status wait_for(struct gate *g, const char *why)
{
    if (strcmp(g->row->state_reason, why) == 0)
        return OTTER_OK;
    (void)snprintf(g->row->state_reason, sizeof(g->row->state_reason), "%s", why);
    g->done->changed = true;
    return note(g);
}

static enum otter_status rest(struct gate *g)
{
    (void)g;
    return OTTER_OK;
}

static enum otter_status outstanding(struct gate *g)
{
    return wait_for(g, "");
}

static enum otter_status soak(struct gate *g)
{
    g->done->until = g->result.until;
    return wait_for(g, "soaking");
}

struct asked {
    struct store_rollout_event_visitor visitor;
    const char *kind;
    bool before; /* since the newest phase was opened */
};

static bool take_asked(struct store_rollout_event_visitor *self, const struct store_rollout_event *row)
{
    struct asked *a = OTTER_CONTAINER_OF(self, struct asked, visitor);

    a->before = strcmp(row->kind, "phase-opened") != 0 && (a->before || strcmp(row->kind, a->kind) == 0);
    return true;
}

/* An operator has to do something: told once a phase, however often newcomers let the gate wait for them in
 * between. */
static enum otter_status ask(struct gate *g, enum svc_event_kind kind, const char *next)
{
    const char *verdict = policy_verdict_name(g->result.verdict);
    struct asked a = {.visitor.row = take_asked, .kind = g->kind};
    struct store *store = g->svc->writer;
    char detail[EVENT_DETAIL_MAX];
    enum otter_status status;

    if (strcmp(g->row->state_reason, verdict) == 0)
        return OTTER_OK;
    status = store->ops->rollout_events(store, g->row->id, 0, &a.visitor);
    if (status != OTTER_OK)
        return status;
    (void)snprintf(detail, sizeof(detail),
                   "phase %u of %u is through with %llu succeeded, %llu lost: otter rollout %s %lld --phase "
                   "%u%s",
                   g->row->phase, g->row->phase_count, (unsigned long long)g->facts.succeeded,
                   (unsigned long long)g->result.lost, next, (long long)g->row->id, g->row->phase,
                   g->result.verdict == POLICY_GATE_APPROVAL ? ", by another operator than made it" : "");
    if (!a.before)
        tell(g, kind, g->row->phase, detail);
    return wait_for(g, verdict);
}

static enum otter_status too_few(struct gate *g)
{
    return ask(g, g->facts.spec->automatic ? SVC_EVENT_ROLLOUT_HALTED : SVC_EVENT_GATE_WAITING,
               "abort, or go on nevertheless: otter rollout advance");
}

static enum otter_status approval(struct gate *g)
{
    return ask(g, SVC_EVENT_GATE_WAITING, "approve");
}

static enum otter_status manual(struct gate *g)
{
    return ask(g, SVC_EVENT_GATE_WAITING, "advance");
}

static enum otter_status frozen(struct gate *g)
{
    return wait_for(g, policy_verdict_name(g->result.verdict));
}

static enum otter_status advance(struct gate *g)
{
    char detail[EVENT_DETAIL_MAX];

    (void)snprintf(detail, sizeof(detail),
                   "phase %u of %u opens: phase %u is through with %llu succeeded, %llu lost",
                   g->row->phase + 1, g->row->phase_count, g->row->phase,
                   (unsigned long long)g->facts.succeeded, (unsigned long long)g->result.lost);
    tell(g, SVC_EVENT_PHASE_OPENED, g->row->phase, detail);
    g->done->changed = g->done->again = true; /* the new phase may be through already */
    return rollout_open_next(g->svc, g->r, g->row, "");
}

static uint64_t lost_of(const struct svc_event *event)
{
    return event->counts[OTTER_UPDATE_FAILED] + event->counts[OTTER_UPDATE_REVERTED] +
           event->counts[OTTER_UPDATE_TIMED_OUT];
}

static enum otter_status complete(struct gate *g)
{
    struct svc_event *event = &g->done->event;

    rollout_enter(g->svc, g->row, POLICY_ROLLOUT_COMPLETE, "");
    g->row->finished = g->row->state_at;
    g->done->changed = true;
    tell(g, SVC_EVENT_ROLLOUT_COMPLETE, 0, "");
    (void)snprintf(event->detail, sizeof(event->detail),
                   "rollout %lld is complete: %llu succeeded, %llu lost", (long long)g->row->id,
                   (unsigned long long)event->counts[OTTER_UPDATE_SUCCEEDED],
                   (unsigned long long)lost_of(event));
    return note(g);
}

static enum otter_status warn(struct gate *g)
{
    char why[STORE_REASON_MAX + 1];

    say_threshold(g, why);
    tell(g, SVC_EVENT_ROLLOUT_WARNED, g->phase, why);
    g->row->phases[g->phase - 1].warned = true;
    g->done->changed = g->done->again = true;
    return note(g);
}

static enum otter_status halt_for(struct gate *g, const char *why)
{
    rollout_enter(g->svc, g->row, POLICY_ROLLOUT_HALTED, why);
    tell(g, SVC_EVENT_ROLLOUT_HALTED, g->phase, why);
    g->done->changed = true;
    return note(g);
}

static enum otter_status halt(struct gate *g)
{
    char why[STORE_REASON_MAX + 1];

    say_threshold(g, why);
    return halt_for(g, why);
}

/* What was to be rolled back to may have been withdrawn meanwhile: then it halts. */
static enum otter_status roll_back(struct gate *g)
{
    struct host_error err = {.message = ""};
    char why[STORE_REASON_MAX + 1], detail[STORE_REASON_MAX + 1];
    enum otter_status status;

    say_threshold(g, why);
    status = rollback_begin(g->svc, g->r, g->row, "", why, &err);
    if (status == OTTER_OK) {
        (void)snprintf(detail, sizeof(detail), "rolled back by rollout %lld; %.200s",
                       (long long)g->row->child, why);
        tell(g, SVC_EVENT_ROLLED_BACK, g->phase, detail);
        g->done->changed = g->done->again = true;
        return note(g);
    }
    if (!rollback_refused(status))
        return status;
    g->kind = "halted";
    (void)snprintf(detail, sizeof(detail), "no rollback: %.100s; %.140s", err.message, why);
    return halt_for(g, detail);
}

static const struct {
    enum otter_status (*act)(struct gate *g);
    const char *kind;
} acts[POLICY_VERDICT_COUNT] = {
    [POLICY_GATE_OUTSTANDING] = {outstanding, "outstanding"},
    [POLICY_GATE_SUCCESS] = {too_few, "too-few-succeeded"},
    [POLICY_GATE_SOAK] = {soak, "soaking"},
    [POLICY_GATE_APPROVAL] = {approval, "approval-needed"},
    [POLICY_GATE_MANUAL] = {manual, "gate-waiting"},
    [POLICY_GATE_FROZEN] = {frozen, "frozen"},
    [POLICY_GATE_ADVANCE] = {advance, NULL}, /* phase-opened, by who opens it */
    [POLICY_GATE_COMPLETE] = {complete, "complete"},
    [POLICY_GATE_WARN] = {warn, "warned"},
    [POLICY_GATE_HALT] = {halt, "halted"},
    [POLICY_GATE_ROLLBACK] = {roll_back, "rolled-back"},
    [POLICY_GATE_REST] = {rest, NULL},
};

enum otter_status gate_run(struct svc *svc, const struct catalog_rollout *r, struct store_rollout *row,
                           const struct gate_out *out, struct gate_done *ret)
{
    struct gate g = {.svc = svc, .r = r, .row = row, .done = ret};
    enum otter_status status = gate_look(svc, r, row, out, &g.view);

    *ret = (struct gate_done){.changed = false};
    if (status != OTTER_OK)
        return status;
    g.facts = g.view.facts[g.view.index];
    g.result = g.view.result;
    g.phase = g.view.index + 1;
    ret->verdict = g.result.verdict;
    if (g.result.through && g.facts.through_at == 0) {
        row->through_at = g.facts.now;
        ret->changed = true;
    }
    g.kind = acts[g.result.verdict].kind;
    return acts[g.result.verdict].act(&g);
}
