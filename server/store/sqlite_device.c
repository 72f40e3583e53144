/* Devices: what operators gave (devices) and what devices say (device_states, small rows, written in
 * batches). */
#include "store/sqlite_internal.h"

#include "core/bytes.h"

#include <string.h>

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

static const char *text_of(sqlite3_value *value)
{
    const unsigned char *text = sqlite3_value_text(value);

    return text ? (const char *)text : "";
}

static struct store_pack pack_of(sqlite3_value *value)
{
    struct store_pack pack = {.data = sqlite3_value_blob(value)};

    pack.len = pack.data ? (size_t)sqlite3_value_bytes(value) : 0;
    return pack;
}

static void copy_bytes(sqlite3_value *value, void *out, size_t n)
{
    struct store_pack have = pack_of(value);

    memset(out, 0, n);
    if (have.len > 0)
        memcpy(out, have.data, have.len < n ? have.len : n);
}

/* Points into SQLite's row. */
static void read_device(sqlite3_value **column, struct store_device *row)
{
    row->num = sqlite3_value_int64(column[0]);
    row->id = text_of(column[1]);
    row->product = text_of(column[2]);
    row->hardware = text_of(column[3]);
    copy_bytes(column[4], row->token_hash.b, OTTER_DIGEST_LEN);
    copy_bytes(column[5], row->sealed, STORE_SEALED_LEN);
    row->tags = pack_of(column[6]);
    row->own_attrs = pack_of(column[7]);
    row->operator_attrs = pack_of(column[8]);
    row->created = sqlite3_value_int64(column[9]);
}

#define DEVICE_COLUMN_COUNT 10

struct device_taker {
    struct store_sqlite_taker base;
    struct store_device_visitor *visitor;
    bool there;
};

static bool take_device(struct store_sqlite_taker *self, sqlite3_value **column)
{
    struct device_taker *t = OTTER_CONTAINER_OF(self, struct device_taker, base);
    struct store_device row;

    t->there = true;
    read_device(column, &row);
    return t->visitor->row(t->visitor, &row);
}

static enum otter_status op_device_get(struct store *self, const char *id,
                                       struct store_device_visitor *visitor)
{
    struct device_taker taker = {.base.take = take_device, .visitor = visitor};
    enum otter_status status =
        store_sqlite_take(store_sqlite_of(self), SQL_DEVICE_GET, V_LIST(V_TEXT(id)), &taker.base);

    return status == OTTER_OK && !taker.there ? OTTER_NOT_FOUND : status;
}

static enum otter_status op_device_labels(struct store *self, const struct store_device *row)
{
    return store_sqlite_run(
        store_sqlite_of(self), SQL_DEVICE_LABELS,
        V_LIST(V_BLOB(row->tags.data, row->tags.len), V_BLOB(row->own_attrs.data, row->own_attrs.len),
               V_BLOB(row->operator_attrs.data, row->operator_attrs.len), V_INT(row->num)));
}

/*
 * Nearly all have a row, and a changed one is written over in its place. To put it in anew would look for its
 * device each time, in pages that nothing else needs.
 */
static enum otter_status op_state_put(struct store *self, const struct store_device_state *row)
{
    struct store_sqlite *s = store_sqlite_of(self);
    const struct store_value *values = V_LIST(
        V_INT(row->device), V_INT(pack_version(&row->running.version)),
        V_BLOB(row->running.sha256.b, OTTER_DIGEST_LEN), V_TEXT(otter_slot_name(row->running.slot)),
        V_INT(row->running.confirmed), V_INT(row->epoch), V_INT(row->sequence), V_INT(row->root),
        V_INT(row->stale), V_INT(row->first_seen), V_INT(row->last_seen), store_reason_value(row->refused));
    enum otter_status status = store_sqlite_change(s, SQL_STATE_UPDATE, values);

    return status == OTTER_NOT_FOUND ? store_sqlite_run(s, SQL_STATE_ADD, values) : status;
}

static void read_state(sqlite3_value **column, struct store_device_state *row)
{
    const char *slot = (const char *)sqlite3_value_text(column[3]);

    *row = (struct store_device_state){.device = sqlite3_value_int64(column[0])};
    unpack_version((uint64_t)sqlite3_value_int64(column[1]), &row->running.version);
    copy_bytes(column[2], row->running.sha256.b, OTTER_DIGEST_LEN);
    if (slot)
        (void)otter_slot_parse(slot, (size_t)sqlite3_value_bytes(column[3]), &row->running.slot);
    row->running.confirmed = sqlite3_value_int(column[4]) != 0;
    row->epoch = (uint64_t)sqlite3_value_int64(column[5]);
    row->sequence = (uint64_t)sqlite3_value_int64(column[6]);
    row->root = (uint64_t)sqlite3_value_int64(column[7]);
    row->stale = sqlite3_value_int(column[8]) != 0;
    row->first_seen = sqlite3_value_int64(column[9]);
    row->last_seen = sqlite3_value_int64(column[10]);
    row->refused = store_reason_named(text_of(column[11]));
}

struct fleet_taker {
    struct store_sqlite_taker base;
    struct store_fleet_visitor *visitor;
};

static bool take_of_fleet(struct store_sqlite_taker *self, sqlite3_value **column)
{
    struct fleet_taker *t = OTTER_CONTAINER_OF(self, struct fleet_taker, base);
    bool polled = sqlite3_value_type(column[DEVICE_COLUMN_COUNT]) != SQLITE_NULL;
    struct store_device row;
    struct store_device_state state;

    read_device(column, &row);
    if (polled)
        read_state(column + DEVICE_COLUMN_COUNT, &state);
    return t->visitor->row(t->visitor, &row, polled ? &state : NULL);
}

static enum otter_status op_fleet(struct store *self, int64_t from, int64_t upto,
                                  struct store_fleet_visitor *visitor)
{
    struct store_sqlite *s = store_sqlite_of(self);
    struct fleet_taker taker = {.base.take = take_of_fleet, .visitor = visitor};
    enum otter_status status;

    /* Caches are a matter of speed and memory alone: whether these work changes no result. */
    (void)sqlite3_exec(s->db, "PRAGMA cache_size = -" STORE_PASS_CACHE, NULL, NULL, NULL);
    status = store_sqlite_take(s, SQL_FLEET, V_LIST(V_INT(from), V_INT(upto)), &taker.base);
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
