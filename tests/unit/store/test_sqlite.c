/* SQLite's store: the conformance suite, and what a file on disk adds to it. */
#include "conformance.h"

#include "core/bytes.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct sqlite_backend {
    struct backend base;
    char dir[64];
    char path[96];
};

static void open_both(struct sqlite_backend *b)
{
    struct host_error err = {0};
    enum store_fault fault;

    b->base.writer = store_sqlite_open(b->path, STORE_WRITER, &fault, &err);
    if (!b->base.writer)
        fail_msg("%s", err.message);
    b->base.reader = store_sqlite_open(b->path, STORE_READER, &fault, &err);
    if (!b->base.reader)
        fail_msg("%s", err.message);
}

static void close_both(struct sqlite_backend *b)
{
    store_close(b->base.reader);
    store_close(b->base.writer);
    b->base.reader = b->base.writer = NULL;
}

static void reopen(struct backend *self)
{
    struct sqlite_backend *b = OTTER_CONTAINER_OF(self, struct sqlite_backend, base);

    close_both(b);
    open_both(b);
}

static int setup(void **state)
{
    struct sqlite_backend *b = calloc(1, sizeof(*b));

    (void)snprintf(b->dir, sizeof(b->dir), "/tmp/otter-store-XXXXXX");
    if (!mkdtemp(b->dir))
        return -1;
    (void)snprintf(b->path, sizeof(b->path), "%s/otter.db", b->dir);
    b->base.reopen = reopen;
    open_both(b);
    *state = &b->base;
    return 0;
}

static int teardown(void **state)
{
    struct sqlite_backend *b = OTTER_CONTAINER_OF(*state, struct sqlite_backend, base);
    char path[128];

    close_both(b);
    for (unsigned i = 0; i < 3; i++) {
        static const char *const ends[] = {"", "-wal", "-shm"};

        (void)snprintf(path, sizeof(path), "%s%s", b->path, ends[i]);
        (void)unlink(path);
    }
    (void)rmdir(b->dir);
    free(b);
    return 0;
}

static void expect_fault(struct sqlite_backend *b, enum store_fault expected)
{
    struct host_error err = {0};
    enum store_fault fault = STORE_FAULT_NONE;

    assert_null(store_sqlite_open(b->path, STORE_WRITER, &fault, &err));
    assert_int_equal(fault, expected);
    assert_true(err.message[0]);
}

static void execute(struct sqlite_backend *b, const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(b->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void newer_schema_is_refused_and_left_alone(void **state)
{
    struct sqlite_backend *b = OTTER_CONTAINER_OF(*state, struct sqlite_backend, base);
    struct stat before, after;
    char sql[64];

    close_both(b);
    (void)snprintf(sql, sizeof(sql), "PRAGMA user_version = %u", store_schema_version() + 1);
    execute(b, sql);
    assert_int_equal(stat(b->path, &before), 0);
    expect_fault(b, STORE_FAULT_NEWER);
    assert_int_equal(stat(b->path, &after), 0);
    assert_int_equal(before.st_size, after.st_size);
}

static void damage_is_found_at_open(void **state)
{
    struct sqlite_backend *b = OTTER_CONTAINER_OF(*state, struct sqlite_backend, base);
    static const char rubbish[4096] = {1, 2, 3};
    int fd;

    close_both(b);
    fd = open(b->path, O_WRONLY);
    assert_int_equal(pwrite(fd, rubbish, sizeof(rubbish), 2 * 4096), sizeof(rubbish));
    close(fd);
    expect_fault(b, STORE_FAULT_DAMAGED);
    fd = open(b->path, O_WRONLY | O_TRUNC);
    assert_int_equal(write(fd, "no database, but a text that is long enough", 43), 43);
    close(fd);
    expect_fault(b, STORE_FAULT_DAMAGED);
}

static void directory_that_is_not_there_is_no_damage(void **state)
{
    struct sqlite_backend *b = OTTER_CONTAINER_OF(*state, struct sqlite_backend, base);
    struct host_error err = {0};
    enum store_fault fault = STORE_FAULT_NONE;

    (void)b;
    assert_null(store_sqlite_open("/nonexistent/otter.db", STORE_WRITER, &fault, &err));
    assert_int_equal(fault, STORE_FAULT_OPEN);
}

static void schema_is_recorded_and_stays_on_reopening(void **state)
{
    struct sqlite_backend *b = OTTER_CONTAINER_OF(*state, struct sqlite_backend, base);
    sqlite3_stmt *stmt;
    sqlite3 *db;

    reopen(&b->base);
    close_both(b);
    assert_int_equal(sqlite3_open(b->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*), max(number) FROM migrations", -1, &stmt, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(stmt, 0), store_schema_version());
    assert_int_equal(sqlite3_column_int(stmt, 1), store_schema_version());
    sqlite3_finalize(stmt);
    assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA journal_mode", -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(stmt, 0), "wal");
    sqlite3_finalize(stmt);
    sqlite3_close(db);
}

/* SQLite's own limit stands for a full disk. */
static void full_store_says_so_and_takes_nothing_over(void **state)
{
    struct backend *b = *state;
    struct sqlite_backend *s = OTTER_CONTAINER_OF(b, struct sqlite_backend, base);
    static char big[8192];
    struct store_root row = {.version = 1, .envelope = big, .len = sizeof(big)};
    enum otter_status status = OTTER_OK;
    int64_t value;

    (void)s;
    assert_int_equal(b->writer->ops->begin(b->writer, true), OTTER_OK);
    assert_int_equal(b->writer->ops->meta_put(b->writer, "a", 1), OTTER_OK);
    assert_int_equal(store_sqlite_limit_pages(b->writer, 60), OTTER_OK);
    for (unsigned i = 0; i < 200 && status == OTTER_OK; i++) {
        row.version = i + 1;
        status = b->writer->ops->root_add(b->writer, &row);
    }
    assert_int_equal(status, OTTER_STORE_FULL);
    b->writer->ops->rollback(b->writer);
    assert_int_equal(b->reader->ops->meta_get(b->reader, "a", &value), OTTER_NOT_FOUND);
    /* and goes on when there is room */
    assert_int_equal(b->writer->ops->begin(b->writer, true), OTTER_OK);
    assert_int_equal(b->writer->ops->meta_put(b->writer, "a", 1), OTTER_OK);
    assert_int_equal(b->writer->ops->commit(b->writer), OTTER_OK);
}

int main(void)
{
    static struct CMUnitTest tests[64] = {
        cmocka_unit_test_setup_teardown(newer_schema_is_refused_and_left_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(damage_is_found_at_open, setup, teardown),
        cmocka_unit_test_setup_teardown(directory_that_is_not_there_is_no_damage, setup, teardown),
        cmocka_unit_test_setup_teardown(schema_is_recorded_and_stays_on_reopening, setup, teardown),
        cmocka_unit_test_setup_teardown(full_store_says_so_and_takes_nothing_over, setup, teardown),
    };
    size_t n = 5;

    for (unsigned i = 0; i < conformance_count && n < OTTER_ARRAY_LEN(tests); i++)
        tests[n++] =
            (struct CMUnitTest){conformance_cases[i].name, conformance_cases[i].run, setup, teardown, NULL};
    return _cmocka_run_group_tests("store/sqlite", tests, n, NULL, NULL);
}
