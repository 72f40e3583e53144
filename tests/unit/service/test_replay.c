/*
 * A rollout's events in their order give its row: in random worlds, over a real database, whatever devices,
 * operators, time and restarts do to it. What no event tells of, nobody could ever explain afterwards.
 */
#include "world.h"

#include "core/bytes.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORLDS   12u
#define ACTS     250u /* a world */
#define EACH     10u  /* acts between two comparisons */
#define DEVICES  10u
#define ROLLOUTS 32u

/* xorshift64* */
static uint64_t random_state;

static unsigned below(unsigned n)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (unsigned)((random_state * UINT64_C(2685821657736338717) >> 33) % n);
}

/* ---- the row, out of its events ---- */

static json_int_t whole(const json_t *detail, const char *member)
{
    return json_integer_value(json_object_get(detail, member));
}

static void enter(struct store_rollout *row, const char *state, const struct store_rollout_event *e,
                  const json_t *detail)
{
    const char *reason = json_string_value(json_object_get(detail, "reason"));

    (void)snprintf(row->state, sizeof(row->state), "%s", state);
    (void)snprintf(row->state_reason, sizeof(row->state_reason), "%s", reason ? reason : "");
    row->state_at = e->at;
}

static struct store_phase *phase_in(struct store_rollout *row, const json_t *detail)
{
    json_int_t phase = whole(detail, "phase");

    assert_in_range(phase, 1, row->phase_count);
    return &row->phases[phase - 1];
}

static void share(struct store_phase *p, const json_t *detail)
{
    p->upto = (uint64_t)whole(detail, "upto");
    p->devices = (uint32_t)whole(detail, "devices");
    p->widened = json_is_true(json_object_get(detail, "widened"));
}

static void created(struct store_rollout *row, const struct store_rollout_event *e, const json_t *detail)
{
    const json_t *phases = json_object_get(detail, "phases");

    enter(row, "draft", e, detail);
    row->created = e->at;
    row->parent = whole(detail, "parent");
    (void)snprintf(row->created_by, sizeof(row->created_by), "%s", e->who);
    row->phase_count = (unsigned)json_array_size(phases);
    for (unsigned i = 0; i < row->phase_count; i++)
        share(&row->phases[i], json_array_get(phases, i));
}

static void started(struct store_rollout *row, const struct store_rollout_event *e, const json_t *detail)
{
    enter(row, "running", e, detail);
    row->started = e->at;
}

static void opened(struct store_rollout *row, const struct store_rollout_event *e, const json_t *detail)
{
    struct store_phase *p = phase_in(row, detail);

    share(p, detail);
    p->opened = e->at;
    row->phase = (unsigned)whole(detail, "phase");
    row->through_at = 0;
    row->state_reason[0] = '\0';
}

static void phase_complete(struct store_rollout *row, const struct store_rollout_event *e,
                           const json_t *detail)
{
    phase_in(row, detail)->completed = e->at;
}

static void waits(struct store_rollout *row, const struct store_rollout_event *e, const json_t *detail)
{
    int64_t at = row->state_at;

    enter(row, "running", e, detail);
    row->state_at = at;
    if (whole(detail, "through_at"))
        row->through_at = whole(detail, "through_at");
}

static void warned(struct store_rollout *row, const struct store_rollout_event *e, const json_t *detail)
{
    waits(row, e, detail);
    phase_in(row, detail)->warned = true;
}

static void halted(struct store_rollout *row, const struct store_rollout_event *e, const json_t *detail)
{
    enter(row, "halted", e, detail);
}

static void ended(struct store_rollout *row, const char *state, const struct store_rollout_event *e,
                  const json_t *detail)
{
    enter(row, state, e, detail);
    row->finished = e->at;
    if (whole(detail, "through_at"))
        row->through_at = whole(detail, "through_at");
}

static void rolled_back(struct store_rollout *row, const struct store_rollout_event *e, const json_t *detail)
{
    ended(row, "rolled-back", e, detail);
    row->child = whole(detail, "child");
}

static void complete(struct store_rollout *row, const struct store_rollout_event *e, const json_t *detail)
{
    ended(row, "complete", e, detail);
}

static void aborted(struct store_rollout *row, const struct store_rollout_event *e, const json_t *detail)
{
    ended(row, "aborted", e, detail);
}

static void paused(struct store_rollout *row, const struct store_rollout_event *e, const json_t *detail)
{
    enter(row, "paused", e, detail);
}

static void resumed(struct store_rollout *row, const struct store_rollout_event *e, const json_t *detail)
{
    const json_t *phase;
    size_t i;

    enter(row, "running", e, detail);
    row->resumed_at = e->at;
    json_array_foreach(json_object_get(detail, "phases"), i, phase)
    {
        phase_in(row, phase)->acknowledged += (uint32_t)whole(phase, "acknowledged");
    }
}

static void approved(struct store_rollout *row, const struct store_rollout_event *e, const json_t *detail)
{
    row->approved_phase = (unsigned)whole(detail, "phase");
    (void)snprintf(row->approved_by, sizeof(row->approved_by), "%s", e->who);
}

static void reopened(struct store_rollout *row, const struct store_rollout_event *e, const json_t *detail)
{
    enter(row, "running", e, detail);
    row->finished = 0;
    phase_in(row, detail)->completed = 0;
}

static void taken_back(struct store_rollout *row, const struct store_rollout_event *e, const json_t *detail)
{
    (void)e;
    phase_in(row, detail)->acknowledged = (uint32_t)whole(detail, "acknowledged");
}

static const struct {
    const char *kind;
    void (*apply)(struct store_rollout *row, const struct store_rollout_event *e, const json_t *detail);
} kinds[] = {
    {"created", created},         {"started", started},
    {"phase-opened", opened},     {"phase-complete", phase_complete},
    {"outstanding", waits},       {"too-few-succeeded", waits},
    {"soaking", waits},           {"approval-needed", waits},
    {"gate-waiting", waits},      {"frozen", waits},
    {"warned", warned},           {"halted", halted},
    {"rolled-back", rolled_back}, {"complete", complete},
    {"paused", paused},           {"resumed", resumed},
    {"approved", approved},       {"aborted", aborted},
    {"reopened", reopened},       {"loss-taken-back", taken_back},
};

static unsigned seen[OTTER_ARRAY_LEN(kinds)];

struct replay {
    struct store_rollout_event_visitor visitor;
    struct store_rollout row;
    bool count;
};

static bool replay(struct store_rollout_event_visitor *self, const struct store_rollout_event *e)
{
    struct replay *r = OTTER_CONTAINER_OF(self, struct replay, visitor);
    json_t *detail = *e->detail ? json_loads(e->detail, 0, NULL) : json_object();

    for (unsigned i = 0; i < OTTER_ARRAY_LEN(kinds); i++) {
        if (strcmp(kinds[i].kind, e->kind) != 0)
            continue;
        kinds[i].apply(&r->row, e, detail);
        seen[i] += r->count;
        json_decref(detail);
        return true;
    }
    fail_msg("an event of no known kind: %s", e->kind);
    return false;
}

#define SAME(member)                                                                                         \
    if (a->member != b->member)                                                                              \
    fail_msg("rollout %lld: " #member " is %lld by its events, and %lld", (long long)b->id,                  \
             (long long)a->member, (long long)b->member)
#define SAME_TEXT(member)                                                                                    \
    if (strcmp(a->member, b->member) != 0)                                                                   \
    fail_msg("rollout %lld: " #member " is \"%s\" by its events, and \"%s\"", (long long)b->id, a->member,   \
             b->member)

static void expect_same(const struct store_rollout *a, const struct store_rollout *b)
{
    SAME_TEXT(state);
    SAME_TEXT(state_reason);
    SAME_TEXT(created_by);
    SAME_TEXT(approved_by);
    SAME(state_at);
    SAME(phase);
    SAME(phase_count);
    SAME(created);
    SAME(started);
    SAME(finished);
    SAME(approved_phase);
    SAME(parent);
    SAME(child);
    SAME(through_at);
    SAME(resumed_at);
    for (unsigned i = 0; i < b->phase_count; i++) {
        SAME(phases[i].upto);
        SAME(phases[i].devices);
        SAME(phases[i].widened);
        SAME(phases[i].opened);
        SAME(phases[i].completed);
        SAME(phases[i].acknowledged);
        SAME(phases[i].warned);
    }
}

struct rows {
    struct store_rollout_visitor visitor;
    struct store_rollout row[ROLLOUTS];
    unsigned count;
};

static bool take_row(struct store_rollout_visitor *self, const struct store_rollout *row)
{
    struct rows *r = OTTER_CONTAINER_OF(self, struct rows, visitor);

    assert_true(r->count < ROLLOUTS);
    r->row[r->count++] = *row;
    return true;
}

static void compare_all(struct world *w, bool count)
{
    static struct rows rows;
    struct host_error err;
    enum store_fault fault;
    char path[PATH_MAX + 16];
    struct store *store;

    (void)world_action(w, 0, "none"); /* the writer has gone on behind what was done last */
    (void)snprintf(path, sizeof(path), "%s/otter.db", w->dir);
    store = store_sqlite_open(path, STORE_READER, &fault, &err);
    assert_non_null(store);
    rows = (struct rows){.visitor.row = take_row};
    assert_int_equal(store->ops->rollouts(store, &rows.visitor), OTTER_OK);
    for (unsigned i = 0; i < rows.count; i++) {
        struct replay r = {.visitor.row = replay, .count = count};

        assert_int_equal(store->ops->rollout_events(store, rows.row[i].id, 0, &r.visitor), OTTER_OK);
        expect_same(&r.row, &rows.row[i]);
    }
    store_close(store);
}

/* ---- what happens ---- */

struct play {
    struct world *w;
    char release[2][OTTER_DIGEST_HEX + 1]; /* the second one is the way back */
    struct otter_manifest manifest[2];
    const struct otter_digest *runs[DEVICES]; /* NULL: the factory image */
    unsigned rollouts;
};

static void run(struct play *p, struct svc_call *call)
{
    (void)world_run(p->w, call); /* a refusal is a case, too */
    json_decref(call->in.json);
    svc_call_clear(call);
}

static const char *someone(void)
{
    static const char *const names[] = {"ann", "bob", "eve"};

    return names[below(3)];
}

static void act_create(struct play *p)
{
    static const char *const phases[] = {
        "[{\"count\":2,\"failure\":30,\"min_sample\":2},{\"percent\":100,\"failure\":30,\"min_sample\":3}]",
        "[{\"count\":1,\"approval\":true,\"success\":0},{\"count\":3,\"gate\":\"manual\"},100]",
        "[{\"percent\":30,\"soak\":60,\"failure\":50,\"min_sample\":1},{\"percent\":100,\"failure\":20}]",
    };
    static const char *const on[] = {"warn", "halt", "rollback"};
    struct svc_call call = {.op = SVC_ROLLOUT_CREATE, .in.who = someone()};

    if (p->rollouts == ROLLOUTS / 2) /* each may have one that goes back */
        return;
    p->rollouts++;
    call.in.json =
        json_pack("{s:s, s:s, s:o, s:s, s:s, s:i, s:b, s:b}", "release", p->release[0], "target", "all",
                  "phases", json_loads(phases[below(3)], 0, NULL), "on_failure", on[below(3)],
                  "rollback_release", p->release[1], "silence", 300, "join", (int)below(2), "auto", 1);
    (void)json_object_set_new(call.in.json, "priority", json_integer(below(3)));
    run(p, &call);
}

static void act_rollout(struct play *p)
{
    static const char *const verbs[] = {"start",  "start",  "start",   "advance", "approve", "approve",
                                        "resume", "resume", "advance", "pause",   "abort",   "rollback"};
    struct svc_call call = {.op = SVC_ROLLOUT_ACTION,
                            .in.who = someone(),
                            .in.number = 1 + below(p->rollouts + 2),
                            .in.id = verbs[below(below(6) == 0 ? 12 : 9)]};

    run(p, &call);
}

static void act_device(struct play *p)
{
    static const char *const verbs[] = {"hold", "unhold", "unhold", "retry", "retry"};
    struct svc_call call = {.op = SVC_DEVICE_CHANGE, .in.id = verbs[below(5)], .in.who = someone()};

    call.in.json = json_pack("{s:[s]}", "ids", world_device(below(DEVICES)));
    if (strcmp(call.in.id, "hold") == 0)
        (void)json_object_set_new(call.in.json, "reason", json_string("why not"));
    run(p, &call);
}

static void act_freeze(struct play *p)
{
    struct svc_call call = {.op = SVC_FREEZE, .in.id = below(3) == 0 ? "freeze" : "unfreeze"};

    call.in.json = strcmp(call.in.id, "freeze") == 0 ? json_pack("{s:s}", "reason", "x") : json_object();
    run(p, &call);
}

static void act_time(struct play *p)
{
    int64_t seconds = 1 + below(below(4) == 0 ? 400 : 30);

    (void)world_action(p->w, 0, "none"); /* what follows from before is of before */
    world_clock += seconds;
    world_served += seconds;
    (void)world_action(p->w, 0, "none");
    (void)world_action(p->w, 0, "none");
}

/* A device polls; what it is offered it installs, loses, or is silent about. */
static void act_poll(struct play *p)
{
    unsigned i = below(DEVICES), fate = below(8);
    struct otter_offer offer;

    if (world_poll(p->w, &(struct world_poll){.device = i, .sha = p->runs[i], .confirmed = true}, &offer,
                   NULL) != OTTER_OK ||
        offer.empty)
        return;
    if (fate < 3) {
        (void)world_report(p->w, i, offer.attempt, 20, OTTER_UPDATE_FAILED, OTTER_SELF_TEST, NULL);
        return;
    }
    (void)world_report(p->w, i, offer.attempt, 10, OTTER_UPDATE_INSTALLED, OTTER_OK, NULL);
    if (fate == 3)
        return;
    for (unsigned r = 0; r < 2; r++)
        for (unsigned k = 0; k < p->manifest[r].image_count; k++)
            if (memcmp(p->manifest[r].image[k].sha256.b, offer.image.sha256.b, OTTER_DIGEST_LEN) == 0)
                p->runs[i] = &p->manifest[r].image[k].sha256;
    (void)world_poll(p->w, &(struct world_poll){.device = i, .sha = p->runs[i], .confirmed = true}, NULL,
                     NULL);
}

static void act_restart(struct play *p)
{
    world_restart(p->w);
}

static void something_happens(struct play *p)
{
    static const struct {
        void (*act)(struct play *p);
        unsigned weight;
    } acts[] = {{act_poll, 60},   {act_rollout, 20}, {act_time, 15},  {act_create, 5},
                {act_device, 12}, {act_freeze, 3},   {act_restart, 3}};
    unsigned sum = 0, at;

    for (unsigned i = 0; i < OTTER_ARRAY_LEN(acts); i++)
        sum += acts[i].weight;
    at = below(sum);
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(acts); i++) {
        if (at < acts[i].weight) {
            acts[i].act(p);
            return;
        }
        at -= acts[i].weight;
    }
}

static void one_world(unsigned n)
{
    struct play p = {.rollouts = 0};
    void *state = NULL;

    random_state = UINT64_C(0x9e3779b97f4a7c15) * (n + 1);
    assert_int_equal(world_setup_with_root(&state), 0);
    p.w = state;
    world_devices(p.w, DEVICES);
    for (unsigned r = 0; r < 2; r++) {
        world_release(p.w, 1 + r);
        memcpy(p.release[r], p.w->release, sizeof(p.release[r]));
        p.manifest[r] = p.w->manifest;
    }
    act_create(&p);
    for (unsigned i = 0; i < ACTS; i++) {
        something_happens(&p);
        if (i % EACH == 0)
            compare_all(p.w, false);
    }
    world_restart(p.w);
    compare_all(p.w, true);
    assert_int_equal(world_teardown(&state), 0);
}

/* Seeds of rollouts are drawn anew each time, so that a rare kind may be missing once. */
static void events_in_their_order_give_the_row(void **state)
{
    unsigned known = 0;

    (void)state;
    for (unsigned n = 0; n < WORLDS; n++)
        one_world(n);
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(kinds); i++)
        known += seen[i] > 0;
    assert_true(known + 4 >= OTTER_ARRAY_LEN(kinds));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(events_in_their_order_give_the_row)};

    return cmocka_run_group_tests_name("rollouts by their events", tests, NULL, NULL);
}
