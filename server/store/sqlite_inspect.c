#include "store/inspect.h"

#include "store/sqlite_internal.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* Each row is a finding; its columns, joined by blanks. */
static int find_rows(sqlite3 *db, const char *sql, const char *what, struct store_inspector *inspector)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    char line[512], value[300];

    while (rc == SQLITE_OK || rc == SQLITE_ROW) {
        rc = sqlite3_step(stmt);
        if (rc != SQLITE_ROW)
            break;
        if (sqlite3_column_type(stmt, 0) == SQLITE_TEXT &&
            strcmp((const char *)sqlite3_column_text(stmt, 0), "ok") == 0)
            continue;
        (void)snprintf(line, sizeof(line), "%s", what);
        for (int i = 0; i < sqlite3_column_count(stmt); i++) {
            const char *text = (const char *)sqlite3_column_text(stmt, i);
            size_t len = strlen(line);

            store_sqlite_one_line(text ? text : "-", value, sizeof(value));
            (void)snprintf(line + len, sizeof(line) - len, " %s", value);
        }
        inspector->found(inspector, line);
    }
    sqlite3_finalize(stmt);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

#define SCHEMA_3 3u /* has `retry` and `pruned` */
#define SCHEMA_5 5u /* has the audit log */
#define ANY      UINT_MAX

#define COUNTED_OTHERWISE                                                                                    \
    "otter.db: attempts are not as many as counted (rollout, phase, state, reason, counted, there):"
#define COUNTED_AND_THERE(attempts)                                                                          \
    "SELECT rollout, phase, state, reason, sum(counted), sum(there) FROM ("                                  \
    "SELECT rollout, phase, state, reason, n AS counted, 0 AS there FROM attempt_counts UNION ALL "          \
    "SELECT rollout, phase, state, coalesce(reason, ''), 0, 1 FROM " attempts ") "                           \
    "GROUP BY rollout, phase, state, reason HAVING sum(counted) <> sum(there) LIMIT 100"

static const struct {
    unsigned from, upto; /* schemas that it may be asked of */
    const char *what, *sql;
} questions[] = {
    {0, ANY, "otter.db:", "PRAGMA integrity_check(100)"},
    {0, ANY, "otter.db: a reference leads nowhere (table, row, to, key):", "PRAGMA foreign_key_check"},
    {0, SCHEMA_3 - 1, COUNTED_OTHERWISE, COUNTED_AND_THERE("attempts")},
    {SCHEMA_3, ANY, COUNTED_OTHERWISE, COUNTED_AND_THERE("attempts WHERE retry = 0")},
    {0, ANY, "otter.db: devices are not numbered in one row (highest, there):",
     "SELECT max(num), count(*) FROM devices HAVING coalesce(max(num), 0) <> count(*)"},
    {0, ANY, "otter.db: a device has two open attempts (device, attempts):",
     "SELECT device, group_concat(id) FROM attempts WHERE finished = 0 AND state <> 'timed-out'"
     " GROUP BY device HAVING count(*) > 1 LIMIT 100"},
};

static int ask(sqlite3 *db, const char *sql, int64_t *ret)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);

    *ret = 0;
    if (rc == SQLITE_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW)
        *ret = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int count(sqlite3 *db, struct store_contents *ret)
{
    int64_t next = 0;
    int rc = ask(db, "SELECT count(*) FROM devices", &ret->devices);

    if (rc == SQLITE_OK)
        rc = ask(db, "SELECT count(*) FROM releases", &ret->releases);
    if (rc == SQLITE_OK)
        rc = ask(db, "SELECT count(*) FROM rollouts", &ret->rollouts);
    if (rc == SQLITE_OK)
        rc = ask(db, "SELECT count(*) FROM attempts", &ret->attempts);
    if (rc == SQLITE_OK)
        rc = ask(db, "SELECT seq + 1 FROM sqlite_sequence WHERE name = 'attempts'", &next);
    ret->next_attempt = (uint64_t)next;
    return rc;
}

static int needed(sqlite3 *db, unsigned schema, struct store_inspector *inspector)
{
    const char *sql = schema >= SCHEMA_3
                          ? "SELECT id, 1 FROM releases UNION SELECT sha256, 0 FROM release_images"
                            " JOIN releases ON num = release WHERE pruned = 0"
                          : "SELECT id, 1 FROM releases UNION SELECT sha256, 0 FROM release_images";
    struct otter_digest digest;
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);

    while (rc == SQLITE_OK || rc == SQLITE_ROW) {
        rc = sqlite3_step(stmt);
        if (rc != SQLITE_ROW)
            break;
        store_column_bytes(stmt, 0, digest.b, OTTER_DIGEST_LEN);
        inspector->needs(inspector, &digest, sqlite3_column_int(stmt, 1) != 0);
    }
    sqlite3_finalize(stmt);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int look(sqlite3 *db, struct store_inspector *inspector, struct store_contents *ret)
{
    int rc = SQLITE_OK;

    for (unsigned i = 0; rc == SQLITE_OK && i < sizeof(questions) / sizeof(questions[0]); i++)
        if (ret->schema >= questions[i].from && ret->schema <= questions[i].upto)
            rc = find_rows(db, questions[i].sql, questions[i].what, inspector);
    if (rc == SQLITE_OK)
        rc = needed(db, ret->schema, inspector);
    if (rc == SQLITE_OK && ret->schema >= SCHEMA_5)
        rc = store_sqlite_audit_check(db, inspector);
    return rc == SQLITE_OK ? count(db, ret) : rc;
}

static bool refuse(sqlite3 *db, const char *path, int version, enum store_fault *ret_fault,
                   struct host_error *err)
{
    if (version < 0)
        return store_sqlite_fail_open(db, path, sqlite3_errcode(db), ret_fault, err);
    if (version == 0) {
        *ret_fault = STORE_FAULT_DAMAGED;
        return host_fail(err, HOST_ERROR_FORMAT, "%s is no database of otterd", path);
    }
    *ret_fault = STORE_FAULT_NEWER;
    return host_fail(err, HOST_ERROR_FORMAT,
                     "%s has schema %d, this program knows up to %u: look at it with the newer otterd", path,
                     version, store_schema_version());
}

bool store_sqlite_inspect(const char *path, struct store_inspector *inspector, struct store_contents *ret,
                          enum store_fault *ret_fault, struct host_error *err)
{
    sqlite3 *db = NULL;
    int version, rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
    bool ok;

    (void)sqlite3_busy_timeout(db, 5000);
    version = rc == SQLITE_OK ? store_sqlite_user_version(db) : -1;
    ok = version > 0 && version <= (int)store_schema_version();
    if (ok) {
        ret->schema = (unsigned)version;
        rc = look(db, inspector, ret);
        ok = rc == SQLITE_OK || store_sqlite_fail_open(db, path, rc, ret_fault, err);
    } else {
        (void)refuse(db, path, version, ret_fault, err);
    }
    (void)sqlite3_close(db);
    return ok;
}

bool store_sqlite_raise(const char *path, const char *mark, int64_t value, struct host_error *err)
{
    sqlite3 *db = NULL;
    char sql[512];
    bool ok;

    (void)sqlite3_snprintf(sizeof(sql), sql,
                           "BEGIN; UPDATE sqlite_sequence SET seq = seq + %u WHERE name = 'attempts';"
                           "INSERT INTO sqlite_sequence SELECT 'rollouts', 0 WHERE NOT EXISTS"
                           " (SELECT 1 FROM sqlite_sequence WHERE name = 'rollouts');"
                           "UPDATE sqlite_sequence SET seq = seq + %u WHERE name = 'rollouts';"
                           "INSERT OR REPLACE INTO meta VALUES (%Q, %lld); COMMIT",
                           STORE_RAISE_ATTEMPTS, STORE_RAISE_ROLLOUTS, mark, (long long)value);
    ok = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK &&
         sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK && sqlite3_get_autocommit(db);
    if (!ok)
        (void)host_fail(err, HOST_ERROR_FILE, "%s cannot be written: %s", path, sqlite3_errmsg(db));
    (void)sqlite3_close(db);
    return ok;
}
