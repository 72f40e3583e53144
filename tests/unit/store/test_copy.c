/* Copies of a database: beside a writer that goes on, before the schema changes, and for what is put back. */
#include "store/inspect.h"

#include "core/bytes.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct place {
    char dir[64], db[96], other[96];
    struct store *writer;
};

static struct store *open_store(const char *path)
{
    struct host_error err = {0};
    enum store_fault fault;
    struct store *store = store_sqlite_open(path, STORE_WRITER, &fault, &err);

    if (!store)
        fail_msg("%s", err.message);
    return store;
}

static int setup(void **state)
{
    struct place *p = calloc(1, sizeof(*p));

    (void)snprintf(p->dir, sizeof(p->dir), "/tmp/otter-copy-XXXXXX");
    if (!mkdtemp(p->dir))
        return -1;
    (void)snprintf(p->db, sizeof(p->db), "%s/otter.db", p->dir);
    (void)snprintf(p->other, sizeof(p->other), "%s/copy.db", p->dir);
    p->writer = open_store(p->db);
    *state = p;
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

static int teardown(void **state)
{
    struct place *p = *state;

    store_close(p->writer);
    (void)nftw(p->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(p);
    return 0;
}

static void add_devices(struct store *store, int from, int count)
{
    assert_int_equal(store->ops->begin(store, true), OTTER_OK);
    for (int i = from; i < from + count; i++) {
        char id[32];
        struct store_device row = {.id = id, .product = "p", .hardware = "h", .created = 1};
        int64_t num;

        (void)snprintf(id, sizeof(id), "device-%d", i);
        (void)memcpy(row.token_hash.b, &i, sizeof(i));
        assert_int_equal(store->ops->device_add(store, &row, &num), OTTER_OK);
    }
    assert_int_equal(store->ops->commit(store), OTTER_OK);
}

static int64_t devices_in(const char *path)
{
    struct store *store = open_store(path);
    int64_t size = 0;

    assert_int_equal(store->ops->fleet_size(store, &size), OTTER_OK);
    store_close(store);
    return size;
}

static void a_copy_has_what_is_committed_between_its_steps(void **state)
{
    struct place *p = *state;
    struct host_error err = {0};
    struct store_copy *copy;
    int left = 1, steps = 0;

    add_devices(p->writer, 0, 2000);
    copy = store_sqlite_copy_begin(p->writer, p->other, &err);
    assert_non_null(copy);
    assert_null(store_sqlite_copy_begin(p->writer, p->other, &err)); /* the file is there */
    for (; steps < 30; steps++) {
        assert_int_equal(store_sqlite_copy_step(copy, 1, &left), OTTER_OK);
        assert_true(left > 0);
        add_devices(p->writer, 2000 + steps, 1);
    }
    assert_int_equal(store_sqlite_copy_step(copy, -1, &left), OTTER_OK);
    assert_int_equal(left, 0);
    store_sqlite_copy_end(copy);
    add_devices(p->writer, 5000, 1); /* after the end: not in it */
    assert_int_equal(devices_in(p->other), 2030);
}

static void an_unfinished_copy_can_be_given_up(void **state)
{
    struct place *p = *state;
    struct host_error err = {0};
    struct store_copy *copy;
    int left;

    add_devices(p->writer, 0, 500);
    copy = store_sqlite_copy_begin(p->writer, p->other, &err);
    assert_int_equal(store_sqlite_copy_step(copy, 2, &left), OTTER_OK);
    store_sqlite_copy_end(copy);
    add_devices(p->writer, 500, 1);
    store_sqlite_copy_end(NULL);
}

static void execute(const char *path, const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

struct findings {
    struct store_inspector inspector;
    unsigned found, needed;
};

static void count_found(struct store_inspector *self, const char *what)
{
    OTTER_CONTAINER_OF(self, struct findings, inspector)->found++;
    assert_true(strlen(what) > 10 && !strchr(what, '\n'));
}

static void count_needed(struct store_inspector *self, const struct otter_digest *digest, bool manifest)
{
    (void)digest;
    (void)manifest;
    OTTER_CONTAINER_OF(self, struct findings, inspector)->needed++;
}

static struct findings inspect(const char *path, struct store_contents *ret)
{
    struct findings f = {.inspector = {.found = count_found, .needs = count_needed}};
    struct host_error err = {0};
    enum store_fault fault;

    if (!store_sqlite_inspect(path, &f.inspector, ret, &fault, &err))
        fail_msg("%s", err.message);
    return f;
}

static void numbers_are_raised_for_good(void **state)
{
    struct place *p = *state;
    struct store_contents before = {0}, after = {0};
    struct host_error err = {0};

    add_devices(p->writer, 0, 3);
    store_close(p->writer);
    p->writer = NULL;
    assert_int_equal(inspect(p->db, &before).found, 0);
    assert_true(store_sqlite_raise(p->db, "mark", 77, &err));
    assert_int_equal(inspect(p->db, &after).found, 0);
    assert_int_equal(after.next_attempt, before.next_attempt + STORE_RAISE_ATTEMPTS);
    assert_int_equal(after.devices, 3);
    execute(p->db, "INSERT INTO releases (num, id, product, epoch, sequence, published, signature_checked,"
                   " envelope) VALUES (1, x'01', 'p', 1, 1, 1, 1, x'01');"
                   "INSERT INTO rollouts (seed, name, release, target, state, auto, priority, phase, created,"
                   " started, finished) VALUES (x'00', 'n', 1, 'all', 'draft', 0, 0, 0, 1, 0, 0);"
                   "CREATE TEMP TABLE t AS SELECT 1 / (max(id) > 1000) AS one FROM rollouts;"
                   "CREATE TEMP TABLE u (x NOT NULL); INSERT INTO u SELECT one FROM t");
}

static void what_is_wrong_is_found(void **state)
{
    static const struct {
        const char *sql;
        unsigned found; /* in all, so far */
    } wrongs[] = {
        {"INSERT INTO attempt_counts VALUES (1, 1, 'failed', '', 1)", 1},
        {"PRAGMA foreign_keys = OFF; INSERT INTO attempts (device, rollout, phase, state, detail, slot, "
         "bytes,"
         " step, created, updated, finished) VALUES (9, 9, 1, 'failed', '', 'A', 0, 0, 1, 1, 1)",
         4}, /* uncounted; no such device, no such rollout */
        {"DELETE FROM attempt_counts", 3},
        {"INSERT INTO devices (num, id, product, hardware, token_hash, sealed, created)"
         " VALUES (77, 'x', 'p', 'h', x'', x'', 1)",
         4},
    };
    struct place *p = *state;
    struct store_contents in = {0};

    store_close(p->writer);
    p->writer = NULL;
    for (unsigned i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
        execute(p->db, wrongs[i].sql);
        assert_int_equal(inspect(p->db, &in).found, wrongs[i].found);
    }
}

/* The changes of the schema cannot be made: the tables that they change are not there. */
static void start_in_vain(const struct place *p)
{
    struct host_error err = {0};
    enum store_fault fault = STORE_FAULT_NONE;

    assert_null(store_sqlite_open(p->db, STORE_WRITER, &fault, &err));
    assert_int_equal(fault, STORE_FAULT_OPEN);
}

static void expect_rows(const char *path, int rows)
{
    char sql[160];

    (void)snprintf(sql, sizeof(sql),
                   "CREATE TEMP TABLE u (n CHECK (n = %d)); INSERT INTO u SELECT count(*) FROM x", rows);
    execute(path, sql);
}

static void an_older_schema_is_kept_before_it_changes(void **state)
{
    struct place *p = *state;
    char kept[128];

    store_close(p->writer);
    p->writer = NULL;
    (void)remove(p->db);
    execute(p->db, "PRAGMA journal_mode = WAL; CREATE TABLE x (y); PRAGMA user_version = 1");
    (void)snprintf(kept, sizeof(kept), "%s.before-%u", p->db, store_schema_version());
    start_in_vain(p);
    expect_rows(kept, 0);
    execute(p->db, "INSERT INTO x VALUES (1)"); /* the copy was put back, and work went on */
    start_in_vain(p);
    expect_rows(kept, 1);
    execute(p->db, "INSERT INTO x VALUES (2); PRAGMA user_version = 2"); /* cut short among the changes */
    start_in_vain(p);
    expect_rows(kept, 1);
}

static void flip(const char *path, off_t at)
{
    int fd = open(path, O_RDWR);
    uint8_t byte;

    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

static void copy_file(const char *from, const char *to)
{
    char command[512];

    (void)snprintf(command, sizeof(command), "cp %s %s", from, to);
    assert_int_equal(system(command), 0);
}

static void a_log_with_a_hole_tells_how_much_lies_behind(void **state)
{
    struct place *p = *state;
    char wal[128], other_wal[128];
    struct stat st;

    for (int i = 0; i < 20; i++)
        add_devices(p->writer, i, 1);
    (void)snprintf(wal, sizeof(wal), "%s-wal", p->db);
    (void)snprintf(other_wal, sizeof(other_wal), "%s-wal", p->other);
    assert_int_equal(store_sqlite_log_lost(p->db), 0);
    copy_file(wal, other_wal);
    assert_int_equal(stat(other_wal, &st), 0);
    assert_int_equal(store_sqlite_log_lost(p->other), 0);
    flip(other_wal, st.st_size - 100); /* of the last frame: an end like that of a crash */
    assert_int_equal(store_sqlite_log_lost(p->other), 0);
    flip(other_wal, st.st_size / 2);
    assert_true(store_sqlite_log_lost(p->other) >= 5);
    assert_int_equal(truncate(other_wal, st.st_size / 2 + 100), 0);
    assert_int_equal(store_sqlite_log_lost(p->other), 0); /* cut short is an end, too */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        T(a_copy_has_what_is_committed_between_its_steps),
        T(an_unfinished_copy_can_be_given_up),
        T(numbers_are_raised_for_good),
        T(what_is_wrong_is_found),
        T(an_older_schema_is_kept_before_it_changes),
        T(a_log_with_a_hole_tells_how_much_lies_behind),
#undef T
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
