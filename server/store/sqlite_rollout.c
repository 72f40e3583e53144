/* Rollouts with their phases. */
#include "store/sqlite_internal.h"

static enum otter_status put_phases(struct store_sqlite *s, const struct store_rollout *row)
{
    for (unsigned i = 0; i < row->phase_count; i++) {
        const struct store_phase *p = &row->phases[i];
        enum otter_status status =
            store_sqlite_run(s, SQL_PHASE_PUT,
                             V_LIST(V_INT(row->id), V_INT(i + 1), V_INT(p->percent), V_INT(p->upto),
                                    V_INT(p->devices), V_INT(p->widened), V_INT(p->opened),
                                    V_INT(p->completed), V_INT(p->acknowledged), V_INT(p->warned)));

        if (status != OTTER_OK)
            return status;
    }
    return OTTER_OK;
}

static enum otter_status op_rollout_add(struct store *self, const struct store_rollout *row, int64_t *ret_id)
{
    struct store_sqlite *s = store_sqlite_of(self);
    struct store_rollout numbered = *row;
    enum otter_status status;

    status = store_sqlite_run(
        s, SQL_ROLLOUT_ADD,
        V_LIST(V_BLOB(row->seed, STORE_SEED_LEN), V_TEXT(row->name), V_INT(row->release), V_TEXT(row->target),
               V_TEXT(row->state), V_INT(row->auto_advance), V_INT(row->priority), V_INT(row->phase),
               V_INT(row->created), V_INT(row->started), V_INT(row->finished), V_TEXT(row->plan),
               V_TEXT(row->created_by), V_INT(row->parent), V_INT(row->state_at)));
    if (status != OTTER_OK)
        return status;
    numbered.id = sqlite3_last_insert_rowid(s->db);
    status = put_phases(s, &numbered);
    if (status == OTTER_OK)
        *ret_id = numbered.id;
    return status;
}

static enum otter_status op_rollout_update(struct store *self, const struct store_rollout *row)
{
    struct store_sqlite *s = store_sqlite_of(self);
    enum otter_status status;

    status = store_sqlite_run(s, SQL_ROLLOUT_UPDATE,
                              V_LIST(V_TEXT(row->state), V_INT(row->phase), V_INT(row->started),
                                     V_INT(row->finished), V_TEXT(row->state_reason), V_INT(row->state_at),
                                     V_TEXT(row->approved_by), V_INT(row->approved_phase), V_INT(row->child),
                                     V_INT(row->through_at), V_INT(row->resumed_at), V_INT(row->id)));
    return status == OTTER_OK ? put_phases(s, row) : status;
}

static void read_gates(sqlite3_stmt *stmt, struct store_rollout *row)
{
    store_column_text(stmt, 12, row->plan, sizeof(row->plan));
    store_column_text(stmt, 13, row->state_reason, sizeof(row->state_reason));
    row->state_at = sqlite3_column_int64(stmt, 14);
    store_column_text(stmt, 15, row->created_by, sizeof(row->created_by));
    store_column_text(stmt, 16, row->approved_by, sizeof(row->approved_by));
    row->approved_phase = (unsigned)sqlite3_column_int(stmt, 17);
    row->parent = sqlite3_column_int64(stmt, 18);
    row->child = sqlite3_column_int64(stmt, 19);
    row->through_at = sqlite3_column_int64(stmt, 20);
    row->resumed_at = sqlite3_column_int64(stmt, 21);
}

static void read_rollout(sqlite3_stmt *stmt, struct store_rollout *row)
{
    row->id = sqlite3_column_int64(stmt, 0);
    store_column_bytes(stmt, 1, row->seed, STORE_SEED_LEN);
    store_column_text(stmt, 2, row->name, sizeof(row->name));
    row->release = sqlite3_column_int64(stmt, 3);
    store_column_text(stmt, 4, row->target, sizeof(row->target));
    store_column_text(stmt, 5, row->state, sizeof(row->state));
    row->auto_advance = sqlite3_column_int(stmt, 6) != 0;
    row->priority = sqlite3_column_int64(stmt, 7);
    row->phase = (unsigned)sqlite3_column_int(stmt, 8);
    row->created = sqlite3_column_int64(stmt, 9);
    row->started = sqlite3_column_int64(stmt, 10);
    row->finished = sqlite3_column_int64(stmt, 11);
    read_gates(stmt, row);
    row->phase_count = 0;
}

static enum otter_status read_phases(struct store_sqlite *s, struct store_rollout *row)
{
    enum otter_status status;
    sqlite3_stmt *stmt = store_sqlite_bind(s, SQL_PHASES, V_LIST(V_INT(row->id)), &status);

    while (stmt && store_sqlite_next(stmt, &status)) {
        struct store_phase *p;

        if (row->phase_count == STORE_PHASES_MAX) {
            store_sqlite_done(stmt);
            return OTTER_INTERNAL;
        }
        p = &row->phases[row->phase_count++];
        p->percent = (unsigned)sqlite3_column_int(stmt, 0);
        p->upto = store_column_u64(stmt, 1);
        p->devices = (uint32_t)sqlite3_column_int64(stmt, 2);
        p->widened = sqlite3_column_int(stmt, 3) != 0;
        p->opened = sqlite3_column_int64(stmt, 4);
        p->completed = sqlite3_column_int64(stmt, 5);
        p->acknowledged = (uint32_t)sqlite3_column_int64(stmt, 6);
        p->warned = sqlite3_column_int(stmt, 7) != 0;
    }
    return status;
}

static enum otter_status op_rollout_get(struct store *self, int64_t id, struct store_rollout *ret)
{
    struct store_sqlite *s = store_sqlite_of(self);
    enum otter_status status;
    sqlite3_stmt *stmt = store_sqlite_bind(s, SQL_ROLLOUT_GET, V_LIST(V_INT(id)), &status);

    if (!stmt)
        return status;
    if (!store_sqlite_next(stmt, &status))
        return status == OTTER_OK ? OTTER_NOT_FOUND : status;
    read_rollout(stmt, ret);
    store_sqlite_done(stmt);
    return read_phases(s, ret);
}

static enum otter_status op_rollouts(struct store *self, struct store_rollout_visitor *visitor)
{
    struct store_sqlite *s = store_sqlite_of(self);
    enum otter_status status;
    sqlite3_stmt *stmt = store_sqlite_bind(s, SQL_ROLLOUTS, NULL, &status);
    struct store_rollout row;

    while (stmt && store_sqlite_next(stmt, &status)) {
        read_rollout(stmt, &row);
        status = read_phases(s, &row);
        if (status == OTTER_OK && visitor->row(visitor, &row))
            continue;
        store_sqlite_done(stmt);
        return status;
    }
    return status;
}

void store_sqlite_rollout_ops(struct store_ops *ops)
{
    ops->rollout_add = op_rollout_add;
    ops->rollout_update = op_rollout_update;
    ops->rollout_get = op_rollout_get;
    ops->rollouts = op_rollouts;
}
