/* A start with more devices than one thread reads: what is in memory is what a reading in one go finds. */
#include "service/internal.h"
#include "world.h"

#include "core/bytes.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DEVICES "140000" /* three spans, the last one short */

static int setup(void **state)
{
    if (world_setup_with_devices(state, 1) != 0)
        return -1;
    return world_rollout(*state, "all", "[100]", true) == 1 ? 0 : -1;
}

#define EACH "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < " DEVICES ") "

/* Most have polled, and say seven things; some have labels, some attempts, of which the newest counts. */
static const char many[] = EACH
    "INSERT INTO devices (num, id, product, hardware, token_hash, sealed, tags, own_attrs, created)"
    " SELECT i, 'many-' || i, 'p' || i % 3, 'h', randomblob(32), sealed, iif(i % 11, NULL, x'610000'),"
    " iif(i % 13, NULL, x'6e0076000000'), 5 FROM n, devices WHERE num = 1;" EACH
    "INSERT INTO device_states (device, version, sha256, slot, confirmed, epoch, sequence, root, stale,"
    " first_seen, last_seen, refused)"
    " SELECT i, i % 7, zeroblob(31) || x'01', iif(i % 2, 'A', 'B'), i % 4 > 0, 1, i % 7, 1, i % 5 = 0, 1, i,"
    " iif(i % 100, NULL, 'unknown-key') FROM n WHERE i % 3;" EACH
    "INSERT INTO attempts (device, rollout, phase, state, reason, detail, slot, bytes, step, created,"
    " updated, finished) SELECT i, 1, 1, 'failed', 'self-test', '', 'B', 0, i % 8, 1, 1, 1 FROM n WHERE i % "
    "10 = 0;" EACH
    "INSERT INTO attempts (device, rollout, phase, state, reason, detail, slot, bytes, step, created,"
    " updated, finished, retry) SELECT i, 1, 1, 'succeeded', NULL, '', 'A', 0, i % 9, 1, 1, 1, i % 3 = 0 "
    "FROM n WHERE i % 20 = 0";

struct comparison {
    struct store_fleet_visitor devices;
    struct store_attempt_visitor attempts;
    struct fleet *fleet;
    uint32_t count, attempt_count;
};

static bool same_pack(const char *data, const struct store_pack *pack)
{
    return pack->len ? data && memcmp(data, pack->data, pack->len) == 0 : !data;
}

static void compare_state(const struct fleet_device *d, const struct store_device_state *s)
{
    assert_int_equal(d->flags, s ? FLEET_SEEN | (s->running.confirmed ? FLEET_CONFIRMED : 0) |
                                       (s->stale ? FLEET_STALE : 0)
                                 : 0);
    assert_int_equal(d->said->sequence, s ? s->sequence : 0);
    assert_int_equal(d->said->version.build, s ? s->running.version.build : 0);
    assert_int_equal(d->slot, s ? s->running.slot : 0);
    assert_int_equal(d->refused, s ? s->refused : 0);
    assert_int_equal(d->last_seen, s ? s->last_seen : 0);
}

static bool compare_device(struct store_fleet_visitor *self, const struct store_device *row,
                           const struct store_device_state *state)
{
    struct comparison *c = OTTER_CONTAINER_OF(self, struct comparison, devices);
    const struct fleet_device *d;

    assert_int_equal(row->num, ++c->count);
    assert_int_equal(fleet_find(c->fleet, row->id), row->num - 1);
    assert_int_equal(fleet_find_token(c->fleet, &row->token_hash), row->num - 1);
    d = fleet_peek(c->fleet, (uint32_t)row->num - 1);
    assert_string_equal(d->kind->product, row->product);
    assert_string_equal(d->kind->hardware, row->hardware);
    assert_true(same_pack(fleet_tags(d), &row->tags) && same_pack(fleet_own_attrs(d), &row->own_attrs) &&
                same_pack(fleet_operator_attrs(d), &row->operator_attrs));
    compare_state(d, state);
    c->attempt_count += d->attempt != 0;
    return true;
}

static bool compare_attempt(struct store_attempt_visitor *self, const struct store_attempt *row)
{
    struct comparison *c = OTTER_CONTAINER_OF(self, struct comparison, attempts);
    const struct fleet_device *d = fleet_peek(c->fleet, (uint32_t)row->device - 1);

    c->attempt_count--;
    assert_int_equal(d->attempt, row->id);
    assert_int_equal(d->attempt_state, row->state);
    assert_int_equal(d->attempt_reason, row->reason);
    assert_int_equal(d->attempt_slot, row->slot);
    assert_int_equal(d->attempt_step, row->step);
    assert_int_equal(d->marks & FLEET_RETRY, row->retry ? FLEET_RETRY : 0);
    return true;
}

static void what_two_threads_load_is_what_one_reads(void **state)
{
    struct world *w = *state;
    struct comparison c = {.devices.row = compare_device, .attempts.row = compare_attempt};
    struct store *store;
    enum store_fault fault;
    struct host_error err;
    char path[PATH_MAX + 16];

    world_sql(w, many);
    c.fleet = w->svc->fleet;
    (void)snprintf(path, sizeof(path), "%s/otter.db", w->dir);
    store = store_sqlite_open(path, STORE_READER, &fault, &err);
    assert_non_null(store);
    assert_int_equal(store->ops->fleet(store, INT64_MIN, INT64_MAX, &c.devices), OTTER_OK);
    assert_int_equal(c.count, fleet_count(c.fleet));
    assert_int_equal(c.count, 140000);
    assert_int_equal(c.attempt_count, 14000);
    assert_int_equal(store->ops->attempts_newest(store, INT64_MIN, INT64_MAX, &c.attempts), OTTER_OK);
    assert_int_equal(c.attempt_count, 0);
    store_close(store);
}

static void execute(struct world *w, const char *sql)
{
    char path[PATH_MAX + 16];
    sqlite3 *db;

    (void)snprintf(path, sizeof(path), "%s/otter.db", w->dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void expect_refused(struct world *w, const char *why)
{
    struct svc_config config = {.data_dir = w->dir};
    struct host_error err = {0};
    char token[64];
    int code = 0;

    assert_null(svc_open(&config, &err, &code, token));
    assert_int_equal(code, STORE_FAULT_DAMAGED);
    if (!strstr(err.message, why))
        fail_msg("%s: not %s", err.message, why);
}

/* Wherever it is: in the span of either thread, at its bounds, or beyond all devices. */
static void rows_that_cannot_be_are_refused(void **state)
{
    static const struct {
        const char *spoil, *mend, *why;
    } cases[] = {
        {"UPDATE devices SET num = 200000 WHERE num = 1", "UPDATE devices SET num = 1 WHERE num = 200000",
         "numbered"},
        {"UPDATE devices SET num = 200000 WHERE num = 65536",
         "UPDATE devices SET num = 65536 WHERE num = 200000", "numbered"},
        {"UPDATE devices SET num = 140001 WHERE num = 65537",
         "UPDATE devices SET num = 65537 WHERE num = 140001", "numbered"},
        {"UPDATE devices SET num = 0 WHERE num = 140000", "UPDATE devices SET num = 140000 WHERE num = 0",
         "numbered"},
        {"UPDATE devices SET num = -1 WHERE num = 70000", "UPDATE devices SET num = 70000 WHERE num = -1",
         "numbered"},
        {"UPDATE devices SET num = 1 << 40 WHERE num = 140000",
         "UPDATE devices SET num = 140000 WHERE num = 1 << 40", "numbered"},
        {"UPDATE attempts SET device = 140001 WHERE id = 120",
         "UPDATE attempts SET device = 90 WHERE id = 120", "belongs to no device"},
        {"UPDATE attempts SET device = 0 WHERE id = 120", "UPDATE attempts SET device = 90 WHERE id = 120",
         "belongs to no device"},
        {"UPDATE attempts SET id = 1 << 40 WHERE id = 13000",
         "UPDATE attempts SET id = 13000 WHERE id = 1 << 40", "too high"},
    };
    struct world *w = *state;

    world_sql(w, many);
    svc_close(w->svc);
    w->svc = NULL;
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(cases); i++) {
        execute(w, cases[i].spoil);
        expect_refused(w, cases[i].why);
        execute(w, cases[i].mend);
    }
    world_restart(w);
    assert_int_equal(fleet_count(w->svc->fleet), 140000);
}

/* Zeros over the page of devices that holds the row of so many. */
static void spoil_page_of(struct world *w, const char *table, int per_mille)
{
    static const char zeros[4096];
    char path[PATH_MAX + 16], sql[200];
    sqlite3_stmt *stmt;
    sqlite3 *db;
    int fd, page;

    (void)snprintf(path, sizeof(path), "%s/otter.db", w->dir);
    (void)snprintf(
        sql, sizeof(sql),
        "SELECT pageno FROM dbstat WHERE name = '%s' AND pagetype = 'leaf' ORDER BY path"
        " LIMIT 1 OFFSET (SELECT count(*) * %d / 1000 FROM dbstat WHERE name = '%s' AND pagetype = 'leaf')",
        table, per_mille, table);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    page = sqlite3_column_int(stmt, 0);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    fd = open(path, O_WRONLY);
    assert_int_equal(pwrite(fd, zeros, sizeof(zeros), (off_t)(page - 1) * 4096), sizeof(zeros));
    close(fd);
}

static void a_damaged_page_is_met_by_either_thread(void **state)
{
    struct world *w = *state;

    world_sql(w, many);
    svc_close(w->svc);
    w->svc = NULL;
    spoil_page_of(w, "device_states", 900);
    expect_refused(w, "");
    spoil_page_of(w, "devices", 100);
    expect_refused(w, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_two_threads_load_is_what_one_reads, setup, world_teardown),
        cmocka_unit_test_setup_teardown(rows_that_cannot_be_are_refused, setup, world_teardown),
        cmocka_unit_test_setup_teardown(a_damaged_page_is_met_by_either_thread, setup, world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
