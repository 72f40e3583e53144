/* The simulator against the service: what the one tells of a small fleet is played to the other, poll by
 * poll, and each answer, each phase and the end have to be the same. */
#include "simulator/simulator.h"
#include "world.h"

#include "core/bytes.h"
#include "plan/plan_json.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEVICES 200u
#define NOTES   20000u

struct play {
    struct world *w;
    struct policy_plan plan;
    int64_t rollout;
    uint8_t seed[POLICY_SEED_LEN];
    struct otter_running running;
    struct sim_device device[DEVICES];
    char id[DEVICES][24];
    struct sim_part part[DEVICES];
    struct sim_entry entry[DEVICES];
    struct policy_place place[DEVICES];
    struct sim_result result;
    struct sim_watch watch;
    unsigned notes;
    struct sim_note note[NOTES];
    uint64_t attempt[DEVICES];
    struct otter_digest sha[DEVICES];
};

static struct play play;

static void take_note(struct sim_watch *self, const struct sim_note *note)
{
    (void)self;
    assert_true(play.notes < NOTES);
    play.note[play.notes++] = *note;
}

static void create(const char *members)
{
    struct svc_call call = {.op = SVC_ROLLOUT_CREATE, .in.json = json_loads(members, 0, NULL)};
    struct host_error err = {0};

    json_object_set_new(call.in.json, "release", json_string(play.w->release));
    json_object_set_new(call.in.json, "target", json_string("all"));
    if (!plan_read(call.in.json, &play.plan, &err))
        fail_msg("plan: %s", err.message);
    if (world_run(play.w, &call) != OTTER_OK)
        fail_msg("rollout: %s", call.out.error.message);
    play.rollout = json_integer_value(json_object_get(call.out.json, "id"));
    json_decref(call.in.json);
    svc_call_clear(&call);
    assert_int_equal(world_action(play.w, play.rollout, "start"), OTTER_OK);
}

static void read_seed(void)
{
    char path[PATH_MAX + 16];
    sqlite3_stmt *stmt;
    sqlite3 *db;

    (void)snprintf(path, sizeof(path), "%s/otter.db", play.w->dir);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT seed FROM rollouts WHERE id = ?", -1, &stmt, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_bind_int64(stmt, 1, play.rollout), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_int_equal(sqlite3_column_bytes(stmt, 0), POLICY_SEED_LEN);
    memcpy(play.seed, sqlite3_column_blob(stmt, 0), POLICY_SEED_LEN);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
}

static void make_devices(void)
{
    play.running = (struct otter_running){.version = {.major = 1}, .slot = OTTER_SLOT_A, .confirmed = true};
    memset(play.running.sha256.b, 0xfa, OTTER_DIGEST_LEN); /* as world_poll says */
    for (unsigned i = 0; i < DEVICES; i++) {
        (void)snprintf(play.id[i], sizeof(play.id[i]), "%s", world_device(i));
        play.device[i] =
            (struct sim_device){.id = play.id[i],
                                .product = WORLD_PRODUCT,
                                .hardware = WORLD_HARDWARE,
                                .running = &play.running,
                                .epoch = 1,
                                .position = policy_position(&otter_crypto_openssl, play.seed, play.id[i]),
                                .interval_s = 60,
                                .site = SIM_NO_SITE,
                                .in_target = true};
    }
}

static void simulate(uint16_t bad)
{
    const struct sim_room room = {play.part, play.entry, play.place};
    const struct sim_spec spec = {
        .plan = &play.plan,
        .manifest = &play.w->manifest,
        .root_epoch = 1,
        .device = play.device,
        .count = DEVICES,
        .start = WORLD_NOW,
        .until = WORLD_NOW + 500000,
        .model = {.seed = 3, .bad = bad, .bad_reason = OTTER_SELF_TEST, .download_s = 100, .install_s = 60},
        .watch = &play.watch};

    play.notes = 0;
    play.watch.note = take_note;
    sim_run(&spec, &room, &play.result);
}

static void ask(const struct sim_note *n, bool granted)
{
    struct otter_offer offer;

    assert_int_equal(
        world_poll(play.w, &(struct world_poll){.device = n->device, .confirmed = true}, &offer, NULL),
        OTTER_OK);
    if (offer.empty == granted)
        fail_msg("device %u at %lld: the simulator says %s", n->device, (long long)n->at_us,
                 granted ? "granted" : otter_status_name(n->status));
    play.attempt[n->device] = granted ? offer.attempt : 0;
    play.sha[n->device] = offer.image.sha256;
}

static void end(const struct sim_note *n)
{
    static const enum otter_update_state way[] = {OTTER_UPDATE_DOWNLOADING, OTTER_UPDATE_DOWNLOADED,
                                                  OTTER_UPDATE_INSTALLED, OTTER_UPDATE_TESTING};
    struct world_poll p = {.device = n->device, .sha = &play.sha[n->device], .confirmed = true};
    uint64_t attempt = play.attempt[n->device];

    for (unsigned i = 0; i < OTTER_ARRAY_LEN(way); i++)
        assert_int_equal(world_report(play.w, n->device, attempt, i + 1, way[i], OTTER_OK, NULL), OTTER_OK);
    if (n->state == OTTER_UPDATE_SUCCEEDED)
        assert_int_equal(world_poll(play.w, &p, NULL, NULL), OTTER_OK);
    else
        assert_int_equal(world_report(play.w, n->device, attempt, 5, n->state, n->status, NULL), OTTER_OK);
}

/* In the order in which it happened; a rollout moves on behind the call that made it. */
static void replay(void)
{
    for (unsigned i = 0; i < play.notes; i++) {
        const struct sim_note *n = &play.note[i];

        world_clock = n->at_us / SIM_S;
        if (n->kind == SIM_POLL || n->kind == SIM_GRANT)
            ask(n, n->kind == SIM_GRANT);
        else if (n->kind == SIM_END)
            end(n);
        else if (n->kind == SIM_OPENED)
            world_expect_rollout(play.w, play.rollout, "running", n->phase);
    }
}

static json_int_t count_of(const json_t *phase, const char *state)
{
    return json_integer_value(json_object_get(json_object_get(phase, "counts"), state));
}

static void expect_the_same(const char *state)
{
    json_t *r;

    world_expect_rollout(play.w, play.rollout, state, play.result.phase);
    r = world_get(play.w, SVC_ROLLOUT_GET, NULL, (uint64_t)play.rollout);
    for (unsigned i = 0; i < play.plan.phase_count; i++) {
        const json_t *phase = json_array_get(json_object_get(r, "phases"), i);
        const struct sim_phase *p = &play.result.of[i];

        assert_int_equal(json_integer_value(json_object_get(phase, "devices")), p->devices);
        assert_int_equal(count_of(phase, "succeeded"), p->tally.succeeded);
        assert_int_equal(count_of(phase, "reverted"), p->tally.reverted);
        assert_int_equal(count_of(phase, "succeeded") + count_of(phase, "reverted"), p->granted);
    }
    json_decref(r);
}

static const char phases[] = "\"phases\":[{\"percent\":10,\"success\":0,\"gate\":\"auto\"},"
                             "{\"percent\":40,\"success\":0,\"gate\":\"auto\"},"
                             "{\"percent\":100,\"success\":0,\"gate\":\"auto\"}]";

static void service_grants_what_the_simulator_does(void **state)
{
    static const struct {
        const char *more;
        uint16_t bad;
        enum sim_outcome outcome;
        const char *state;
    } cases[] = {
        {"", 0, SIM_COMPLETE, "complete"},
        {",\"max_active\":4", 0, SIM_COMPLETE, "complete"},
        {",\"max_active\":7,\"on_failure\":\"warn\"", 400, SIM_COMPLETE, "complete"},
        {"", 4000, SIM_HALTED, "halted"},
        {",\"windows\":[{\"from\":\"09:00\",\"to\":\"09:10\"}],\"tz\":\"UTC\"", 0, SIM_COMPLETE, "complete"},
    };

    for (unsigned i = 0; i < OTTER_ARRAY_LEN(cases); i++) {
        char members[1024];

        assert_int_equal(world_setup_with_root(state), 0);
        play.w = *state;
        world_release(play.w, 1);
        world_devices(play.w, DEVICES);
        (void)snprintf(members, sizeof(members), "{%s%s}", phases, cases[i].more);
        create(members);
        read_seed();
        make_devices();
        simulate(cases[i].bad);
        assert_int_equal(play.result.outcome, cases[i].outcome);
        replay();
        expect_the_same(cases[i].state);
        assert_int_equal(world_teardown(state), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(service_grants_what_the_simulator_does)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
