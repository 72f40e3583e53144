/* What devices prove themselves with, beside the token in their row: second tokens, requests, fleet keys. */
#include "store/sqlite_internal.h"

static enum otter_status op_device_token(struct store *self, int64_t device,
                                         const struct store_token_row *row)
{
    return store_sqlite_change(
        store_sqlite_of(self), SQL_DEVICE_TOKEN,
        V_LIST(V_BLOB(row->hash.b, OTTER_DIGEST_LEN), V_BLOB(row->sealed, STORE_SEALED_LEN), V_INT(device)));
}

static enum otter_status op_second_put(struct store *self, const struct store_second *row)
{
    const struct store_value none = {.kind = STORE_VALUE_NULL};

    return store_sqlite_run(store_sqlite_of(self), SQL_SECOND_PUT,
                            V_LIST(V_INT(row->device), V_INT(row->asked),
                                   row->offered ? V_BLOB(row->token.hash.b, OTTER_DIGEST_LEN) : none,
                                   row->offered ? V_BLOB(row->token.sealed, STORE_SEALED_LEN) : none));
}

static void read_second(sqlite3_stmt *stmt, struct store_second *row)
{
    *row = (struct store_second){.device = sqlite3_column_int64(stmt, 0),
                                 .asked = sqlite3_column_int64(stmt, 1),
                                 .offered = sqlite3_column_type(stmt, 2) != SQLITE_NULL};
    store_column_bytes(stmt, 2, row->token.hash.b, OTTER_DIGEST_LEN);
    store_column_bytes(stmt, 3, row->token.sealed, STORE_SEALED_LEN);
}

static enum otter_status op_second_get(struct store *self, int64_t device, struct store_second *ret)
{
    enum otter_status status;
    sqlite3_stmt *stmt =
        store_sqlite_bind(store_sqlite_of(self), SQL_SECOND_GET, V_LIST(V_INT(device)), &status);

    if (!stmt)
        return status;
    if (!store_sqlite_next(stmt, &status))
        return status == OTTER_OK ? OTTER_NOT_FOUND : status;
    read_second(stmt, ret);
    store_sqlite_done(stmt);
    return OTTER_OK;
}

static enum otter_status op_second_delete(struct store *self, int64_t device)
{
    return store_sqlite_change(store_sqlite_of(self), SQL_SECOND_DELETE, V_LIST(V_INT(device)));
}

static enum otter_status op_seconds(struct store *self, struct store_second_visitor *visitor)
{
    enum otter_status status;
    sqlite3_stmt *stmt = store_sqlite_bind(store_sqlite_of(self), SQL_SECONDS, NULL, &status);
    struct store_second row;

    while (stmt && store_sqlite_next(stmt, &status)) {
        read_second(stmt, &row);
        if (visitor->row(visitor, &row))
            continue;
        store_sqlite_done(stmt);
        return OTTER_OK;
    }
    return status;
}

static enum otter_status op_request_put(struct store *self, const struct store_request *row)
{
    return store_sqlite_run(store_sqlite_of(self), SQL_REQUEST_PUT,
                            V_LIST(V_TEXT(row->id), V_BLOB(row->token.hash.b, OTTER_DIGEST_LEN),
                                   V_BLOB(row->token.sealed, STORE_SEALED_LEN), V_TEXT(row->product),
                                   V_TEXT(row->hardware), V_TEXT(row->address), V_INT(row->fleet_key),
                                   V_INT(row->first), V_INT(row->last), V_INT(row->times)));
}

static enum otter_status op_request_delete(struct store *self, const char *id, const char *product)
{
    return store_sqlite_change(store_sqlite_of(self), SQL_REQUEST_DELETE,
                               V_LIST(V_TEXT(id), V_TEXT(product)));
}

static enum otter_status op_requests_forget(struct store *self, int64_t before)
{
    return store_sqlite_run(store_sqlite_of(self), SQL_REQUESTS_FORGET, V_LIST(V_INT(before)));
}

static void read_request(sqlite3_stmt *stmt, struct store_request *row)
{
    store_column_text(stmt, 0, row->id, sizeof(row->id));
    store_column_bytes(stmt, 1, row->token.hash.b, OTTER_DIGEST_LEN);
    store_column_bytes(stmt, 2, row->token.sealed, STORE_SEALED_LEN);
    store_column_text(stmt, 3, row->product, sizeof(row->product));
    store_column_text(stmt, 4, row->hardware, sizeof(row->hardware));
    store_column_text(stmt, 5, row->address, sizeof(row->address));
    row->fleet_key = sqlite3_column_int(stmt, 6) != 0;
    row->first = sqlite3_column_int64(stmt, 7);
    row->last = sqlite3_column_int64(stmt, 8);
    row->times = store_column_u64(stmt, 9);
}

static enum otter_status op_requests(struct store *self, struct store_request_visitor *visitor)
{
    enum otter_status status;
    sqlite3_stmt *stmt = store_sqlite_bind(store_sqlite_of(self), SQL_REQUESTS, NULL, &status);
    struct store_request row;

    while (stmt && store_sqlite_next(stmt, &status)) {
        read_request(stmt, &row);
        if (visitor->row(visitor, &row))
            continue;
        store_sqlite_done(stmt);
        return OTTER_OK;
    }
    return status;
}

static enum otter_status op_fleet_key_add(struct store *self, const struct store_fleet_key *row)
{
    return store_sqlite_run(store_sqlite_of(self), SQL_FLEET_KEY_ADD,
                            V_LIST(V_BLOB(row->id.b, OTTER_DIGEST_LEN), V_TEXT(row->product),
                                   V_BLOB(row->sealed, STORE_SEALED_LEN), V_INT(row->created)));
}

static enum otter_status op_fleet_key_delete(struct store *self, const struct otter_digest *id)
{
    return store_sqlite_change(store_sqlite_of(self), SQL_FLEET_KEY_DELETE,
                               V_LIST(V_BLOB(id->b, OTTER_DIGEST_LEN)));
}

static enum otter_status op_fleet_keys(struct store *self, struct store_fleet_key_visitor *visitor)
{
    enum otter_status status;
    sqlite3_stmt *stmt = store_sqlite_bind(store_sqlite_of(self), SQL_FLEET_KEYS, NULL, &status);
    struct store_fleet_key row;

    while (stmt && store_sqlite_next(stmt, &status)) {
        store_column_bytes(stmt, 0, row.id.b, OTTER_DIGEST_LEN);
        store_column_text(stmt, 1, row.product, sizeof(row.product));
        store_column_bytes(stmt, 2, row.sealed, STORE_SEALED_LEN);
        row.created = sqlite3_column_int64(stmt, 3);
        if (visitor->row(visitor, &row))
            continue;
        store_sqlite_done(stmt);
        return OTTER_OK;
    }
    return status;
}

void store_sqlite_credentials_ops(struct store_ops *ops)
{
    ops->device_token = op_device_token;
    ops->second_put = op_second_put;
    ops->second_get = op_second_get;
    ops->second_delete = op_second_delete;
    ops->seconds = op_seconds;
    ops->request_put = op_request_put;
    ops->request_delete = op_request_delete;
    ops->requests_forget = op_requests_forget;
    ops->requests = op_requests;
    ops->fleet_key_add = op_fleet_key_add;
    ops->fleet_key_delete = op_fleet_key_delete;
    ops->fleet_keys = op_fleet_keys;
}
