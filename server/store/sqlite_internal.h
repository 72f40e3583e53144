/* Inside server/store only: one connection, its statements, and how values go in and out. */
#ifndef OTTER_STORE_SQLITE_INTERNAL_H
#define OTTER_STORE_SQLITE_INTERNAL_H

#include "store/store.h"

#include <limits.h>
#include <sqlite3.h>

/* Prepared on first use and kept; the texts are in sqlite_sql.c. */
enum sql {
    SQL_BEGIN,
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_SAVEPOINT,
    SQL_RELEASE,
    SQL_UNDO,
    SQL_META_GET,
    SQL_META_PUT,
    SQL_ROOT_ADD,
    SQL_ROOT_GET,
    SQL_ROOTS,
    SQL_RELEASE_ADD,
    SQL_RELEASE_GET,
    SQL_RELEASES,
    SQL_RELEASE_UPDATE,
    SQL_IMAGE_ADD,
    SQL_KEY_ADD,
    SQL_KEYS,
    SQL_ROLLOUT_ADD,
    SQL_ROLLOUT_UPDATE,
    SQL_ROLLOUT_GET,
    SQL_ROLLOUTS,
    SQL_PHASE_PUT,
    SQL_PHASES,
    SQL_ROLLOUT_EVENT_ADD,
    SQL_ROLLOUT_EVENTS,
    SQL_ROLLOUT_EVENTS_OF,
    SQL_MEMBERS_PUT,
    SQL_MEMBERS_GET,
    SQL_GROUP_PUT,
    SQL_GROUP_DELETE,
    SQL_GROUPS,
    SQL_OPERATOR_PUT,
    SQL_OPERATOR_DELETE,
    SQL_OPERATOR_GRANTS_DELETE,
    SQL_OPERATOR_TOKENS_DELETE,
    SQL_OPERATORS,
    SQL_GRANT_PUT,
    SQL_GRANT_DELETE,
    SQL_GRANTS,
    SQL_TOKEN_ADD,
    SQL_TOKEN_DELETE,
    SQL_TOKEN_USED,
    SQL_TOKENS,
    SQL_DEVICE_ADD,
    SQL_DEVICE_GET,
    SQL_DEVICE_LABELS,
    SQL_DEVICE_TOKEN,
    SQL_SECOND_PUT,
    SQL_SECOND_GET,
    SQL_SECOND_DELETE,
    SQL_SECONDS,
    SQL_REQUEST_PUT,
    SQL_REQUEST_DELETE,
    SQL_REQUESTS_FORGET,
    SQL_REQUESTS,
    SQL_FLEET_KEY_ADD,
    SQL_FLEET_KEY_DELETE,
    SQL_FLEET_KEYS,
    SQL_STATE_ADD,
    SQL_STATE_UPDATE,
    SQL_FLEET,
    SQL_FLEET_SIZE,
    SQL_MARKS_PUT,
    SQL_MARKS_DROP,
    SQL_MARKS_GET,
    SQL_MARKS,
    SQL_DEVICE_EVENT_ADD,
    SQL_TIMELINE,
    SQL_FREEZE_PUT,
    SQL_FREEZE_GET,
    SQL_ATTEMPT_ADD,
    SQL_ATTEMPT_UPDATE,
    SQL_ATTEMPT_GET,
    SQL_ATTEMPT_NEWEST,
    SQL_ATTEMPT_IN,
    SQL_ATTEMPTS_NEWEST,
    SQL_ATTEMPTS,
    SQL_ATTEMPTS_OF_ROLLOUT,
    SQL_ATTEMPTS_OF_DEVICE,
    SQL_PARTS,
    SQL_ATTEMPTS_SINCE,
    SQL_ATTEMPTS_OPEN,
    SQL_LOSSES,
    SQL_LOSSES_IN,
    SQL_EVENT_ADD,
    SQL_EVENTS,
    SQL_COUNT_ADD,
    SQL_COUNTS,
    SQL_ANSWER_PUT,
    SQL_ANSWER_GET,
    SQL_ANSWERS_FORGET,
    SQL_AUDIT_ADD,
    SQL_AUDIT,
    SQL_AUDIT_BACK,
    SQL_AUDIT_GET,
    SQL_AUDIT_NOTICE,
    SQL_AUDIT_PRUNE,
    SQL_COUNT
};

extern const char *const store_sqlite_sql[SQL_COUNT];

/* Page caches in KB. One pass over a large table needs next to none: pages are seen once. */
#define STORE_WRITER_CACHE "16384"
#define STORE_READER_CACHE "8192"
#define STORE_PASS_CACHE   "512"

#define STORE_CLEAN_STOP "clean_stop" /* in meta */

/*
 * Who takes rows where SQLite has them: a statement that selects STORE_TAKE(columns) calls it for each row
 * inside of one step. A step for each row and a call for each of its columns take half as long again. False:
 * no more.
 */
#define STORE_TAKE "otter_take"
struct store_sqlite_taker {
    bool (*take)(struct store_sqlite_taker *self, sqlite3_value **column);
    bool enough;
};

struct store_sqlite {
    struct store base;
    struct store_ops ops;
    sqlite3 *db;
    enum store_mode mode;
    bool durable; /* what PRAGMA synchronous stands at */
    bool begun;   /* a transaction, which SQLite may have taken away since */
    bool suspect; /* an operation met an unreadable or damaged page: the next start checks them all */
    struct store_sqlite_taker *taker; /* of the statement that runs */
    sqlite3_stmt *stmt[SQL_COUNT];
};

struct store_sqlite *store_sqlite_of(struct store *store);

enum store_value_kind {
    STORE_VALUE_END = 0,
    STORE_VALUE_INT,
    STORE_VALUE_TEXT,
    STORE_VALUE_BLOB,
    STORE_VALUE_NULL
};

struct store_value {
    enum store_value_kind kind;
    int64_t i;
    const void *p;
    size_t n;
};

#define V_INT(x)     ((struct store_value){.kind = STORE_VALUE_INT, .i = (int64_t)(x)})
#define V_TEXT(s)    ((struct store_value){.kind = STORE_VALUE_TEXT, .p = (s)})
#define V_BLOB(b, l) ((struct store_value){.kind = STORE_VALUE_BLOB, .p = (b), .n = (l)})
#define V_END        ((struct store_value){.kind = STORE_VALUE_END})
#define V_LIST(...)  ((const struct store_value[]){__VA_ARGS__, V_END})

/* The status that stands for a result code of SQLite. */
enum otter_status store_sqlite_status(int rc);

/* Prepares (once) and binds; what is bound must live until the statement is reset. NULL with *ret_status. */
sqlite3_stmt *store_sqlite_bind(struct store_sqlite *s, enum sql which, const struct store_value *values,
                                enum otter_status *ret_status);

/* Runs a statement that gives no rows. */
enum otter_status store_sqlite_run(struct store_sqlite *s, enum sql which, const struct store_value *values);

/* Next row? False at the end or on an error; then the statement has been reset and *ret_status is set. */
bool store_sqlite_next(sqlite3_stmt *stmt, enum otter_status *ret_status);

/* Runs a statement that selects STORE_TAKE(...). */
enum otter_status store_sqlite_take(struct store_sqlite *s, enum sql which, const struct store_value *values,
                                    struct store_sqlite_taker *taker);
/* Makes STORE_TAKE known to a new connection; a result code of SQLite. */
int store_sqlite_know_take(struct store_sqlite *s);

/* Runs one that changes rows; NOT_FOUND if it changed none. */
enum otter_status store_sqlite_change(struct store_sqlite *s, enum sql which,
                                      const struct store_value *values);

/* Ends a statement before its last row. */
void store_sqlite_done(sqlite3_stmt *stmt);

/* Columns. Text and blobs are cut, never overrun: the schema's own bounds make that unreachable. */
void store_column_text(sqlite3_stmt *stmt, int column, char *out, size_t cap);
void store_column_bytes(sqlite3_stmt *stmt, int column, void *out, size_t n);
uint64_t store_column_u64(sqlite3_stmt *stmt, int column);
struct store_pack store_column_pack(sqlite3_stmt *stmt, int column);
enum otter_update_state store_column_state(sqlite3_stmt *stmt, int column);
/* A reason as a value and back: its name, NULL for OTTER_OK. */
struct store_value store_reason_value(enum otter_status reason);
enum otter_status store_column_reason(sqlite3_stmt *stmt, int column);
enum otter_status store_reason_named(const char *name); /* "": OTTER_OK */

/* Is the file sound? Every page is checked, or after a clean stop the few that are not read soon anyhow. */
bool store_sqlite_check(sqlite3 *db, const char *path, enum store_fault *ret_fault, struct host_error *err);
/* Takes the mark of a clean stop away; durable when it returns. */
bool store_sqlite_unmark(sqlite3 *db, const char *path, enum store_fault *ret_fault, struct host_error *err);
/* What a check of SQLite says, without its heading and in one line. */
void store_sqlite_one_line(const char *said, char *out, size_t cap);
bool store_sqlite_fail_open(sqlite3 *db, const char *path, int rc, enum store_fault *ret_fault,
                            struct host_error *err);

/* The status of a call of SQLite before which errno was set to 0: it tells a full disk in more cases. */
enum otter_status store_sqlite_status_after(int rc);

/* A copy of the whole database under a new name; durable but for the directory's entry. */
bool store_sqlite_copy_whole(sqlite3 *db, const char *path, struct host_error *err);
/* Keeps a copy as <path>.before-<version>, durably, unless there is one from before the first change. */
bool store_sqlite_keep(sqlite3 *db, unsigned version, struct host_error *err);
/* The newest such copy beside a database, of those made before versions `above` + 1 to `upto`: its name in
 * out; NULL if there is none. */
const char *store_sqlite_kept(const char *path, unsigned above, unsigned upto, char out[PATH_MAX]);

/* Migrations up to store_schema_version(). */
bool store_sqlite_migrate(sqlite3 *db, enum store_fault *ret_fault, struct host_error *err);
int store_sqlite_user_version(sqlite3 *db);

/* An entry of the audit log by STORE_AUDIT_COLUMNS; its strings live as long as the row. */
#define STORE_AUDIT_COLUMNS "num, at, who, act, subject, detail, prev, hash"
void store_sqlite_audit_row(sqlite3_stmt *stmt, struct audit_entry *ret);
struct store_inspector;
/* Is each entry what its hash was made of, and in its place? A result code of SQLite. */
int store_sqlite_audit_check(sqlite3 *db, struct store_inspector *inspector);

/* The operations, a file a subject. */
void store_sqlite_documents_ops(struct store_ops *ops);
void store_sqlite_rollout_ops(struct store_ops *ops);
void store_sqlite_plan_ops(struct store_ops *ops);
void store_sqlite_operator_ops(struct store_ops *ops);
void store_sqlite_device_ops(struct store_ops *ops);
void store_sqlite_credentials_ops(struct store_ops *ops);
void store_sqlite_marks_ops(struct store_ops *ops);
void store_sqlite_attempt_ops(struct store_ops *ops);
void store_sqlite_misc_ops(struct store_ops *ops);
void store_sqlite_audit_ops(struct store_ops *ops);

#endif
