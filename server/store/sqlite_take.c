/* STORE_TAKE: an aggregate function of SQL that hands each row to the taker of the statement that runs. */
#include "store/sqlite_internal.h"

static void take_row(sqlite3_context *context, int count, sqlite3_value **column)
{
    struct store_sqlite *s = sqlite3_user_data(context);

    (void)count; /* the statement's text and its taker agree */
    if (s->taker->take(s->taker, column))
        return;
    s->taker->enough = true;
    sqlite3_result_error_code(context, SQLITE_ABORT); /* ends the statement */
}

static void end_rows(sqlite3_context *context)
{
    sqlite3_result_null(context);
}

int store_sqlite_know_take(struct store_sqlite *s)
{
    return sqlite3_create_function_v2(s->db, STORE_TAKE, -1, SQLITE_UTF8 | SQLITE_DIRECTONLY, s, NULL,
                                      take_row, end_rows, NULL);
}

enum otter_status store_sqlite_take(struct store_sqlite *s, enum sql which, const struct store_value *values,
                                    struct store_sqlite_taker *taker)
{
    struct store_sqlite_taker *before = s->taker; /* a taker may run another statement */
    enum otter_status status;
    sqlite3_stmt *stmt = store_sqlite_bind(s, which, values, &status);

    if (!stmt)
        return status;
    s->taker = taker;
    if (store_sqlite_next(stmt, &status)) { /* one row, which says nothing */
        store_sqlite_done(stmt);
        status = OTTER_OK;
    }
    s->taker = before;
    return taker->enough ? OTTER_OK : status;
}
