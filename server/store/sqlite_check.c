/* Is the file sound? Asked before anything is read of it or written to it. */
#include "store/sqlite_internal.h"

#include "core/bytes.h"

#include <stdio.h>
#include <string.h>

static bool is_damage(int rc)
{
    return (rc & 0xff) == SQLITE_NOTADB || (rc & 0xff) == SQLITE_CORRUPT;
}

void store_sqlite_one_line(const char *said, char *out, size_t cap)
{
    static const char head[] = "*** in database main ***\n";

    if (strncmp(said, head, sizeof(head) - 1) == 0)
        said += sizeof(head) - 1;
    (void)snprintf(out, cap, "%s", said);
    for (char *p = out; *p; p++)
        if (*p == '\n')
            *p = ' ';
}

static bool damaged(const char *path, const char *what, enum store_fault *ret_fault, struct host_error *err)
{
    char kept[PATH_MAX], line[160];
    const char *copy = store_sqlite_kept(path, 0, store_schema_version(), kept);

    *ret_fault = STORE_FAULT_DAMAGED;
    store_sqlite_one_line(what, line, sizeof(line));
    return host_fail(
        err, HOST_ERROR_FORMAT,
        "%s is damaged (%s): go on from the newest backup, otterd --restore BACKUP --data NEW%s%s", path,
        line, copy ? "; without one, from the copy made before the schema changed: " : "",
        copy ? copy : "; without one, move it away to start empty");
}

bool store_sqlite_fail_open(sqlite3 *db, const char *path, int rc, enum store_fault *ret_fault,
                            struct host_error *err)
{
    if (is_damage(rc))
        return damaged(path, sqlite3_errmsg(db), ret_fault, err);
    *ret_fault = STORE_FAULT_OPEN;
    if (store_sqlite_status_after(rc) == OTTER_STORE_FULL)
        return host_fail(err, HOST_ERROR_FILE,
                         "%s cannot be opened: its disk is full: make room there, then start otterd again",
                         path);
    return host_fail(err, HOST_ERROR_FILE, "%s cannot be opened: %s", path, sqlite3_errmsg(db));
}

/* Says "ok" in one row, or what is wrong. */
static bool quick_check(sqlite3 *db, const char *sql, const char *path, enum store_fault *ret_fault,
                        struct host_error *err)
{
    sqlite3_stmt *stmt = NULL;
    const char *said;
    int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    bool ok = false;

    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    if (rc != SQLITE_ROW) {
        sqlite3_finalize(stmt);
        return store_sqlite_fail_open(db, path, rc, ret_fault, err);
    }
    said = (const char *)sqlite3_column_text(stmt, 0);
    ok = said && strcmp(said, "ok") == 0;
    if (!ok)
        (void)damaged(path, said ? said : "out of memory", ret_fault, err);
    sqlite3_finalize(stmt);
    return ok;
}

/* No such table yet, or a page that cannot be read: not marked. */
static bool is_marked(sqlite3 *db)
{
    sqlite3_stmt *stmt = NULL;
    bool marked = sqlite3_prepare_v2(db, "SELECT 1 FROM meta WHERE name = '" STORE_CLEAN_STOP "'", -1, &stmt,
                                     NULL) == SQLITE_OK &&
                  sqlite3_step(stmt) == SQLITE_ROW;

    sqlite3_finalize(stmt);
    return marked;
}

/* What the newest schema has brought: an older one is checked before it is brought up to date. */
static int check_newer_tables(sqlite3 *db)
{
    static const struct {
        int since;
        const char *sql;
    } rows[] = {{4, "SELECT * FROM groups; SELECT * FROM operators; SELECT 1 FROM rollout_members LIMIT 1;"
                    "SELECT 1 FROM rollout_events NOT INDEXED LIMIT 1"},
                {5, "SELECT * FROM operator_grants; SELECT * FROM operator_tokens; SELECT * FROM fleet_keys;"
                    "SELECT * FROM device_requests; SELECT 1 FROM device_tokens LIMIT 1"}};
    int version = store_sqlite_user_version(db), rc = SQLITE_OK;

    for (unsigned i = 0; i < OTTER_ARRAY_LEN(rows) && rc == SQLITE_OK; i++)
        if (version >= rows[i].since)
            rc = sqlite3_exec(db, rows[i].sql, NULL, NULL, NULL);
    return rc;
}

/*
 * The small tables whole, and the beginning of each large one. That the file is as long as its header says,
 * SQLite sees at the first page. The rest of devices, device_states, releases and the newest attempts is read
 * at start, and what is wrong in them found then. Left are old attempts, events, answers and the indexes of
 * the large tables: what spoils those between a clean stop and the next start is found when they are used.
 */
static bool check_after_clean_stop(sqlite3 *db, const char *path, enum store_fault *ret_fault,
                                   struct host_error *err)
{
    static const char *const whole[] = {"PRAGMA quick_check(meta)",          "PRAGMA quick_check(migrations)",
                                        "PRAGMA quick_check(roots)",         "PRAGMA quick_check(image_keys)",
                                        "PRAGMA quick_check(rollouts)",      "PRAGMA quick_check(phases)",
                                        "PRAGMA quick_check(attempt_counts)"};
    static const char beginnings[] =
        "SELECT 1 FROM devices NOT INDEXED LIMIT 1; SELECT 1 FROM device_states NOT INDEXED LIMIT 1;"
        "SELECT 1 FROM attempts NOT INDEXED LIMIT 1; SELECT 1 FROM attempt_events NOT INDEXED LIMIT 1;"
        "SELECT 1 FROM releases NOT INDEXED LIMIT 1; SELECT 1 FROM release_images ORDER BY release, slot "
        "LIMIT 1;"
        "SELECT 1 FROM answers ORDER BY key LIMIT 1";
    int rc;

    for (unsigned i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
        if (!quick_check(db, whole[i], path, ret_fault, err))
            return false;
    rc = sqlite3_exec(db, beginnings, NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = check_newer_tables(db);
    return rc == SQLITE_OK || store_sqlite_fail_open(db, path, rc, ret_fault, err);
}

bool store_sqlite_check(sqlite3 *db, const char *path, enum store_fault *ret_fault, struct host_error *err)
{
    if (is_marked(db))
        return check_after_clean_stop(db, path, ret_fault, err);
    return quick_check(db, "PRAGMA quick_check(1)", path, ret_fault, err);
}

bool store_sqlite_unmark(sqlite3 *db, const char *path, enum store_fault *ret_fault, struct host_error *err)
{
    int rc = sqlite3_exec(db, "DELETE FROM meta WHERE name = '" STORE_CLEAN_STOP "'", NULL, NULL, NULL);

    return rc == SQLITE_OK || store_sqlite_fail_open(db, path, rc, ret_fault, err);
}

enum otter_status store_sqlite_mark_clean(struct store *writer)
{
    enum otter_status status;

    if (store_sqlite_of(writer)->suspect)
        return OTTER_IO_ERROR;
    status = writer->ops->begin(writer, true);
    if (status != OTTER_OK)
        return status;
    status = writer->ops->meta_put(writer, STORE_CLEAN_STOP, 1);
    if (status == OTTER_OK)
        return writer->ops->commit(writer);
    writer->ops->rollback(writer);
    return status;
}
