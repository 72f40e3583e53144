/* Roots, releases, image keys. */
#include "store/sqlite_internal.h"

#include <string.h>

static void read_root(sqlite3_stmt *stmt, struct store_root *row)
{
    struct store_pack envelope = store_column_pack(stmt, 1);

    row->version = store_column_u64(stmt, 0);
    row->envelope = envelope.data;
    row->len = envelope.len;
    row->published = sqlite3_column_int64(stmt, 2);
}

static enum otter_status op_root_add(struct store *self, const struct store_root *row)
{
    return store_sqlite_run(
        store_sqlite_of(self), SQL_ROOT_ADD,
        V_LIST(V_INT(row->version), V_BLOB(row->envelope, row->len), V_INT(row->published)));
}

static enum otter_status op_root_get(struct store *self, uint64_t version, struct store_root_visitor *visitor)
{
    enum otter_status status;
    sqlite3_stmt *stmt =
        store_sqlite_bind(store_sqlite_of(self), SQL_ROOT_GET, V_LIST(V_INT(version)), &status);
    struct store_root row;

    if (!stmt)
        return status;
    if (!store_sqlite_next(stmt, &status))
        return status == OTTER_OK ? OTTER_NOT_FOUND : status;
    read_root(stmt, &row);
    (void)visitor->row(visitor, &row);
    store_sqlite_done(stmt);
    return OTTER_OK;
}

static enum otter_status op_roots(struct store *self, struct store_root_visitor *visitor)
{
    enum otter_status status;
    sqlite3_stmt *stmt = store_sqlite_bind(store_sqlite_of(self), SQL_ROOTS, NULL, &status);
    struct store_root row;

    while (stmt && store_sqlite_next(stmt, &status)) {
        read_root(stmt, &row);
        if (visitor->row(visitor, &row))
            continue;
        store_sqlite_done(stmt);
        return OTTER_OK;
    }
    return status;
}

static enum otter_status op_release_add(struct store *self, const struct store_release *row, int64_t *ret_num)
{
    struct store_sqlite *s = store_sqlite_of(self);
    enum otter_status status;

    status = store_sqlite_run(s, SQL_RELEASE_ADD,
                              V_LIST(V_BLOB(row->id.b, OTTER_DIGEST_LEN), V_TEXT(row->product),
                                     V_INT(row->epoch), V_INT(row->sequence), V_INT(row->published),
                                     V_INT(row->signature_checked), V_BLOB(row->envelope, row->len)));
    if (status == OTTER_OK)
        *ret_num = sqlite3_last_insert_rowid(s->db);
    return status;
}

static enum otter_status op_release_image_add(struct store *self, int64_t release,
                                              const struct otter_manifest_image *image)
{
    return store_sqlite_run(store_sqlite_of(self), SQL_IMAGE_ADD,
                            V_LIST(V_INT(release), V_TEXT(otter_slot_name(image->slot)), V_INT(image->link),
                                   V_INT(image->size), V_BLOB(image->sha256.b, OTTER_DIGEST_LEN)));
}

static void read_release(sqlite3_stmt *stmt, char product[OTTER_NAME_BUF], struct store_release *row)
{
    struct store_pack envelope = store_column_pack(stmt, 7);

    row->num = sqlite3_column_int64(stmt, 0);
    store_column_bytes(stmt, 1, row->id.b, OTTER_DIGEST_LEN);
    store_column_text(stmt, 2, product, OTTER_NAME_BUF);
    row->product = product;
    row->epoch = store_column_u64(stmt, 3);
    row->sequence = store_column_u64(stmt, 4);
    row->published = sqlite3_column_int64(stmt, 5);
    row->signature_checked = sqlite3_column_int(stmt, 6) != 0;
    row->envelope = envelope.data;
    row->len = envelope.len;
    row->withdrawn = sqlite3_column_int64(stmt, 8);
    row->withdrawn_reason = (const char *)sqlite3_column_text(stmt, 9);
    if (!row->withdrawn_reason)
        row->withdrawn_reason = "";
    row->pruned = sqlite3_column_int64(stmt, 10);
}

static enum otter_status op_release_get(struct store *self, const struct otter_digest *id,
                                        struct store_release_visitor *visitor)
{
    enum otter_status status;
    sqlite3_stmt *stmt = store_sqlite_bind(store_sqlite_of(self), SQL_RELEASE_GET,
                                           V_LIST(V_BLOB(id->b, OTTER_DIGEST_LEN)), &status);
    char product[OTTER_NAME_BUF];
    struct store_release row;

    if (!stmt)
        return status;
    if (!store_sqlite_next(stmt, &status))
        return status == OTTER_OK ? OTTER_NOT_FOUND : status;
    read_release(stmt, product, &row);
    (void)visitor->row(visitor, &row);
    store_sqlite_done(stmt);
    return OTTER_OK;
}

static enum otter_status op_releases(struct store *self, struct store_release_visitor *visitor)
{
    enum otter_status status;
    sqlite3_stmt *stmt = store_sqlite_bind(store_sqlite_of(self), SQL_RELEASES, NULL, &status);
    char product[OTTER_NAME_BUF];
    struct store_release row;

    while (stmt && store_sqlite_next(stmt, &status)) {
        read_release(stmt, product, &row);
        if (visitor->row(visitor, &row))
            continue;
        store_sqlite_done(stmt);
        return OTTER_OK;
    }
    return status;
}

static enum otter_status op_release_update(struct store *self, const struct store_release *row)
{
    return store_sqlite_run(
        store_sqlite_of(self), SQL_RELEASE_UPDATE,
        V_LIST(V_INT(row->withdrawn), V_TEXT(row->withdrawn_reason), V_INT(row->pruned), V_INT(row->num)));
}

static enum otter_status op_image_key_add(struct store *self, const struct store_image_key *row)
{
    return store_sqlite_run(store_sqlite_of(self), SQL_KEY_ADD,
                            V_LIST(V_TEXT(row->product), V_BLOB(row->kid.b, OTTER_DIGEST_LEN),
                                   V_BLOB(row->spki, OTTER_SPKI_LEN), V_INT(row->created)));
}

static enum otter_status op_image_keys(struct store *self, const char *product,
                                       struct store_image_key_visitor *visitor)
{
    enum otter_status status;
    sqlite3_stmt *stmt = store_sqlite_bind(store_sqlite_of(self), SQL_KEYS, V_LIST(V_TEXT(product)), &status);
    struct store_image_key row;

    while (stmt && store_sqlite_next(stmt, &status)) {
        store_column_text(stmt, 0, row.product, sizeof(row.product));
        store_column_bytes(stmt, 1, row.kid.b, OTTER_DIGEST_LEN);
        store_column_bytes(stmt, 2, row.spki, OTTER_SPKI_LEN);
        row.created = sqlite3_column_int64(stmt, 3);
        if (visitor->row(visitor, &row))
            continue;
        store_sqlite_done(stmt);
        return OTTER_OK;
    }
    return status;
}

void store_sqlite_documents_ops(struct store_ops *ops)
{
    ops->root_add = op_root_add;
    ops->root_get = op_root_get;
    ops->roots = op_roots;
    ops->release_add = op_release_add;
    ops->release_image_add = op_release_image_add;
    ops->release_get = op_release_get;
    ops->releases = op_releases;
    ops->release_update = op_release_update;
    ops->image_key_add = op_image_key_add;
    ops->image_keys = op_image_keys;
}
