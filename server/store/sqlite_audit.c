/* The audit log's entries. Nothing ever changes one; the oldest go when they were archived. */
#include "store/inspect.h"
#include "store/sqlite_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static enum otter_status op_audit_add(struct store *self, const struct audit_entry *e)
{
    return store_sqlite_run(store_sqlite_of(self), SQL_AUDIT_ADD,
                            V_LIST(V_INT(e->num), V_INT(e->at), V_TEXT(e->who), V_TEXT(e->act),
                                   V_TEXT(e->subject), V_TEXT(e->detail), V_BLOB(e->prev.b, OTTER_DIGEST_LEN),
                                   V_BLOB(e->hash.b, OTTER_DIGEST_LEN)));
}

static const char *text(sqlite3_stmt *stmt, int column)
{
    const unsigned char *s = sqlite3_column_text(stmt, column);

    return s ? (const char *)s : "";
}

void store_sqlite_audit_row(sqlite3_stmt *stmt, struct audit_entry *ret)
{
    *ret = (struct audit_entry){
        .num = store_column_u64(stmt, 0),
        .at = sqlite3_column_int64(stmt, 1),
        .who = text(stmt, 2),
        .act = text(stmt, 3),
        .subject = text(stmt, 4),
        .detail = text(stmt, 5),
    };
    store_column_bytes(stmt, 6, ret->prev.b, OTTER_DIGEST_LEN);
    store_column_bytes(stmt, 7, ret->hash.b, OTTER_DIGEST_LEN);
}

/* NOT_FOUND: there was none. */
static enum otter_status visit(struct store_sqlite *s, enum sql which, const struct store_value *values,
                               struct store_audit_visitor *visitor)
{
    enum otter_status status;
    sqlite3_stmt *stmt = store_sqlite_bind(s, which, values, &status);
    struct audit_entry row;
    bool any = false;

    while (stmt && store_sqlite_next(stmt, &status)) {
        any = true;
        store_sqlite_audit_row(stmt, &row);
        if (visitor->row(visitor, &row))
            continue;
        store_sqlite_done(stmt);
        return OTTER_OK;
    }
    return status == OTTER_OK && !any ? OTTER_NOT_FOUND : status;
}

static enum otter_status op_audit(struct store *self, uint64_t after, struct store_audit_visitor *visitor)
{
    enum otter_status status = visit(store_sqlite_of(self), SQL_AUDIT, V_LIST(V_INT(after)), visitor);

    return status == OTTER_NOT_FOUND ? OTTER_OK : status;
}

static enum otter_status op_audit_back(struct store *self, uint64_t before,
                                       struct store_audit_visitor *visitor)
{
    enum otter_status status = visit(store_sqlite_of(self), SQL_AUDIT_BACK, V_LIST(V_INT(before)), visitor);

    return status == OTTER_NOT_FOUND ? OTTER_OK : status;
}

static enum otter_status op_audit_get(struct store *self, uint64_t num, struct store_audit_visitor *visitor)
{
    return visit(store_sqlite_of(self), SQL_AUDIT_GET, V_LIST(V_INT(num)), visitor);
}

static enum otter_status op_audit_notice(struct store *self, struct store_audit_visitor *visitor)
{
    return visit(store_sqlite_of(self), SQL_AUDIT_NOTICE, NULL, visitor);
}

static enum otter_status op_audit_prune(struct store *self, uint64_t through)
{
    return store_sqlite_run(store_sqlite_of(self), SQL_AUDIT_PRUNE, V_LIST(V_INT(through)));
}

/* Rows are checked as the lines that they are exported as. */
static enum audit_fault check_row(struct audit_walk *walk, sqlite3_stmt *stmt)
{
    char line[AUDIT_LINE_MAX];
    struct audit_entry row;

    store_sqlite_audit_row(stmt, &row);
    return audit_walk_line(walk, line, audit_line(&row, line));
}

static void tell(struct store_inspector *inspector, const struct audit_walk *walk, enum audit_fault fault,
                 int64_t num)
{
    char text[400];

    (void)snprintf(text, sizeof(text), "otter.db: audit log, entry %" PRId64 ": %s: %s", num,
                   audit_fault_name(fault), walk->why);
    inspector->found(inspector, text);
}

int store_sqlite_audit_check(sqlite3 *db, struct store_inspector *inspector)
{
    auto_free struct audit_walk *walk = calloc(1, sizeof(*walk));
    enum audit_fault fault = AUDIT_GOOD;
    sqlite3_stmt *stmt = NULL;
    int rc =
        sqlite3_prepare_v2(db, "SELECT " STORE_AUDIT_COLUMNS " FROM audit ORDER BY num", -1, &stmt, NULL);

    if (!walk)
        rc = SQLITE_NOMEM;
    while (rc == SQLITE_OK && fault == AUDIT_GOOD && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        rc = SQLITE_OK;
        fault = check_row(walk, stmt);
        if (fault != AUDIT_GOOD)
            tell(inspector, walk, fault, sqlite3_column_int64(stmt, 0));
    }
    sqlite3_finalize(stmt);
    if (rc != SQLITE_OK && rc != SQLITE_DONE)
        return rc;
    if (fault == AUDIT_GOOD && walk->num > 0 && audit_walk_end(walk) == AUDIT_BEGINS_LATE)
        tell(inspector, walk, AUDIT_BEGINS_LATE, (int64_t)walk->first);
    return SQLITE_OK;
}

void store_sqlite_audit_ops(struct store_ops *ops)
{
    ops->audit_add = op_audit_add;
    ops->audit = op_audit;
    ops->audit_back = op_audit_back;
    ops->audit_get = op_audit_get;
    ops->audit_notice = op_audit_notice;
    ops->audit_prune = op_audit_prune;
}
