#include "store/sqlite_internal.h"

#include "core/bytes.h"
#include "host/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct store_sqlite *store_sqlite_of(struct store *store)
{
    return OTTER_CONTAINER_OF(store, struct store_sqlite, base);
}

enum otter_status store_sqlite_status(int rc)
{
    if (rc == SQLITE_IOERR_NOMEM || (rc & 0xff) == SQLITE_NOMEM) {
        rc = SQLITE_NOMEM;
        host_memory_refused(); /* who reads may pass over a status */
    }
    switch (rc & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return OTTER_OK;
    case SQLITE_CONSTRAINT:
        return OTTER_ALREADY_EXISTS;
    case SQLITE_FULL:
        return OTTER_STORE_FULL;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return OTTER_STORE_DAMAGED;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM: /* the file is as good as before: not to be looked through at the next start */
        return OTTER_TOO_BUSY;
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
        return OTTER_INTERNAL;
    default:
        return OTTER_IO_ERROR;
    }
}

/*
 * SQLite knows a full disk by a failed write of its files alone: a quota, a limit and the shared index fail
 * in other words. errno was 0 before the call.
 */
enum otter_status store_sqlite_status_after(int rc)
{
    enum otter_status status = store_sqlite_status(rc);
    int error = status == OTTER_IO_ERROR ? errno : 0;

    if (error == ENOSPC || error == EDQUOT || error == EFBIG || rc == SQLITE_IOERR_SHMSIZE)
        return OTTER_STORE_FULL;
    return error == EMFILE || error == ENFILE ? OTTER_TOO_BUSY : status;
}

static int bind_one(sqlite3_stmt *stmt, int at, const struct store_value *v)
{
    switch (v->kind) {
    case STORE_VALUE_INT:
        return sqlite3_bind_int64(stmt, at, v->i);
    case STORE_VALUE_TEXT:
        return v->p ? sqlite3_bind_text(stmt, at, v->p, -1, SQLITE_STATIC) : sqlite3_bind_null(stmt, at);
    case STORE_VALUE_BLOB:
        return v->n > 0 ? sqlite3_bind_blob64(stmt, at, v->p, v->n, SQLITE_STATIC)
                        : sqlite3_bind_null(stmt, at);
    case STORE_VALUE_NULL:
    case STORE_VALUE_END:
        break;
    }
    return sqlite3_bind_null(stmt, at);
}

sqlite3_stmt *store_sqlite_bind(struct store_sqlite *s, enum sql which, const struct store_value *values,
                                enum otter_status *ret_status)
{
    sqlite3_stmt **stmt = &s->stmt[which];
    int rc = SQLITE_OK;

    errno = 0;
    if (!*stmt)
        rc = sqlite3_prepare_v3(s->db, store_sqlite_sql[which], -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL);
    for (int i = 0; rc == SQLITE_OK && values && values[i].kind != STORE_VALUE_END; i++)
        rc = bind_one(*stmt, i + 1, &values[i]);
    *ret_status = store_sqlite_status_after(rc);
    return rc == SQLITE_OK ? *stmt : NULL;
}

void store_sqlite_done(sqlite3_stmt *stmt)
{
    (void)sqlite3_reset(stmt);
    (void)sqlite3_clear_bindings(stmt);
}

bool store_sqlite_next(sqlite3_stmt *stmt, enum otter_status *ret_status)
{
    int rc;

    errno = 0;
    rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        return true;
    *ret_status = store_sqlite_status_after(rc);
    store_sqlite_done(stmt);
    return false;
}

enum otter_status store_sqlite_run(struct store_sqlite *s, enum sql which, const struct store_value *values)
{
    enum otter_status status;
    sqlite3_stmt *stmt;

    /* What came now would be a transaction of its own, and be kept though the others are gone. */
    if (s->begun && sqlite3_get_autocommit(s->db))
        return OTTER_TOO_BUSY;
    stmt = store_sqlite_bind(s, which, values, &status);
    if (stmt)
        (void)store_sqlite_next(stmt, &status);
    s->suspect = s->suspect || status == OTTER_IO_ERROR || status == OTTER_STORE_DAMAGED;
    return status;
}

enum otter_status store_sqlite_change(struct store_sqlite *s, enum sql which,
                                      const struct store_value *values)
{
    enum otter_status status = store_sqlite_run(s, which, values);

    return status == OTTER_OK && sqlite3_changes(s->db) == 0 ? OTTER_NOT_FOUND : status;
}

void store_column_text(sqlite3_stmt *stmt, int column, char *out, size_t cap)
{
    const unsigned char *text = sqlite3_column_text(stmt, column);
    size_t n = text ? (size_t)sqlite3_column_bytes(stmt, column) : 0;

    if (n > cap - 1)
        n = cap - 1;
    if (n > 0)
        memcpy(out, text, n);
    out[n] = '\0';
}

void store_column_bytes(sqlite3_stmt *stmt, int column, void *out, size_t n)
{
    const void *blob = sqlite3_column_blob(stmt, column);
    size_t have = blob ? (size_t)sqlite3_column_bytes(stmt, column) : 0;

    memset(out, 0, n);
    if (have > 0)
        memcpy(out, blob, have < n ? have : n);
}

uint64_t store_column_u64(sqlite3_stmt *stmt, int column)
{
    return (uint64_t)sqlite3_column_int64(stmt, column);
}

struct store_pack store_column_pack(sqlite3_stmt *stmt, int column)
{
    struct store_pack pack = {.data = sqlite3_column_blob(stmt, column)};

    pack.len = pack.data ? (size_t)sqlite3_column_bytes(stmt, column) : 0;
    return pack;
}

enum otter_update_state store_column_state(sqlite3_stmt *stmt, int column)
{
    char name[24];

    store_column_text(stmt, column, name, sizeof(name));
    return otter_update_state_find(name, strlen(name));
}

enum otter_status store_reason_named(const char *name)
{
    enum otter_status reason;

    if (name[0] == '\0')
        return OTTER_OK;
    reason = otter_status_find(name, (unsigned)strlen(name));
    return reason == OTTER_STATUS_COUNT ? OTTER_INTERNAL : reason;
}

enum otter_status store_column_reason(sqlite3_stmt *stmt, int column)
{
    char name[48];

    store_column_text(stmt, column, name, sizeof(name));
    return store_reason_named(name);
}

struct store_value store_reason_value(enum otter_status reason)
{
    return V_TEXT(reason == OTTER_OK ? NULL : otter_status_name(reason));
}

static void op_rollback(struct store *self)
{
    struct store_sqlite *s = store_sqlite_of(self);

    s->begun = false;
    if (!sqlite3_get_autocommit(s->db))
        (void)store_sqlite_run(s, SQL_ROLLBACK, NULL);
}

static enum otter_status op_begin(struct store *self, bool durable)
{
    struct store_sqlite *s = store_sqlite_of(self);
    enum otter_status status;

    op_rollback(self); /* where there was no memory to do so */
    if (s->durable != durable) {
        const char *pragma = durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL";
        int rc = sqlite3_exec(s->db, pragma, NULL, NULL, NULL);

        if (rc != SQLITE_OK)
            return store_sqlite_status(rc);
        s->durable = durable;
    }
    status = store_sqlite_run(s, SQL_BEGIN, NULL);
    s->begun = status == OTTER_OK;
    return status;
}

/*
 * SQLite takes a transaction away by itself where a statement found no memory or no medium: a savepoint would
 * then begin one of its own, and be committed by its release.
 */
static enum otter_status within(struct store *self, enum sql which)
{
    struct store_sqlite *s = store_sqlite_of(self);

    return sqlite3_get_autocommit(s->db) ? OTTER_TOO_BUSY : store_sqlite_run(s, which, NULL);
}

static enum otter_status op_commit(struct store *self)
{
    enum otter_status status = within(self, SQL_COMMIT);

    if (status != OTTER_OK)
        op_rollback(self);
    store_sqlite_of(self)->begun = false;
    return status;
}

static enum otter_status op_savepoint(struct store *self)
{
    return within(self, SQL_SAVEPOINT);
}

static enum otter_status op_savepoint_release(struct store *self)
{
    return within(self, SQL_RELEASE);
}

static enum otter_status op_savepoint_undo(struct store *self)
{
    enum otter_status status = within(self, SQL_UNDO);

    return status == OTTER_OK ? op_savepoint_release(self) : status;
}

static void op_close(struct store *self)
{
    struct store_sqlite *s = store_sqlite_of(self);

    for (unsigned i = 0; i < SQL_COUNT; i++)
        (void)sqlite3_finalize(s->stmt[i]);
    (void)sqlite3_close(s->db);
    free(s);
}

static void fill_ops(struct store_ops *ops)
{
    *ops = (struct store_ops){
        .close = op_close,
        .begin = op_begin,
        .commit = op_commit,
        .rollback = op_rollback,
        .savepoint = op_savepoint,
        .savepoint_release = op_savepoint_release,
        .savepoint_undo = op_savepoint_undo,
    };
    store_sqlite_documents_ops(ops);
    store_sqlite_rollout_ops(ops);
    store_sqlite_plan_ops(ops);
    store_sqlite_operator_ops(ops);
    store_sqlite_device_ops(ops);
    store_sqlite_credentials_ops(ops);
    store_sqlite_marks_ops(ops);
    store_sqlite_attempt_ops(ops);
    store_sqlite_misc_ops(ops);
    store_sqlite_audit_ops(ops);
}

static bool setup(sqlite3 *db, const char *path, enum store_mode mode, enum store_fault *ret_fault,
                  struct host_error *err)
{
    static const char writer[] =
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
        "PRAGMA cache_size = -" STORE_PASS_CACHE "; PRAGMA temp_store = MEMORY";
    static const char reader[] =
        "PRAGMA query_only = ON; PRAGMA cache_size = -" STORE_READER_CACHE "; PRAGMA temp_store = MEMORY";
    int rc;

    (void)sqlite3_extended_result_codes(db, 1);
    (void)sqlite3_busy_timeout(db, 5000);
    /* The version comes before anything is written: a newer program's file stays as it is. */
    if (store_sqlite_user_version(db) > (int)store_schema_version())
        return store_sqlite_migrate(db, ret_fault, err);
    rc = sqlite3_exec(db, mode == STORE_WRITER ? writer : reader, NULL, NULL, NULL);
    if (rc != SQLITE_OK)
        return store_sqlite_fail_open(db, path, rc, ret_fault, err);
    if (mode == STORE_READER)
        return true;
    if (!store_sqlite_check(db, path, ret_fault, err))
        return false;
    (void)sqlite3_exec(db, "PRAGMA cache_size = -" STORE_WRITER_CACHE, NULL, NULL, NULL); /* of no result */
    return store_sqlite_migrate(db, ret_fault, err) && store_sqlite_unmark(db, path, ret_fault, err);
}

struct store *store_sqlite_open(const char *path, enum store_mode mode, enum store_fault *ret_fault,
                                struct host_error *ret_error)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW |
                (mode == STORE_WRITER ? SQLITE_OPEN_CREATE : 0);
    struct store_sqlite *s = calloc(1, sizeof(*s));
    int rc;

    if (!s) {
        *ret_fault = STORE_FAULT_OPEN;
        (void)host_fail(ret_error, HOST_ERROR_MEMORY, "out of memory");
        return NULL;
    }
    fill_ops(&s->ops);
    s->base.ops = &s->ops;
    s->durable = true;
    s->mode = mode;
    rc = sqlite3_open_v2(path, &s->db, flags, NULL);
    if (rc == SQLITE_OK)
        rc = store_sqlite_know_take(s);
    if (rc != SQLITE_OK)
        (void)store_sqlite_fail_open(s->db, path, rc, ret_fault, ret_error);
    if (rc == SQLITE_OK && setup(s->db, path, mode, ret_fault, ret_error)) {
        *ret_fault = STORE_FAULT_NONE;
        return &s->base;
    }
    op_close(&s->base);
    return NULL;
}

enum otter_status store_sqlite_limit_pages(struct store *writer, unsigned pages)
{
    char pragma[64];

    (void)sqlite3_snprintf(sizeof(pragma), pragma, "PRAGMA max_page_count = %u", pages);
    return store_sqlite_status(sqlite3_exec(store_sqlite_of(writer)->db, pragma, NULL, NULL, NULL));
}
