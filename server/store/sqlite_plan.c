/* What surrounds rollouts: their events and members, saved groups. */
#include "store/sqlite_internal.h"

static enum otter_status op_rollout_event_add(struct store *self, const struct store_rollout_event *row)
{
    return store_sqlite_run(store_sqlite_of(self), SQL_ROLLOUT_EVENT_ADD,
                            V_LIST(V_INT(row->rollout), V_INT(row->at), V_TEXT(row->kind), V_TEXT(row->who),
                                   V_TEXT(row->detail)));
}

static enum otter_status op_rollout_events(struct store *self, int64_t rollout, int64_t after,
                                           struct store_rollout_event_visitor *visitor)
{
    enum otter_status status;
    sqlite3_stmt *stmt =
        rollout ? store_sqlite_bind(store_sqlite_of(self), SQL_ROLLOUT_EVENTS_OF,
                                    V_LIST(V_INT(after), V_INT(rollout)), &status)
                : store_sqlite_bind(store_sqlite_of(self), SQL_ROLLOUT_EVENTS, V_LIST(V_INT(after)), &status);

    while (stmt && store_sqlite_next(stmt, &status)) {
        const struct store_rollout_event row = {
            .num = sqlite3_column_int64(stmt, 0),
            .rollout = sqlite3_column_int64(stmt, 1),
            .at = sqlite3_column_int64(stmt, 2),
            .kind = (const char *)sqlite3_column_text(stmt, 3),
            .who = (const char *)sqlite3_column_text(stmt, 4),
            .detail = (const char *)sqlite3_column_text(stmt, 5),
        };

        if (visitor->row(visitor, &row))
            continue;
        store_sqlite_done(stmt);
        return OTTER_OK;
    }
    return status;
}

static enum otter_status op_members_put(struct store *self, const struct store_members *row)
{
    return store_sqlite_run(store_sqlite_of(self), SQL_MEMBERS_PUT,
                            V_LIST(V_INT(row->rollout), V_BLOB(row->bits, row->len)));
}

static enum otter_status op_members_get(struct store *self, int64_t rollout,
                                        struct store_members_visitor *visitor)
{
    enum otter_status status;
    sqlite3_stmt *stmt =
        store_sqlite_bind(store_sqlite_of(self), SQL_MEMBERS_GET, V_LIST(V_INT(rollout)), &status);
    struct store_members row;
    struct store_pack bits;

    if (!stmt)
        return status;
    if (!store_sqlite_next(stmt, &status))
        return status == OTTER_OK ? OTTER_NOT_FOUND : status;
    bits = store_column_pack(stmt, 1);
    row = (struct store_members){.rollout = rollout, .bits = (const uint8_t *)bits.data, .len = bits.len};
    (void)visitor->row(visitor, &row);
    store_sqlite_done(stmt);
    return OTTER_OK;
}

static enum otter_status op_group_put(struct store *self, const struct store_group *row)
{
    return store_sqlite_run(store_sqlite_of(self), SQL_GROUP_PUT,
                            V_LIST(V_TEXT(row->name), V_TEXT(row->target), V_INT(row->poll_interval),
                                   V_INT(row->created), V_INT(row->updated)));
}

static enum otter_status op_group_delete(struct store *self, const char *name)
{
    return store_sqlite_change(store_sqlite_of(self), SQL_GROUP_DELETE, V_LIST(V_TEXT(name)));
}

static enum otter_status op_groups(struct store *self, struct store_group_visitor *visitor)
{
    enum otter_status status;
    sqlite3_stmt *stmt = store_sqlite_bind(store_sqlite_of(self), SQL_GROUPS, NULL, &status);
    struct store_group row;

    while (stmt && store_sqlite_next(stmt, &status)) {
        store_column_text(stmt, 0, row.name, sizeof(row.name));
        store_column_text(stmt, 1, row.target, sizeof(row.target));
        row.poll_interval = (uint32_t)sqlite3_column_int64(stmt, 2);
        row.created = sqlite3_column_int64(stmt, 3);
        row.updated = sqlite3_column_int64(stmt, 4);
        if (visitor->row(visitor, &row))
            continue;
        store_sqlite_done(stmt);
        return OTTER_OK;
    }
    return status;
}

void store_sqlite_plan_ops(struct store_ops *ops)
{
    ops->rollout_event_add = op_rollout_event_add;
    ops->rollout_events = op_rollout_events;
    ops->members_put = op_members_put;
    ops->members_get = op_members_get;
    ops->group_put = op_group_put;
    ops->group_delete = op_group_delete;
    ops->groups = op_groups;
}
