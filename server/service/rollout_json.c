#include "service/rollout_fleet.h"

#include "core/bytes.h"

#include <string.h>

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

/* One of three says how wide the phase is; the others are null. */
static void add_width(json_t *json, const struct policy_phase_spec *spec)
{
    bool group = spec->width == POLICY_WIDTH_GROUP;

    (void)json_object_set_new(json, "percent",
                              spec->width == POLICY_WIDTH_PERCENT ? json_integer(spec->value) : json_null());
    (void)json_object_set_new(json, "count",
                              spec->width == POLICY_WIDTH_COUNT ? json_integer(spec->value) : json_null());
    (void)json_object_set_new(json, "group", group ? json_string(spec->group) : json_null());
}

static json_t *json_phases(const struct store_rollout *row, const struct policy_plan *plan,
                           const struct tally *t)
{
    json_t *phases = json_array();

    for (unsigned i = 0; i < row->phase_count; i++) {
        const struct store_phase *p = &row->phases[i];
        json_t *json = json_pack("{s:s, s:b, s:I, s:o, s:o, s:o}", "state", phase_state(row, i), "widened",
                                 (int)p->widened, "devices", (json_int_t)devices_of(row, t, i), "counts",
                                 json_counts(t, i, i + 1), "opened", json_time(p->opened), "completed",
                                 json_time(p->completed));

        add_width(json, &plan->phase[i]);
        (void)json_array_append_new(phases, json);
    }
    return phases;
}

/* The plan as it was asked for, with the release's digest in the place of its number. */
static json_t *json_plan(const struct catalog *c, const struct policy_plan *plan)
{
    const struct catalog_release *back =
        plan->rollback_release ? catalog_release_by_num(c, plan->rollback_release) : NULL;
    json_t *json = plan_json(plan);

    if (json)
        (void)json_object_set_new(json, "rollback_release", back ? json_digest(&back->id) : json_null());
    return json;
}

static uint64_t of_phase(const struct tally *t, unsigned phase, enum otter_update_state state)
{
    return t->n[phase - 1][state];
}

/* What it waits for, as the gate said last, and the numbers that it goes by now. */
static json_t *json_gate(const struct store_rollout *row, enum policy_rollout_state state,
                         const struct policy_plan *plan, const struct tally *t)
{
    const char *verdict =
        row->state_reason[0] ? row->state_reason : policy_verdict_name(POLICY_GATE_OUTSTANDING);
    const struct policy_phase_spec *spec = &plan->phase[row->phase ? row->phase - 1 : 0];
    uint64_t acknowledged, lost, finished;
    bool soaks;

    if (row->phase == 0 || row->phase > row->phase_count || state != POLICY_ROLLOUT_RUNNING)
        return json_null();
    acknowledged = row->phases[row->phase - 1].acknowledged;
    lost = of_phase(t, row->phase, OTTER_UPDATE_FAILED) + of_phase(t, row->phase, OTTER_UPDATE_REVERTED) +
           of_phase(t, row->phase, OTTER_UPDATE_TIMED_OUT);
    lost = lost > acknowledged ? lost - acknowledged : 0;
    finished = lost + of_phase(t, row->phase, OTTER_UPDATE_SUCCEEDED);
    soaks = strcmp(verdict, policy_verdict_name(POLICY_GATE_SOAK)) == 0;
    return json_pack("{s:s, s:o, s:I, s:I, s:I, s:I}", "verdict", verdict, "until",
                     json_time(soaks ? row->through_at + spec->soak_s : 0), "lost", (json_int_t)lost,
                     "finished", (json_int_t)finished, "sample",
                     (json_int_t)policy_min_sample(spec->min_sample, row->phases[row->phase - 1].devices),
                     "acknowledged", (json_int_t)acknowledged);
}

static json_t *text_or_null(const char *text)
{
    return *text ? json_string(text) : json_null();
}

static json_t *number_or_null(int64_t number)
{
    return number ? json_integer(number) : json_null();
}

/* Of a running one the reason is what its gate waits for. */
static void add_state(json_t *json, const struct store_rollout *row, enum policy_rollout_state state)
{
    const char *reason = state == POLICY_ROLLOUT_RUNNING ? "" : row->state_reason;

    (void)json_object_set_new(json, "state_reason", text_or_null(reason));
    (void)json_object_set_new(json, "state_at", json_time(row->state_at));
    (void)json_object_set_new(json, "created_by", text_or_null(row->created_by));
    (void)json_object_set_new(json, "approved_by", text_or_null(row->approved_by));
    (void)json_object_set_new(json, "approved_phase", number_or_null(row->approved_phase));
    (void)json_object_set_new(json, "parent", number_or_null(row->parent));
    (void)json_object_set_new(json, "child", number_or_null(row->child));
}

static json_t *json_whole(const struct catalog *c, const struct store_rollout *row,
                          const struct catalog_release *release, const struct policy_plan *plan,
                          const struct tally *t)
{
    enum policy_rollout_state state = policy_rollout_state_find(row->state);
    char version[OTTER_VERSION_STR];
    uint64_t devices = 0;
    json_t *json;

    otter_version_format(&release->manifest.version, version);
    for (unsigned i = 0; i < row->phase_count; i++)
        devices += devices_of(row, t, i);
    json = json_pack("{s:I, s:I, s:s, s:o, s:s, s:s, s:s, s:s, s:b, s:I, s:I, s:o, s:I, s:o, s:o, s:o, s:o, "
                     "s:o, s:o, s:o, s:o}",
                     "id", (json_int_t)row->id, "sequence", (json_int_t)row->id, "name", row->name, "release",
                     json_digest(&release->id), "product", release->manifest.product, "version", version,
                     "target", row->target, "state", row->state, "auto", (int)row->auto_advance, "priority",
                     (json_int_t)row->priority, "phase", (json_int_t)row->phase, "phases",
                     json_phases(row, plan, t), "devices", (json_int_t)devices, "counts",
                     json_counts(t, 0, row->phase_count), "reasons", json_reasons(t), "frozen",
                     json_freeze(&c->freeze), "created", json_time(row->created), "started",
                     json_time(row->started), "finished", json_time(row->finished), "plan",
                     json_plan(c, plan), "gate", json_gate(row, state, plan, t));
    if (json)
        add_state(json, row, state);
    return json;
}

json_t *json_rollout(struct store *store, const struct catalog *c, const struct store_rollout *row,
                     enum otter_status *ret_status)
{
    const struct catalog_release *release = catalog_release_by_num(c, row->release);
    struct tally t = {.visitor.row = take_count};
    struct policy_plan plan;
    json_t *json;

    *ret_status = store->ops->counts(store, row->id, &t.visitor);
    if (*ret_status == OTTER_OK && (!release || !catalog_plan(row, &plan)))
        *ret_status = OTTER_INTERNAL;
    if (*ret_status != OTTER_OK)
        return NULL;
    json = json_whole(c, row, release, &plan, &t);
    *ret_status = json ? OTTER_OK : OTTER_INTERNAL;
    return json;
}
