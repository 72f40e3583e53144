/* What operators do to a fleet: marks of devices, their history, and the freeze. */
#include "store/sqlite_internal.h"

static enum otter_status op_marks_put(struct store *self, const struct store_marks *row)
{
    struct store_sqlite *s = store_sqlite_of(self);

    if (row->held == 0 && row->pinned == 0 && row->retired == 0 && row->revoked == 0)
        return store_sqlite_run(s, SQL_MARKS_DROP, V_LIST(V_INT(row->device)));
    return store_sqlite_run(
        s, SQL_MARKS_PUT,
        V_LIST(V_INT(row->device), V_INT(row->held), V_TEXT(row->held_reason), V_INT(row->pinned),
               row->pinned ? V_INT(row->pin) : (struct store_value){.kind = STORE_VALUE_NULL},
               V_INT(row->retired), V_TEXT(row->retired_reason), V_INT(row->revoked)));
}

static void read_marks(sqlite3_stmt *stmt, struct store_marks *row)
{
    row->device = sqlite3_column_int64(stmt, 0);
    row->held = sqlite3_column_int64(stmt, 1);
    store_column_text(stmt, 2, row->held_reason, sizeof(row->held_reason));
    row->pinned = sqlite3_column_int64(stmt, 3);
    row->pin = sqlite3_column_int64(stmt, 4); /* NULL is 0 */
    row->retired = sqlite3_column_int64(stmt, 5);
    store_column_text(stmt, 6, row->retired_reason, sizeof(row->retired_reason));
    row->revoked = sqlite3_column_int64(stmt, 7);
}

static enum otter_status op_marks_get(struct store *self, int64_t device, struct store_marks *ret)
{
    enum otter_status status;
    sqlite3_stmt *stmt =
        store_sqlite_bind(store_sqlite_of(self), SQL_MARKS_GET, V_LIST(V_INT(device)), &status);

    if (!stmt)
        return status;
    if (!store_sqlite_next(stmt, &status))
        return status == OTTER_OK ? OTTER_NOT_FOUND : status;
    read_marks(stmt, ret);
    store_sqlite_done(stmt);
    return OTTER_OK;
}

static enum otter_status op_marks(struct store *self, struct store_marks_visitor *visitor)
{
    enum otter_status status;
    sqlite3_stmt *stmt = store_sqlite_bind(store_sqlite_of(self), SQL_MARKS, NULL, &status);
    struct store_marks row;

    while (stmt && store_sqlite_next(stmt, &status)) {
        read_marks(stmt, &row);
        if (visitor->row(visitor, &row))
            continue;
        store_sqlite_done(stmt);
        return OTTER_OK;
    }
    return status;
}

static enum otter_status op_device_event_add(struct store *self, const struct store_device_event *row)
{
    return store_sqlite_run(
        store_sqlite_of(self), SQL_DEVICE_EVENT_ADD,
        V_LIST(V_INT(row->device), V_INT(row->at), V_TEXT(row->kind), V_TEXT(row->detail)));
}

static const char *text_or_empty(sqlite3_stmt *stmt, int column)
{
    const unsigned char *text = sqlite3_column_text(stmt, column);

    return text ? (const char *)text : "";
}

/* Points into the statement's row. */
static void read_moment(sqlite3_stmt *stmt, struct store_moment *row)
{
    row->key = (struct store_moment_key){.at = sqlite3_column_int64(stmt, 0),
                                         .source = sqlite3_column_int64(stmt, 1),
                                         .number = sqlite3_column_int64(stmt, 2)};
    row->kind = text_or_empty(stmt, 3);
    row->detail = text_or_empty(stmt, 4);
    row->step = (struct store_event){.attempt = store_column_u64(stmt, 5),
                                     .step = (uint32_t)sqlite3_column_int64(stmt, 6),
                                     .at = row->key.at,
                                     .state = store_column_state(stmt, 7),
                                     .reason = store_column_reason(stmt, 8)};
    row->rollout = sqlite3_column_int64(stmt, 9);
}

static enum otter_status op_timeline(struct store *self, int64_t device, int64_t first_seen,
                                     const struct store_moment_key *after,
                                     struct store_moment_visitor *visitor)
{
    enum otter_status status;
    sqlite3_stmt *stmt = store_sqlite_bind(store_sqlite_of(self), SQL_TIMELINE,
                                           V_LIST(V_INT(device), V_INT(first_seen), V_INT(after->at),
                                                  V_INT(after->source), V_INT(after->number)),
                                           &status);
    struct store_moment row;

    while (stmt && store_sqlite_next(stmt, &status)) {
        read_moment(stmt, &row);
        if (visitor->row(visitor, &row))
            continue;
        store_sqlite_done(stmt);
        return OTTER_OK;
    }
    return status;
}

static enum otter_status op_freeze_put(struct store *self, const struct store_freeze *row)
{
    return store_sqlite_run(store_sqlite_of(self), SQL_FREEZE_PUT,
                            V_LIST(V_INT(row->since), V_TEXT(row->reason)));
}

static enum otter_status op_freeze_get(struct store *self, struct store_freeze *ret)
{
    enum otter_status status;
    sqlite3_stmt *stmt = store_sqlite_bind(store_sqlite_of(self), SQL_FREEZE_GET, NULL, &status);

    if (!stmt)
        return status;
    if (!store_sqlite_next(stmt, &status)) {
        if (status == OTTER_OK)
            *ret = (struct store_freeze){0};
        return status;
    }
    ret->since = sqlite3_column_int64(stmt, 0);
    store_column_text(stmt, 1, ret->reason, sizeof(ret->reason));
    store_sqlite_done(stmt);
    return OTTER_OK;
}

void store_sqlite_marks_ops(struct store_ops *ops)
{
    ops->marks_put = op_marks_put;
    ops->marks_get = op_marks_get;
    ops->marks = op_marks;
    ops->device_event_add = op_device_event_add;
    ops->timeline = op_timeline;
    ops->freeze_put = op_freeze_put;
    ops->freeze_get = op_freeze_get;
}
