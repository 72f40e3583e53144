/* Numbers by name, and the answers remembered by Idempotency-Key. */
#include "store/sqlite_internal.h"

#include <string.h>

static enum otter_status op_meta_get(struct store *self, const char *name, int64_t *ret)
{
    enum otter_status status;
    sqlite3_stmt *stmt =
        store_sqlite_bind(store_sqlite_of(self), SQL_META_GET, V_LIST(V_TEXT(name)), &status);

    if (!stmt)
        return status;
    if (!store_sqlite_next(stmt, &status))
        return status == OTTER_OK ? OTTER_NOT_FOUND : status;
    *ret = sqlite3_column_int64(stmt, 0);
    store_sqlite_done(stmt);
    return OTTER_OK;
}

static enum otter_status op_meta_put(struct store *self, const char *name, int64_t value)
{
    return store_sqlite_run(store_sqlite_of(self), SQL_META_PUT, V_LIST(V_TEXT(name), V_INT(value)));
}

static enum otter_status op_answer_put(struct store *self, const char *key, int64_t now,
                                       const struct store_answer *row)
{
    return store_sqlite_run(store_sqlite_of(self), SQL_ANSWER_PUT,
                            V_LIST(V_TEXT(key), V_INT(now), V_BLOB(row->request.b, OTTER_DIGEST_LEN),
                                   V_TEXT(otter_status_name(row->status)), V_INT(row->created),
                                   V_TEXT(row->body)));
}

static enum otter_status op_answer_get(struct store *self, const char *key,
                                       struct store_answer_visitor *visitor)
{
    enum otter_status status;
    sqlite3_stmt *stmt =
        store_sqlite_bind(store_sqlite_of(self), SQL_ANSWER_GET, V_LIST(V_TEXT(key)), &status);
    struct store_answer row = {.status = OTTER_INTERNAL};
    const char *name;

    if (!stmt)
        return status;
    if (!store_sqlite_next(stmt, &status))
        return status == OTTER_OK ? OTTER_NOT_FOUND : status;
    store_column_bytes(stmt, 0, row.request.b, OTTER_DIGEST_LEN);
    name = (const char *)sqlite3_column_text(stmt, 1);
    if (name)
        row.status = otter_status_find(name, (unsigned)strlen(name));
    row.created = sqlite3_column_int(stmt, 2) != 0;
    row.body = (const char *)sqlite3_column_text(stmt, 3);
    row.len = row.body ? (size_t)sqlite3_column_bytes(stmt, 3) : 0;
    (void)visitor->row(visitor, &row);
    store_sqlite_done(stmt);
    return OTTER_OK;
}

static enum otter_status op_answers_forget(struct store *self, int64_t before)
{
    return store_sqlite_run(store_sqlite_of(self), SQL_ANSWERS_FORGET, V_LIST(V_INT(before)));
}

void store_sqlite_misc_ops(struct store_ops *ops)
{
    ops->meta_get = op_meta_get;
    ops->meta_put = op_meta_put;
    ops->answer_put = op_answer_put;
    ops->answer_get = op_answer_get;
    ops->answers_forget = op_answers_forget;
}
