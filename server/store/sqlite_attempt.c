/* Attempts, their events, and the counts kept along with them. */
#include "store/sqlite_internal.h"

#include <string.h>

static enum otter_status op_attempt_add(struct store *self, const struct store_attempt *row, uint64_t *ret_id)
{
    struct store_sqlite *s = store_sqlite_of(self);
    enum otter_status status;

    status =
        store_sqlite_run(s, SQL_ATTEMPT_ADD,
                         V_LIST(V_INT(row->device), V_INT(row->rollout), V_INT(row->phase),
                                V_TEXT(otter_update_state_name(row->state)), store_reason_value(row->reason),
                                V_TEXT(row->detail), V_TEXT(otter_slot_name(row->slot)), V_INT(row->bytes),
                                V_INT(row->step), V_INT(row->created), V_INT(row->updated),
                                V_INT(row->finished), V_INT(row->served), V_INT(row->served_updated)));
    if (status == OTTER_OK)
        *ret_id = (uint64_t)sqlite3_last_insert_rowid(s->db);
    return status;
}

/* What `retry` is in the table: none, an operator's, the plan's. */
enum { RETRY_NONE, RETRY_BY_OPERATOR, RETRY_BY_PLAN };

static int retry_value(const struct store_attempt *row)
{
    if (!row->retry)
        return RETRY_NONE;
    return row->retry_by_plan ? RETRY_BY_PLAN : RETRY_BY_OPERATOR;
}

static enum otter_status op_attempt_update(struct store *self, const struct store_attempt *row)
{
    return store_sqlite_run(store_sqlite_of(self), SQL_ATTEMPT_UPDATE,
                            V_LIST(V_TEXT(otter_update_state_name(row->state)),
                                   store_reason_value(row->reason), V_TEXT(row->detail), V_INT(row->bytes),
                                   V_INT(row->step), V_INT(row->updated), V_INT(row->finished),
                                   V_INT(retry_value(row)), V_INT(row->served_updated), V_INT(row->id)));
}

static void read_attempt(sqlite3_stmt *stmt, struct store_attempt *row)
{
    const char *slot = (const char *)sqlite3_column_text(stmt, 7);

    row->id = store_column_u64(stmt, 0);
    row->device = sqlite3_column_int64(stmt, 1);
    row->rollout = sqlite3_column_int64(stmt, 2);
    row->phase = (unsigned)sqlite3_column_int(stmt, 3);
    row->state = store_column_state(stmt, 4);
    row->reason = store_column_reason(stmt, 5);
    store_column_text(stmt, 6, row->detail, sizeof(row->detail));
    row->slot = OTTER_SLOT_ANY;
    if (slot)
        (void)otter_slot_parse(slot, strlen(slot), &row->slot);
    row->bytes = store_column_u64(stmt, 8);
    row->step = (uint32_t)sqlite3_column_int64(stmt, 9);
    row->created = sqlite3_column_int64(stmt, 10);
    row->updated = sqlite3_column_int64(stmt, 11);
    row->finished = sqlite3_column_int64(stmt, 12);
    row->retry = sqlite3_column_int(stmt, 13) != RETRY_NONE;
    row->retry_by_plan = sqlite3_column_int(stmt, 13) == RETRY_BY_PLAN;
    row->served = sqlite3_column_int64(stmt, 14);
    row->served_updated = sqlite3_column_int64(stmt, 15);
}

static enum otter_status get_one(struct store *self, enum sql which, const struct store_value *values,
                                 struct store_attempt *ret)
{
    enum otter_status status;
    sqlite3_stmt *stmt = store_sqlite_bind(store_sqlite_of(self), which, values, &status);

    if (!stmt)
        return status;
    if (!store_sqlite_next(stmt, &status))
        return status == OTTER_OK ? OTTER_NOT_FOUND : status;
    read_attempt(stmt, ret);
    store_sqlite_done(stmt);
    return OTTER_OK;
}

static enum otter_status op_attempt_get(struct store *self, uint64_t id, struct store_attempt *ret)
{
    return get_one(self, SQL_ATTEMPT_GET, V_LIST(V_INT(id)), ret);
}

static enum otter_status op_attempt_newest(struct store *self, int64_t device, struct store_attempt *ret)
{
    return get_one(self, SQL_ATTEMPT_NEWEST, V_LIST(V_INT(device)), ret);
}

static enum otter_status op_attempt_in(struct store *self, int64_t device, int64_t rollout,
                                       struct store_attempt *ret)
{
    return get_one(self, SQL_ATTEMPT_IN, V_LIST(V_INT(device), V_INT(rollout)), ret);
}

static enum otter_status list(struct store *self, enum sql which, const struct store_value *values,
                              struct store_attempt_visitor *visitor)
{
    enum otter_status status;
    sqlite3_stmt *stmt = store_sqlite_bind(store_sqlite_of(self), which, values, &status);
    struct store_attempt row;

    while (stmt && store_sqlite_next(stmt, &status)) {
        read_attempt(stmt, &row);
        if (visitor->row(visitor, &row))
            continue;
        store_sqlite_done(stmt);
        return OTTER_OK;
    }
    return status;
}

static enum otter_status op_attempts_newest(struct store *self, int64_t from, int64_t upto,
                                            struct store_attempt_visitor *visitor)
{
    return list(self, SQL_ATTEMPTS_NEWEST, V_LIST(V_INT(from), V_INT(upto)), visitor);
}

static enum otter_status op_attempts(struct store *self, int64_t rollout, int64_t device, uint64_t after,
                                     struct store_attempt_visitor *visitor)
{
    if (rollout)
        return list(self, SQL_ATTEMPTS_OF_ROLLOUT, V_LIST(V_INT(after), V_INT(rollout)), visitor);
    if (device)
        return list(self, SQL_ATTEMPTS_OF_DEVICE, V_LIST(V_INT(after), V_INT(device)), visitor);
    return list(self, SQL_ATTEMPTS, V_LIST(V_INT(after)), visitor);
}

static enum otter_status op_parts(struct store *self, int64_t rollout, struct store_part_visitor *visitor)
{
    enum otter_status status;
    sqlite3_stmt *stmt = store_sqlite_bind(store_sqlite_of(self), SQL_PARTS, V_LIST(V_INT(rollout)), &status);

    while (stmt && store_sqlite_next(stmt, &status)) {
        if (visitor->part(visitor, sqlite3_column_int64(stmt, 0), sqlite3_column_int(stmt, 1) != RETRY_NONE))
            continue;
        store_sqlite_done(stmt);
        return OTTER_OK;
    }
    return status;
}

static enum otter_status op_attempts_since(struct store *self, int64_t rollout, int64_t created,
                                           struct store_attempt_visitor *visitor)
{
    return list(self, SQL_ATTEMPTS_SINCE, V_LIST(V_INT(rollout), V_INT(created)), visitor);
}

static enum otter_status op_attempts_open(struct store *self, struct store_attempt_visitor *visitor)
{
    return list(self, SQL_ATTEMPTS_OPEN, NULL, visitor);
}

/* Newest first. ends: a success or an operator's retry ends the row of losses. */
static enum otter_status count_losses(struct store *self, enum sql which, const struct store_value *values,
                                      bool ends, struct store_losses *ret)
{
    enum otter_status status;
    sqlite3_stmt *stmt = store_sqlite_bind(store_sqlite_of(self), which, values, &status);

    *ret = (struct store_losses){0};
    while (stmt && store_sqlite_next(stmt, &status)) {
        enum otter_update_state state = store_column_state(stmt, 0);
        bool repeated = sqlite3_column_int(stmt, 3) == RETRY_BY_OPERATOR;

        if (ends && (repeated || state == OTTER_UPDATE_SUCCEEDED)) {
            store_sqlite_done(stmt);
            return OTTER_OK;
        }
        if (repeated || (state != OTTER_UPDATE_FAILED && state != OTTER_UPDATE_REVERTED &&
                         state != OTTER_UPDATE_TIMED_OUT))
            continue;
        if (ret->count++ == 0) {
            ret->last_reason = store_column_reason(stmt, 1);
            ret->last_at = sqlite3_column_int64(stmt, 2);
        }
    }
    return status;
}

static enum otter_status op_losses(struct store *self, int64_t device, struct store_losses *ret)
{
    return count_losses(self, SQL_LOSSES, V_LIST(V_INT(device)), true, ret);
}

static enum otter_status op_losses_in(struct store *self, int64_t device, int64_t rollout,
                                      struct store_losses *ret)
{
    return count_losses(self, SQL_LOSSES_IN, V_LIST(V_INT(device), V_INT(rollout)), false, ret);
}

static enum otter_status op_event_add(struct store *self, const struct store_event *row)
{
    return store_sqlite_run(store_sqlite_of(self), SQL_EVENT_ADD,
                            V_LIST(V_INT(row->attempt), V_INT(row->step), V_INT(row->at),
                                   V_TEXT(otter_update_state_name(row->state)),
                                   store_reason_value(row->reason), V_TEXT(row->detail)));
}

static enum otter_status op_events(struct store *self, uint64_t attempt, struct store_event_visitor *visitor)
{
    enum otter_status status;
    sqlite3_stmt *stmt =
        store_sqlite_bind(store_sqlite_of(self), SQL_EVENTS, V_LIST(V_INT(attempt)), &status);
    struct store_event row;

    while (stmt && store_sqlite_next(stmt, &status)) {
        row.attempt = store_column_u64(stmt, 0);
        row.step = (uint32_t)sqlite3_column_int64(stmt, 1);
        row.at = sqlite3_column_int64(stmt, 2);
        row.state = store_column_state(stmt, 3);
        row.reason = store_column_reason(stmt, 4);
        store_column_text(stmt, 5, row.detail, sizeof(row.detail));
        if (visitor->row(visitor, &row))
            continue;
        store_sqlite_done(stmt);
        return OTTER_OK;
    }
    return status;
}

static enum otter_status op_count_add(struct store *self, int64_t rollout, const struct store_count *key,
                                      int delta)
{
    return store_sqlite_run(
        store_sqlite_of(self), SQL_COUNT_ADD,
        V_LIST(V_INT(rollout), V_INT(key->phase), V_TEXT(otter_update_state_name(key->state)),
               V_TEXT(key->reason == OTTER_OK ? "" : otter_status_name(key->reason)), V_INT(delta)));
}

static enum otter_status op_counts(struct store *self, int64_t rollout, struct store_count_visitor *visitor)
{
    enum otter_status status;
    sqlite3_stmt *stmt =
        store_sqlite_bind(store_sqlite_of(self), SQL_COUNTS, V_LIST(V_INT(rollout)), &status);
    struct store_count row;

    while (stmt && store_sqlite_next(stmt, &status)) {
        row.phase = (unsigned)sqlite3_column_int(stmt, 0);
        row.state = store_column_state(stmt, 1);
        row.reason = store_column_reason(stmt, 2);
        row.n = store_column_u64(stmt, 3);
        if (visitor->row(visitor, &row))
            continue;
        store_sqlite_done(stmt);
        return OTTER_OK;
    }
    return status;
}

void store_sqlite_attempt_ops(struct store_ops *ops)
{
    ops->attempt_add = op_attempt_add;
    ops->attempt_update = op_attempt_update;
    ops->attempt_get = op_attempt_get;
    ops->attempt_newest = op_attempt_newest;
    ops->attempt_in = op_attempt_in;
    ops->attempts_newest = op_attempts_newest;
    ops->attempts = op_attempts;
    ops->parts = op_parts;
    ops->attempts_since = op_attempts_since;
    ops->attempts_open = op_attempts_open;
    ops->losses = op_losses;
    ops->losses_in = op_losses_in;
    ops->event_add = op_event_add;
    ops->events = op_events;
    ops->count_add = op_count_add;
    ops->counts = op_counts;
}
