#include "store/sqlite_internal.h"

/* Numbered for ever: a published one is never changed, the next change of the schema is the next number. */
static const struct {
    const char *name;
    const char *sql;
} migrations[] = {
    {"first",
     "CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
     "CREATE TABLE roots (version INTEGER PRIMARY KEY, envelope BLOB NOT NULL, published INTEGER NOT NULL);"
     "CREATE TABLE releases (num INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, product TEXT NOT NULL,"
     " epoch INTEGER NOT NULL, sequence INTEGER NOT NULL, published INTEGER NOT NULL,"
     " signature_checked INTEGER NOT NULL, envelope BLOB NOT NULL, UNIQUE (product, epoch, sequence));"
     "CREATE TABLE release_images (release INTEGER NOT NULL REFERENCES releases, slot TEXT NOT NULL,"
     " link INTEGER NOT NULL, size INTEGER NOT NULL, sha256 BLOB NOT NULL, PRIMARY KEY (release, slot))"
     " WITHOUT ROWID;"
     "CREATE INDEX release_images_sha256 ON release_images (sha256);"
     "CREATE TABLE image_keys (product TEXT NOT NULL, kid BLOB NOT NULL, spki BLOB NOT NULL,"
     " created INTEGER NOT NULL, PRIMARY KEY (product, kid)) WITHOUT ROWID;"
     "CREATE TABLE rollouts (id INTEGER PRIMARY KEY AUTOINCREMENT, seed BLOB NOT NULL, name TEXT NOT NULL,"
     " release INTEGER NOT NULL REFERENCES releases, target TEXT NOT NULL, state TEXT NOT NULL,"
     " auto INTEGER NOT NULL, priority INTEGER NOT NULL, phase INTEGER NOT NULL, created INTEGER NOT NULL,"
     " started INTEGER NOT NULL, finished INTEGER NOT NULL);"
     "CREATE TABLE phases (rollout INTEGER NOT NULL REFERENCES rollouts, number INTEGER NOT NULL,"
     " percent INTEGER NOT NULL, upto INTEGER NOT NULL, devices INTEGER NOT NULL, widened INTEGER NOT NULL,"
     " opened INTEGER NOT NULL, completed INTEGER NOT NULL, PRIMARY KEY (rollout, number)) WITHOUT ROWID;"
     "CREATE TABLE devices (num INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, product TEXT NOT NULL,"
     " hardware TEXT NOT NULL, token_hash BLOB NOT NULL, sealed BLOB NOT NULL, tags BLOB, own_attrs BLOB,"
     " operator_attrs BLOB, created INTEGER NOT NULL);"
     "CREATE TABLE device_states (device INTEGER PRIMARY KEY REFERENCES devices, version INTEGER NOT NULL,"
     " sha256 BLOB NOT NULL, slot TEXT NOT NULL, confirmed INTEGER NOT NULL, epoch INTEGER NOT NULL,"
     " sequence INTEGER NOT NULL, root INTEGER NOT NULL, stale INTEGER NOT NULL, first_seen INTEGER NOT NULL,"
     " last_seen INTEGER NOT NULL);"
     "CREATE TABLE attempts (id INTEGER PRIMARY KEY AUTOINCREMENT, device INTEGER NOT NULL REFERENCES "
     "devices,"
     " rollout INTEGER NOT NULL REFERENCES rollouts, phase INTEGER NOT NULL, state TEXT NOT NULL,"
     " reason TEXT, detail TEXT NOT NULL, slot TEXT NOT NULL, bytes INTEGER NOT NULL, step INTEGER NOT NULL,"
     " created INTEGER NOT NULL, updated INTEGER NOT NULL, finished INTEGER NOT NULL);"
     "CREATE INDEX attempts_device ON attempts (device, id);"
     "CREATE INDEX attempts_rollout ON attempts (rollout, id);"
     /* Attempts are numbered from 111: small ones trip a known client bug. */
     "INSERT INTO sqlite_sequence (name, seq) VALUES ('attempts', 110);"
     "CREATE TABLE attempt_events (attempt INTEGER NOT NULL REFERENCES attempts, step INTEGER,"
     " at INTEGER NOT NULL, state TEXT NOT NULL, reason TEXT, detail TEXT NOT NULL);"
     "CREATE UNIQUE INDEX attempt_events_step ON attempt_events (attempt, step);"
     "CREATE TABLE attempt_counts (rollout INTEGER NOT NULL, phase INTEGER NOT NULL, state TEXT NOT NULL,"
     " reason TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (rollout, phase, state, reason)) WITHOUT ROWID;"
     "CREATE TABLE answers (key TEXT PRIMARY KEY, at INTEGER NOT NULL, request BLOB NOT NULL,"
     " status TEXT NOT NULL, created INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;"
     "CREATE INDEX answers_at ON answers (at);"},
    {"last refusal of a device", "ALTER TABLE device_states ADD COLUMN refused TEXT;"},
    {"operators' work on a fleet",
     "CREATE TABLE device_marks (device INTEGER PRIMARY KEY REFERENCES devices, held INTEGER NOT NULL,"
     " held_reason TEXT NOT NULL, pinned INTEGER NOT NULL, pin INTEGER REFERENCES releases,"
     " retired INTEGER NOT NULL, retired_reason TEXT NOT NULL);"
     "CREATE TABLE device_events (num INTEGER PRIMARY KEY, device INTEGER NOT NULL REFERENCES devices,"
     " at INTEGER NOT NULL, kind TEXT NOT NULL, detail TEXT NOT NULL);"
     "CREATE INDEX device_events_device ON device_events (device, at, num);"
     "CREATE TABLE freeze (one INTEGER PRIMARY KEY CHECK (one = 1), since INTEGER NOT NULL,"
     " reason TEXT NOT NULL);"
     "ALTER TABLE attempts ADD COLUMN retry INTEGER NOT NULL DEFAULT 0;"
     "ALTER TABLE releases ADD COLUMN withdrawn INTEGER NOT NULL DEFAULT 0;"
     "ALTER TABLE releases ADD COLUMN withdrawn_reason TEXT NOT NULL DEFAULT '';"
     "ALTER TABLE releases ADD COLUMN pruned INTEGER NOT NULL DEFAULT 0;"},
    {"rollouts by plans, gates and operators",
     "ALTER TABLE rollouts ADD COLUMN plan TEXT NOT NULL DEFAULT '';"
     "ALTER TABLE rollouts ADD COLUMN state_reason TEXT NOT NULL DEFAULT '';"
     "ALTER TABLE rollouts ADD COLUMN state_at INTEGER NOT NULL DEFAULT 0;"
     "ALTER TABLE rollouts ADD COLUMN created_by TEXT NOT NULL DEFAULT '';"
     "ALTER TABLE rollouts ADD COLUMN approved_by TEXT NOT NULL DEFAULT '';"
     "ALTER TABLE rollouts ADD COLUMN approved_phase INTEGER NOT NULL DEFAULT 0;"
     "ALTER TABLE rollouts ADD COLUMN parent INTEGER NOT NULL DEFAULT 0;"
     "ALTER TABLE rollouts ADD COLUMN child INTEGER NOT NULL DEFAULT 0;"
     "ALTER TABLE rollouts ADD COLUMN through_at INTEGER NOT NULL DEFAULT 0;"
     "ALTER TABLE rollouts ADD COLUMN resumed_at INTEGER NOT NULL DEFAULT 0;"
     /* Phases end at positions, of which a cohort has 2^32. */
     "UPDATE phases SET upto = upto * 4294967296;"
     "ALTER TABLE phases ADD COLUMN acknowledged INTEGER NOT NULL DEFAULT 0;"
     "ALTER TABLE phases ADD COLUMN warned INTEGER NOT NULL DEFAULT 0;"
     "CREATE TABLE rollout_events (num INTEGER PRIMARY KEY, rollout INTEGER NOT NULL REFERENCES rollouts,"
     " at INTEGER NOT NULL, kind TEXT NOT NULL, who TEXT NOT NULL, detail TEXT NOT NULL);"
     "CREATE INDEX rollout_events_rollout ON rollout_events (rollout, num);"
     "CREATE TABLE rollout_members (rollout INTEGER PRIMARY KEY REFERENCES rollouts, bits BLOB);"
     "CREATE TABLE groups (name TEXT PRIMARY KEY, target TEXT NOT NULL, poll_interval INTEGER NOT NULL,"
     " created INTEGER NOT NULL, updated INTEGER NOT NULL) WITHOUT ROWID;"
     "CREATE TABLE operators (name TEXT PRIMARY KEY, token_hash BLOB NOT NULL UNIQUE,"
     " created INTEGER NOT NULL) WITHOUT ROWID;"
     /* An attempt under way when the schema changes has all its time from then on. */
     "ALTER TABLE attempts ADD COLUMN served INTEGER NOT NULL DEFAULT 0;"
     "ALTER TABLE attempts ADD COLUMN served_updated INTEGER NOT NULL DEFAULT 0;"
     "CREATE INDEX attempts_open ON attempts (id) WHERE finished = 0;"},
    {"security",
     /* An operator's rights and tokens have tables of their own. Whoever was one could do all but add others:
        these roles are that. Their tokens never expired. */
     "ALTER TABLE operators RENAME TO operators_before;"
     "CREATE TABLE operators (name TEXT PRIMARY KEY, created INTEGER NOT NULL, disabled INTEGER NOT NULL)"
     " WITHOUT ROWID;"
     /* Columns stand as in the key: SQLite 3.40 takes others for NULL when it looks a sound file through. */
     "CREATE TABLE operator_grants (operator TEXT NOT NULL, product TEXT NOT NULL, role TEXT NOT NULL,"
     " PRIMARY KEY (operator, product, role)) WITHOUT ROWID;"
     "CREATE TABLE operator_tokens (num INTEGER PRIMARY KEY AUTOINCREMENT, operator TEXT NOT NULL,"
     " label TEXT NOT NULL, hash BLOB NOT NULL UNIQUE, parent INTEGER NOT NULL, created INTEGER NOT NULL,"
     " expires INTEGER NOT NULL, used INTEGER NOT NULL);"
     "INSERT INTO operators SELECT name, created, 0 FROM operators_before;"
     "INSERT INTO operator_grants SELECT name, '*', role FROM operators_before, (SELECT 'operator' AS role"
     " UNION SELECT 'publisher' UNION SELECT 'approver');"
     "INSERT INTO operator_tokens (operator, label, hash, parent, created, expires, used)"
     " SELECT name, '', token_hash, 0, created, 0, 0 FROM operators_before;"
     "DROP TABLE operators_before;"
     "CREATE TABLE audit (num INTEGER PRIMARY KEY, at INTEGER NOT NULL, who TEXT NOT NULL, act TEXT NOT NULL,"
     " subject TEXT NOT NULL, detail TEXT NOT NULL, prev BLOB NOT NULL, hash BLOB NOT NULL);"
     "CREATE INDEX audit_notices ON audit (num) WHERE act IN ('audit-key', 'audit-prune');"
     /* How devices come, and how their tokens change. */
     "CREATE TABLE device_tokens (device INTEGER PRIMARY KEY REFERENCES devices, asked INTEGER NOT NULL,"
     " token_hash BLOB, sealed BLOB);"
     "CREATE TABLE device_requests (id TEXT NOT NULL, token_hash BLOB NOT NULL, sealed BLOB NOT NULL,"
     " product TEXT NOT NULL, hardware TEXT NOT NULL, address TEXT NOT NULL, fleet_key INTEGER NOT NULL,"
     " first INTEGER NOT NULL, last INTEGER NOT NULL, times INTEGER NOT NULL, PRIMARY KEY (id, token_hash))"
     " WITHOUT ROWID;"
     "CREATE TABLE fleet_keys (id BLOB PRIMARY KEY, product TEXT NOT NULL, sealed BLOB NOT NULL,"
     " created INTEGER NOT NULL) WITHOUT ROWID;"
     "ALTER TABLE device_marks ADD COLUMN revoked INTEGER NOT NULL DEFAULT 0;"},
};

#define APPLICATION_ID "0x4f747472" /* "Ottr", shown by file(1) */

unsigned store_schema_version(void)
{
    return (unsigned)(sizeof(migrations) / sizeof(migrations[0]));
}

int store_sqlite_user_version(sqlite3 *db)
{
    sqlite3_stmt *stmt = NULL;
    int version = -1;

    if (sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW)
        version = sqlite3_column_int(stmt, 0);
    sqlite3_finalize(stmt);
    return version;
}

static bool apply(sqlite3 *db, unsigned number, struct host_error *err)
{
    char note[256];
    int rc;

    /* Numbers and names of our own table only: no text from outside gets into this statement. */
    (void)sqlite3_snprintf(
        sizeof(note), note,
        "INSERT INTO migrations VALUES (%u, '%q', strftime('%%s','now')); PRAGMA user_version = %u;", number,
        migrations[number - 1].name, number);
    rc = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, migrations[number - 1].sql, NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, note, NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        return true;
    (void)host_fail(err, HOST_ERROR_FILE, "schema change %u (%s) failed: %s", number,
                    migrations[number - 1].name, sqlite3_errmsg(db));
    (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return false;
}

static bool refuse_newer(sqlite3 *db, int version, struct host_error *err)
{
    char kept[PATH_MAX];
    unsigned newest = store_schema_version();
    const char *copy = store_sqlite_kept(sqlite3_db_filename(db, "main"), newest,
                                         version < 1000 ? (unsigned)version : newest, kept);

    return host_fail(
        err, HOST_ERROR_FORMAT,
        "the database has schema %d, this program knows up to %u: start the newer otterd again%s%s", version,
        newest, copy ? ", or lose what was changed since and put back the copy made before: " : "",
        copy ? copy : "");
}

static bool begin_first(sqlite3 *db, struct host_error *err)
{
    return sqlite3_exec(db,
                        "PRAGMA application_id = " APPLICATION_ID
                        "; CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY,"
                        " name TEXT NOT NULL, applied INTEGER NOT NULL)",
                        NULL, NULL, NULL) == SQLITE_OK ||
           host_fail(err, HOST_ERROR_FILE, "the database cannot be written: %s", sqlite3_errmsg(db));
}

/* Before the first statement that changes anything. */
static bool keep_old(sqlite3 *db, int version, struct host_error *err)
{
    return store_sqlite_keep(db, store_schema_version(), err) ||
           host_error_prefix(err,
                             "the schema must go from %d to %u, and a copy of the database cannot be kept "
                             "before (nothing was changed; make room for it and start again)",
                             version, store_schema_version());
}

bool store_sqlite_migrate(sqlite3 *db, enum store_fault *ret_fault, struct host_error *err)
{
    int version = store_sqlite_user_version(db);
    bool ok = true;

    if (version > (int)store_schema_version()) {
        *ret_fault = STORE_FAULT_NEWER;
        return refuse_newer(db, version, err);
    }
    *ret_fault = STORE_FAULT_OPEN;
    if (version <= 0)
        ok = begin_first(db, err);
    else if (version < (int)store_schema_version())
        ok = keep_old(db, version, err);
    for (unsigned n = version < 0 ? 1 : (unsigned)version + 1; ok && n <= store_schema_version(); n++)
        ok = apply(db, n, err);
    return ok;
}
