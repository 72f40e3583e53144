/* What is written behind, and when. */
#include "service/internal.h"
#include "world.h"

#include "core/bytes.h"

#include <sqlite3.h>
#include <stdio.h>

static int setup(void **state)
{
    return world_setup_with_devices(state, 3);
}

static void a_round_goes_over_its_part_in_time(void **state)
{
    static const struct {
        uint32_t devices;
        int64_t elapsed_ms;
        uint32_t poll_interval_s;
        uint32_t share;
    } cases[] = {
        {1000000, 1000, 3600, 3334}, /* 300 s for all of them, as with any longer interval */
        {1000000, 1000, 86400, 3334},
        {1000000, 1000, 600, 16667}, /* a tenth of the interval */
        {1000, 1000, 10, 1000},
        {1000, 1000, 5, 1000},
        {1, 1, 3600, 1}, /* whoever is there has its turn */
        {0, 1000, 3600, 0},
        {1000000, 0, 3600, 0},
        {FLEET_MAX, 299999, 86400, FLEET_MAX - 55},
        {FLEET_MAX, INT64_MAX, 86400, FLEET_MAX},
    };

    (void)state;
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(cases); i++)
        assert_int_equal(sweep_share(cases[i].devices, cases[i].elapsed_ms, cases[i].poll_interval_s),
                         cases[i].share);
}

static int64_t stored_last_seen(struct world *w, unsigned device)
{
    char path[PATH_MAX + 16];
    sqlite3_stmt *stmt;
    sqlite3 *db;
    int64_t seen = 0;

    (void)snprintf(path, sizeof(path), "%s/otter.db", w->dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db, "SELECT last_seen FROM device_states WHERE device = ?", -1, &stmt, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_bind_int(stmt, 1, (int)device + 1), SQLITE_OK);
    if (sqlite3_step(stmt) == SQLITE_ROW)
        seen = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return seen;
}

static void a_clean_stop_stores_who_was_only_seen(void **state)
{
    struct world *w = *state;

    assert_int_equal(world_ask(w, 0), 0);
    assert_int_equal(world_ask(w, 2), 0);
    world_restart(w); /* what was new is stored */
    world_clock += 77;
    assert_int_equal(world_ask(w, 2), 0); /* says what it said before */
    svc_close(w->svc);
    w->svc = NULL;
    assert_int_equal(stored_last_seen(w, 0), WORLD_NOW);
    assert_int_equal(stored_last_seen(w, 1), 0);
    assert_int_equal(stored_last_seen(w, 2), WORLD_NOW + 77);
}

static uint32_t marked(struct world *w, bool dirty)
{
    return dirty ? fleet_take_dirty(w->svc->fleet, 1) : fleet_take_seen(w->svc->fleet, 1, FLEET_MAX);
}

/* The marks that polls leave; the sweeper, which would take them, is ended first. */
static void what_is_new_is_dirty_and_who_only_polled_is_seen(void **state)
{
    struct world *w = *state;
    struct otter_digest other = {.b = {1}};
    const struct {
        struct world_poll poll;
        bool dirty;
    } cases[] = {
        {{.device = 1, .confirmed = true}, true}, /* the first one */
        {{.device = 1, .confirmed = true}, false},
        {{.device = 1, .confirmed = true, .refused = OTTER_UNKNOWN_KEY}, true},
        {{.device = 1, .confirmed = true, .refused = OTTER_UNKNOWN_KEY}, false},
        {{.device = 1, .confirmed = true}, true}, /* refuses no more */
        {{.device = 1, .confirmed = false}, true},
        {{.device = 1, .confirmed = false}, false},
        {{.device = 1, .confirmed = true, .sha = &other}, true},
        {{.device = 1, .confirmed = true, .sha = &other}, false},
    };

    queue_close(&w->svc->writes);
    (void)pthread_join(w->svc->writer_thread, NULL);
    w->svc->writer_started = false;
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(cases); i++) {
        struct svc_call call = {0};

        world_fill_poll(&call, &cases[i].poll);
        assert_true(svc_try(w->svc, &call));
        assert_int_equal(marked(w, cases[i].dirty), 1);
        assert_int_equal(marked(w, !cases[i].dirty), FLEET_NONE);
        svc_call_clear(&call);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_round_goes_over_its_part_in_time),
        cmocka_unit_test_setup_teardown(a_clean_stop_stores_who_was_only_seen, setup, world_teardown),
        cmocka_unit_test_setup_teardown(what_is_new_is_dirty_and_who_only_polled_is_seen, setup,
                                        world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
