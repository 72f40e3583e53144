/* Operators, what they were granted, and their tokens. */
#include "store/sqlite_internal.h"

static enum otter_status op_operator_put(struct store *self, const struct store_operator *row)
{
    return store_sqlite_run(store_sqlite_of(self), SQL_OPERATOR_PUT,
                            V_LIST(V_TEXT(row->name), V_INT(row->created), V_INT(row->disabled)));
}

static enum otter_status op_operator_delete(struct store *self, const char *name)
{
    struct store_sqlite *s = store_sqlite_of(self);
    enum otter_status status = store_sqlite_change(s, SQL_OPERATOR_DELETE, V_LIST(V_TEXT(name)));

    if (status == OTTER_OK)
        status = store_sqlite_run(s, SQL_OPERATOR_GRANTS_DELETE, V_LIST(V_TEXT(name)));
    if (status == OTTER_OK)
        status = store_sqlite_run(s, SQL_OPERATOR_TOKENS_DELETE, V_LIST(V_TEXT(name)));
    return status;
}

static enum otter_status op_operators(struct store *self, struct store_operator_visitor *visitor)
{
    enum otter_status status;
    sqlite3_stmt *stmt = store_sqlite_bind(store_sqlite_of(self), SQL_OPERATORS, NULL, &status);
    struct store_operator row;

    while (stmt && store_sqlite_next(stmt, &status)) {
        store_column_text(stmt, 0, row.name, sizeof(row.name));
        row.created = sqlite3_column_int64(stmt, 1);
        row.disabled = sqlite3_column_int64(stmt, 2);
        if (visitor->row(visitor, &row))
            continue;
        store_sqlite_done(stmt);
        return OTTER_OK;
    }
    return status;
}

static enum otter_status op_grant_put(struct store *self, const struct store_grant *row)
{
    return store_sqlite_run(store_sqlite_of(self), SQL_GRANT_PUT,
                            V_LIST(V_TEXT(row->operator), V_TEXT(row->role), V_TEXT(row->product)));
}

static enum otter_status op_grant_delete(struct store *self, const struct store_grant *row)
{
    return store_sqlite_change(store_sqlite_of(self), SQL_GRANT_DELETE,
                               V_LIST(V_TEXT(row->operator), V_TEXT(row->role), V_TEXT(row->product)));
}

static enum otter_status op_grants(struct store *self, struct store_grant_visitor *visitor)
{
    enum otter_status status;
    sqlite3_stmt *stmt = store_sqlite_bind(store_sqlite_of(self), SQL_GRANTS, NULL, &status);
    struct store_grant row;

    while (stmt && store_sqlite_next(stmt, &status)) {
        store_column_text(stmt, 0, row.operator, sizeof(row.operator));
        store_column_text(stmt, 1, row.role, sizeof(row.role));
        store_column_text(stmt, 2, row.product, sizeof(row.product));
        if (visitor->row(visitor, &row))
            continue;
        store_sqlite_done(stmt);
        return OTTER_OK;
    }
    return status;
}

static enum otter_status op_token_add(struct store *self, const struct store_token *row, int64_t *ret_num)
{
    struct store_sqlite *s = store_sqlite_of(self);
    enum otter_status status = store_sqlite_run(
        s, SQL_TOKEN_ADD,
        V_LIST(V_TEXT(row->operator), V_TEXT(row->label), V_BLOB(row->hash.b, OTTER_DIGEST_LEN),
               V_INT(row->parent), V_INT(row->created), V_INT(row->expires), V_INT(row->used)));

    if (status == OTTER_OK)
        *ret_num = sqlite3_last_insert_rowid(s->db);
    return status;
}

static enum otter_status op_token_delete(struct store *self, int64_t num)
{
    return store_sqlite_change(store_sqlite_of(self), SQL_TOKEN_DELETE, V_LIST(V_INT(num)));
}

static enum otter_status op_token_used(struct store *self, int64_t num, int64_t at)
{
    return store_sqlite_run(store_sqlite_of(self), SQL_TOKEN_USED, V_LIST(V_INT(num), V_INT(at)));
}

static enum otter_status op_tokens(struct store *self, struct store_token_visitor *visitor)
{
    enum otter_status status;
    sqlite3_stmt *stmt = store_sqlite_bind(store_sqlite_of(self), SQL_TOKENS, NULL, &status);
    struct store_token row;

    while (stmt && store_sqlite_next(stmt, &status)) {
        row.num = sqlite3_column_int64(stmt, 0);
        store_column_text(stmt, 1, row.operator, sizeof(row.operator));
        store_column_text(stmt, 2, row.label, sizeof(row.label));
        store_column_bytes(stmt, 3, row.hash.b, OTTER_DIGEST_LEN);
        row.parent = sqlite3_column_int64(stmt, 4);
        row.created = sqlite3_column_int64(stmt, 5);
        row.expires = sqlite3_column_int64(stmt, 6);
        row.used = sqlite3_column_int64(stmt, 7);
        if (visitor->row(visitor, &row))
            continue;
        store_sqlite_done(stmt);
        return OTTER_OK;
    }
    return status;
}

void store_sqlite_operator_ops(struct store_ops *ops)
{
    ops->operator_put = op_operator_put;
    ops->operator_delete = op_operator_delete;
    ops->operators = op_operators;
    ops->grant_put = op_grant_put;
    ops->grant_delete = op_grant_delete;
    ops->grants = op_grants;
    ops->token_add = op_token_add;
    ops->token_delete = op_token_delete;
    ops->token_used = op_token_used;
    ops->tokens = op_tokens;
}
