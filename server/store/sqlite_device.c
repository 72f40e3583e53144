/* Devices: what operators gave (devices) and what devices say (device_states, small rows, written in
 * batches). */
#include "store/sqlite_internal.h"

/* A version as one integer: the four numbers in 64 bits keep their order within 2^63 (major <= 127 or
 * negative). */
static int64_t pack_version(const struct otter_version *v)
{
    return (int64_t)((uint64_t)v->major << 56 | (uint64_t)v->minor << 48 | (uint64_t)v->revision << 32 |
                     v->build);
}

static void unpack_version(uint64_t packed, struct otter_version *v)
{
    v->major = (uint8_t)(packed >> 56);
    v->minor = (uint8_t)(packed >> 48);
    v->revision = (uint16_t)(packed >> 32);
    v->build = (uint32_t)packed;
}

static enum otter_status op_device_add(struct store *self, const struct store_device *row, int64_t *ret_num)
{
    struct store_sqlite *s = store_sqlite_of(self);
    enum otter_status status;

    status = store_sqlite_run(
        s, SQL_DEVICE_ADD,
        V_LIST(V_TEXT(row->id), V_TEXT(row->product), V_TEXT(row->hardware),
               V_BLOB(row->token_hash.b, OTTER_DIGEST_LEN), V_BLOB(row->sealed, STORE_SEALED_LEN),
               V_BLOB(row->tags.data, row->tags.len), V_BLOB(row->own_attrs.data, row->own_attrs.len),
               V_BLOB(row->operator_attrs.data, row->operator_attrs.len), V_INT(row->created)));
    if (status == OTTER_OK)
        *ret_num = sqlite3_last_insert_rowid(s->db);
    return status;
}

static const char *column_name(sqlite3_stmt *stmt, int column)
{
    const unsigned char *text = sqlite3_column_text(stmt, column);

    return text ? (const char *)text : "";
}

/* Points into the statement's row. */
static void read_device(sqlite3_stmt *stmt, struct store_device *row)
{
    row->num = sqlite3_column_int64(stmt, 0);
    row->id = column_name(stmt, 1);
    row->product = column_name(stmt, 2);
    row->hardware = column_name(stmt, 3);
    store_column_bytes(stmt, 4, row->token_hash.b, OTTER_DIGEST_LEN);
    store_column_bytes(stmt, 5, row->sealed, STORE_SEALED_LEN);
    row->tags = store_column_pack(stmt, 6);
    row->own_attrs = store_column_pack(stmt, 7);
    row->operator_attrs = store_column_pack(stmt, 8);
    row->created = sqlite3_column_int64(stmt, 9);
}

static enum otter_status op_device_get(struct store *self, const char *id,
                                       struct store_device_visitor *visitor)
{
    enum otter_status status;
    sqlite3_stmt *stmt =
        store_sqlite_bind(store_sqlite_of(self), SQL_DEVICE_GET, V_LIST(V_TEXT(id)), &status);
    struct store_device row;

    if (!stmt)
        return status;
    if (!store_sqlite_next(stmt, &status))
        return status == OTTER_OK ? OTTER_NOT_FOUND : status;
    read_device(stmt, &row);
    (void)visitor->row(visitor, &row);
    store_sqlite_done(stmt);
    return OTTER_OK;
}

static enum otter_status op_device_labels(struct store *self, const struct store_device *row)
{
    return store_sqlite_run(
        store_sqlite_of(self), SQL_DEVICE_LABELS,
        V_LIST(V_BLOB(row->tags.data, row->tags.len), V_BLOB(row->own_attrs.data, row->own_attrs.len),
               V_BLOB(row->operator_attrs.data, row->operator_attrs.len), V_INT(row->num)));
}

static enum otter_status op_state_put(struct store *self, const struct store_device_state *row)
{
    return store_sqlite_run(store_sqlite_of(self), SQL_STATE_PUT,
                            V_LIST(V_INT(row->device), V_INT(pack_version(&row->running.version)),
                                   V_BLOB(row->running.sha256.b, OTTER_DIGEST_LEN),
                                   V_TEXT(otter_slot_name(row->running.slot)), V_INT(row->running.confirmed),
                                   V_INT(row->epoch), V_INT(row->sequence), V_INT(row->root),
                                   V_INT(row->stale), V_INT(row->first_seen), V_INT(row->last_seen),
                                   store_reason_value(row->refused)));
}

/* The state's columns begin at `first`. */
static void read_state(sqlite3_stmt *stmt, int first, struct store_device_state *row)
{
    const char *slot = (const char *)sqlite3_column_text(stmt, first + 3);

    *row = (struct store_device_state){.device = sqlite3_column_int64(stmt, first)};
    unpack_version(store_column_u64(stmt, first + 1), &row->running.version);
    store_column_bytes(stmt, first + 2, row->running.sha256.b, OTTER_DIGEST_LEN);
    if (slot)
        (void)otter_slot_parse(slot, (size_t)sqlite3_column_bytes(stmt, first + 3), &row->running.slot);
    row->running.confirmed = sqlite3_column_int(stmt, first + 4) != 0;
    row->epoch = store_column_u64(stmt, first + 5);
    row->sequence = store_column_u64(stmt, first + 6);
    row->root = store_column_u64(stmt, first + 7);
    row->stale = sqlite3_column_int(stmt, first + 8) != 0;
    row->first_seen = sqlite3_column_int64(stmt, first + 9);
    row->last_seen = sqlite3_column_int64(stmt, first + 10);
    row->refused = store_column_reason(stmt, first + 11);
}

#define DEVICE_COLUMN_COUNT 10

static enum otter_status pass(struct store *self, int64_t from, int64_t upto,
                              struct store_fleet_visitor *visitor)
{
    enum otter_status status;
    sqlite3_stmt *stmt =
        store_sqlite_bind(store_sqlite_of(self), SQL_FLEET, V_LIST(V_INT(from), V_INT(upto)), &status);
    struct store_device row;
    struct store_device_state state;

    while (stmt && store_sqlite_next(stmt, &status)) {
        bool polled = sqlite3_column_type(stmt, DEVICE_COLUMN_COUNT) != SQLITE_NULL;

        read_device(stmt, &row);
        if (polled)
            read_state(stmt, DEVICE_COLUMN_COUNT, &state);
        if (visitor->row(visitor, &row, polled ? &state : NULL))
            continue;
        store_sqlite_done(stmt);
        return OTTER_OK;
    }
    return status;
}

static enum otter_status op_fleet(struct store *self, int64_t from, int64_t upto,
                                  struct store_fleet_visitor *visitor)
{
    struct store_sqlite *s = store_sqlite_of(self);
    enum otter_status status;

    /* Caches are a matter of speed and memory alone: whether these work changes no result. */
    (void)sqlite3_exec(s->db, "PRAGMA cache_size = -" STORE_PASS_CACHE, NULL, NULL, NULL);
    status = pass(self, from, upto, visitor);
    (void)sqlite3_exec(s->db,
                       s->mode == STORE_WRITER ? "PRAGMA cache_size = -" STORE_WRITER_CACHE
                                               : "PRAGMA cache_size = -" STORE_READER_CACHE,
                       NULL, NULL, NULL);
    return status;
}

static enum otter_status op_fleet_size(struct store *self, int64_t *ret)
{
    enum otter_status status;
    sqlite3_stmt *stmt = store_sqlite_bind(store_sqlite_of(self), SQL_FLEET_SIZE, NULL, &status);

    if (!stmt || !store_sqlite_next(stmt, &status))
        return status;
    *ret = sqlite3_column_int64(stmt, 0); /* NULL, of an empty table, is 0 */
    store_sqlite_done(stmt);
    return OTTER_OK;
}

void store_sqlite_device_ops(struct store_ops *ops)
{
    ops->device_add = op_device_add;
    ops->device_get = op_device_get;
    ops->device_labels = op_device_labels;
    ops->state_put = op_state_put;
    ops->fleet = op_fleet;
    ops->fleet_size = op_fleet_size;
}
