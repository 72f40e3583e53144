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

/* Zeros over the root page of a table or index. */
static void spoil(struct sqlite_backend *b, const char *name)
{
    static const char zeros[4096];
    sqlite3_stmt *stmt;
    sqlite3 *db;
    int fd, page;

    assert_int_equal(sqlite3_open(b->path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db, "SELECT rootpage FROM sqlite_schema WHERE name = ?", -1, &stmt, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    page = sqlite3_column_int(stmt, 0);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    fd = open(b->path, O_WRONLY);
    assert_int_equal(pwrite(fd, zeros, sizeof(zeros), (page - 1) * 4096), sizeof(zeros));
    close(fd);
}

static const char small_index[] = "attempt_events_step"; /* nothing at start reads it */

static void every_page_is_checked_after_an_unclean_stop(void **state)
{
    struct sqlite_backend *b = OTTER_CONTAINER_OF(*state, struct sqlite_backend, base);

    close_both(b);
    spoil(b, small_index);
    expect_fault(b, STORE_FAULT_DAMAGED);
    expect_fault(b, STORE_FAULT_DAMAGED); /* the refused open is no clean stop */
}

static void few_pages_are_checked_after_a_clean_stop_which_counts_once(void **state)
{
    struct sqlite_backend *b = OTTER_CONTAINER_OF(*state, struct sqlite_backend, base);

    assert_int_equal(store_sqlite_mark_clean(b->base.writer), OTTER_OK);
    close_both(b);
    spoil(b, small_index);
    reopen(&b->base);
    close_both(b); /* unmarked */
    expect_fault(b, STORE_FAULT_DAMAGED);
}

static void damage_of_tables_is_found_after_a_clean_stop(void **state)
{
    static const char *const tables[] = {"meta",     "migrations",     "roots",           "image_keys",
                                         "phases",   "rollouts",       "devices",         "device_states",
                                         "answers",  "attempt_counts", "attempts",        "attempt_events",
                                         "releases", "release_images", "rollout_events",  "rollout_members",
                                         "groups",   "operators",      "operator_grants", "operator_tokens"};
    struct sqlite_backend *b = OTTER_CONTAINER_OF(*state, struct sqlite_backend, base);

    for (unsigned i = 0; i < OTTER_ARRAY_LEN(tables); i++) {
        assert_int_equal(store_sqlite_mark_clean(b->base.writer), OTTER_OK);
        close_both(b);
        spoil(b, tables[i]);
        expect_fault(b, STORE_FAULT_DAMAGED);
        assert_int_equal(unlink(b->path), 0);
        reopen(&b->base);
    }
}

static void truncated_file_is_found_after_a_clean_stop(void **state)
{
    struct sqlite_backend *b = OTTER_CONTAINER_OF(*state, struct sqlite_backend, base);
    struct stat st;

    assert_int_equal(store_sqlite_mark_clean(b->base.writer), OTTER_OK);
    close_both(b);
    assert_int_equal(stat(b->path, &st), 0);
    assert_int_equal(truncate(b->path, st.st_size - 4096), 0);
    expect_fault(b, STORE_FAULT_DAMAGED);
}

/* Ones in all its columns. */
static void add_row(sqlite3 *db, const char *table)
{
    char sql[512], columns[256];
    sqlite3_stmt *stmt;

    (void)snprintf(sql, sizeof(sql), "SELECT group_concat(1) FROM pragma_table_info('%s')", table);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    (void)snprintf(columns, sizeof(columns), "%s", (const char *)sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
    (void)snprintf(sql, sizeof(sql), "INSERT OR IGNORE INTO %s VALUES (%s)", table, columns);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
}

static void a_row_in_each_table_is_sound_after_a_kill(void **state)
{
    struct sqlite_backend *b = OTTER_CONTAINER_OF(*state, struct sqlite_backend, base);
    sqlite3_stmt *names;
    sqlite3 *db;

    close_both(b); /* unmarked: every page is read at the next start */
    assert_int_equal(sqlite3_open(b->path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db,
                           "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE "
                           "'sqlite_%' AND name != 'migrations'",
                           -1, &names, NULL),
        SQLITE_OK);
    while (sqlite3_step(names) == SQLITE_ROW)
        add_row(db, (const char *)sqlite3_column_text(names, 0));
    sqlite3_finalize(names);
    sqlite3_close(db);
    reopen(&b->base);
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

struct first_state {
    struct store_fleet_visitor visitor;
    struct store_device_state row;
    unsigned count;
};

static bool keep_state(struct store_fleet_visitor *self, const struct store_device *device,
                       const struct store_device_state *row)
{
    struct first_state *f = OTTER_CONTAINER_OF(self, struct first_state, visitor);

    (void)device;
    if (!row)
        return true;
    f->row = *row;
    f->count++;
    return true;
}

/* Undo the newest changes of the schema, as far as they are about what was there before. */
#define TO_SCHEMA_4                                                                                          \
    "DELETE FROM migrations WHERE number > 4; PRAGMA user_version = 4; DROP TABLE audit;"                    \
    "DROP TABLE device_tokens; DROP TABLE device_requests; DROP TABLE fleet_keys;"                           \
    "ALTER TABLE device_marks DROP COLUMN revoked;"                                                          \
    "DROP TABLE operators; DROP TABLE operator_grants; DROP TABLE operator_tokens;"                          \
    "CREATE TABLE operators (name TEXT PRIMARY KEY, token_hash BLOB NOT NULL UNIQUE,"                        \
    " created INTEGER NOT NULL) WITHOUT ROWID;"
#define TO_SCHEMA_3                                                                                          \
    TO_SCHEMA_4                                                                                              \
    "DELETE FROM migrations WHERE number > 3; PRAGMA user_version = 3;"                                      \
    "UPDATE phases SET upto = upto / 4294967296; DROP INDEX attempts_open;"                                  \
    "ALTER TABLE attempts DROP COLUMN served; ALTER TABLE attempts DROP COLUMN served_updated;"              \
    "DROP TABLE rollout_events; DROP TABLE rollout_members; DROP TABLE groups; DROP TABLE operators;"        \
    "ALTER TABLE rollouts DROP COLUMN plan; ALTER TABLE rollouts DROP COLUMN state_reason;"                  \
    "ALTER TABLE rollouts DROP COLUMN state_at; ALTER TABLE rollouts DROP COLUMN created_by;"                \
    "ALTER TABLE rollouts DROP COLUMN approved_by; ALTER TABLE rollouts DROP COLUMN approved_phase;"         \
    "ALTER TABLE rollouts DROP COLUMN parent; ALTER TABLE rollouts DROP COLUMN child;"                       \
    "ALTER TABLE phases DROP COLUMN acknowledged; ALTER TABLE phases DROP COLUMN warned;"                    \
    "ALTER TABLE rollouts DROP COLUMN through_at; ALTER TABLE rollouts DROP COLUMN resumed_at;"

static void a_first_database_is_brought_up_to_date_with_what_it_holds(void **state)
{
    struct sqlite_backend *b = OTTER_CONTAINER_OF(*state, struct sqlite_backend, base);
    struct first_state seen = {.visitor.row = keep_state};

    close_both(b);
    execute(b, TO_SCHEMA_3
            "DELETE FROM migrations WHERE number > 1; PRAGMA user_version = 1;"
            "ALTER TABLE device_states DROP COLUMN refused;"
            "DROP TABLE device_marks; DROP TABLE device_events; DROP TABLE freeze;"
            "ALTER TABLE attempts DROP COLUMN retry; ALTER TABLE releases DROP COLUMN withdrawn;"
            "ALTER TABLE releases DROP COLUMN withdrawn_reason; ALTER TABLE releases DROP COLUMN pruned;"
            "INSERT INTO devices VALUES (1, 'a', 'p', 'h', zeroblob(32), zeroblob(60), NULL, NULL, NULL, 1);"
            "INSERT INTO device_states VALUES (1, 0, zeroblob(32), 'A', 1, 0, 0, 1, 0, 1, 77);");
    reopen(&b->base);
    assert_int_equal(b->base.writer->ops->fleet(b->base.writer, 1, INT64_MAX, &seen.visitor), OTTER_OK);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.row.last_seen, 77);
    assert_int_equal(seen.row.refused, OTTER_OK);
}

struct kept_rights {
    struct store_grant_visitor grants;
    struct store_token_visitor tokens;
    char roles[256]; /* "operator:role:product " of each */
    struct store_token token;
    unsigned count;
};

static bool keep_grant(struct store_grant_visitor *self, const struct store_grant *row)
{
    struct kept_rights *k = OTTER_CONTAINER_OF(self, struct kept_rights, grants);
    size_t len = strlen(k->roles);

    (void)snprintf(k->roles + len, sizeof(k->roles) - len, "%s:%s:%s ", row->operator, row->role,
                   row->product);
    return true;
}

static bool keep_token(struct store_token_visitor *self, const struct store_token *row)
{
    struct kept_rights *k = OTTER_CONTAINER_OF(self, struct kept_rights, tokens);

    k->token = *row;
    k->count++;
    return true;
}

/* All but adding operators: so neither more nor less. */
static void operators_of_before_keep_their_token_and_what_they_could_do(void **state)
{
    struct sqlite_backend *b = OTTER_CONTAINER_OF(*state, struct sqlite_backend, base);
    struct kept_rights k = {.grants.row = keep_grant, .tokens.row = keep_token};

    close_both(b);
    execute(b, TO_SCHEMA_4 "INSERT INTO operators VALUES ('eve', zeroblob(32), 77);");
    reopen(&b->base);
    assert_int_equal(b->base.writer->ops->grants(b->base.writer, &k.grants), OTTER_OK);
    assert_int_equal(b->base.writer->ops->tokens(b->base.writer, &k.tokens), OTTER_OK);
    assert_string_equal(k.roles, "eve:approver:* eve:operator:* eve:publisher:* ");
    assert_int_equal(k.count, 1);
    assert_string_equal(k.token.operator, "eve");
    assert_int_equal(k.token.created, 77);
    assert_int_equal(k.token.expires, 0);
}

struct open_attempts {
    struct store_attempt_visitor visitor;
    struct store_attempt row;
    unsigned count;
};

static bool keep_attempt(struct store_attempt_visitor *self, const struct store_attempt *row)
{
    struct open_attempts *o = OTTER_CONTAINER_OF(self, struct open_attempts, visitor);

    o->row = *row;
    o->count++;
    return true;
}

/* As an otterd of schema 3 left it: the second phase open, an attempt lost, another one under way. */
static void a_rollout_under_way_goes_on_when_the_schema_changes(void **state)
{
    struct sqlite_backend *b = OTTER_CONTAINER_OF(*state, struct sqlite_backend, base);
    struct open_attempts open = {.visitor.row = keep_attempt};
    struct store_rollout row;
    struct store_losses losses;
    struct store *s;

    close_both(b);
    execute(b, TO_SCHEMA_3
            "INSERT INTO devices VALUES (1, 'a', 'p', 'h', zeroblob(32), zeroblob(60), NULL, NULL, NULL, 1);"
            "INSERT INTO releases (num, id, product, epoch, sequence, published, signature_checked, envelope)"
            " VALUES (1, zeroblob(32), 'p', 1, 1, 1, 1, x'00');"
            "INSERT INTO rollouts VALUES (1, zeroblob(16), 'n', 1, '', 'running', 1, 0, 2, 5, 6, 0);"
            "INSERT INTO phases VALUES (1, 1, 5, 500, 1, 0, 6, 7), (1, 2, 20, 2001, 3, 1, 8, 0),"
            " (1, 3, 100, 10000, 9, 0, 0, 0);"
            "INSERT INTO attempts VALUES (111, 1, 1, 1, 'failed', 'bad-value', '', 'B', 0, 4, 6, 7, 7, 0),"
            " (112, 1, 1, 2, 'installed', NULL, '', 'B', 0, 4, 8, 9, 0, 0);");
    reopen(&b->base);
    s = b->base.writer;
    assert_int_equal(s->ops->rollout_get(s, 1, &row), OTTER_OK);
    assert_string_equal(row.state, "running");
    assert_int_equal(row.phase, 2);
    assert_int_equal(row.phase_count, 3);
    assert_true(row.phases[0].upto == 500ull << 32);
    assert_true(row.phases[1].upto == 2001ull << 32);
    assert_true(row.phases[2].upto == 10000ull << 32);
    assert_string_equal(row.plan, ""); /* to be read as the plans of its time */
    assert_string_equal(row.created_by, "");
    assert_int_equal(s->ops->attempts_open(s, &open.visitor), OTTER_OK);
    assert_int_equal(open.count, 1);
    assert_int_equal(open.row.id, 112);
    assert_int_equal(open.row.served + open.row.served_updated, 0);
    assert_int_equal(s->ops->losses_in(s, 1, 1, &losses), OTTER_OK);
    assert_int_equal(losses.count, 1);
    assert_int_equal(losses.last_reason, OTTER_BAD_VALUE);
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
    static struct CMUnitTest tests[96] = {
        cmocka_unit_test_setup_teardown(newer_schema_is_refused_and_left_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(damage_is_found_at_open, setup, teardown),
        cmocka_unit_test_setup_teardown(every_page_is_checked_after_an_unclean_stop, setup, teardown),
        cmocka_unit_test_setup_teardown(few_pages_are_checked_after_a_clean_stop_which_counts_once, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_row_in_each_table_is_sound_after_a_kill, setup, teardown),
        cmocka_unit_test_setup_teardown(damage_of_tables_is_found_after_a_clean_stop, setup, teardown),
        cmocka_unit_test_setup_teardown(truncated_file_is_found_after_a_clean_stop, setup, teardown),
        cmocka_unit_test_setup_teardown(directory_that_is_not_there_is_no_damage, setup, teardown),
        cmocka_unit_test_setup_teardown(schema_is_recorded_and_stays_on_reopening, setup, teardown),
        cmocka_unit_test_setup_teardown(operators_of_before_keep_their_token_and_what_they_could_do, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_first_database_is_brought_up_to_date_with_what_it_holds, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_rollout_under_way_goes_on_when_the_schema_changes, setup, teardown),
        cmocka_unit_test_setup_teardown(full_store_says_so_and_takes_nothing_over, setup, teardown),
    };
    size_t n = 12;

    for (unsigned i = 0; i < conformance_count && n < OTTER_ARRAY_LEN(tests); i++)
        tests[n++] =
            (struct CMUnitTest){conformance_cases[i].name, conformance_cases[i].run, setup, teardown, NULL};
    for (unsigned i = 0; i < conformance_fleet_count && n < OTTER_ARRAY_LEN(tests); i++)
        tests[n++] = (struct CMUnitTest){conformance_fleet_cases[i].name, conformance_fleet_cases[i].run,
                                         setup, teardown, NULL};
    for (unsigned i = 0; i < conformance_plan_count && n < OTTER_ARRAY_LEN(tests); i++)
        tests[n++] = (struct CMUnitTest){conformance_plan_cases[i].name, conformance_plan_cases[i].run, setup,
                                         teardown, NULL};
    for (unsigned i = 0; i < conformance_audit_count && n < OTTER_ARRAY_LEN(tests); i++)
        tests[n++] = (struct CMUnitTest){conformance_audit_cases[i].name, conformance_audit_cases[i].run,
                                         setup, teardown, NULL};
    for (unsigned i = 0; i < conformance_credentials_count && n < OTTER_ARRAY_LEN(tests); i++)
        tests[n++] = (struct CMUnitTest){conformance_credentials_cases[i].name,
                                         conformance_credentials_cases[i].run, setup, teardown, NULL};
    return _cmocka_run_group_tests("store/sqlite", tests, n, NULL, NULL);
}
