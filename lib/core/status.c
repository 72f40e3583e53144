#include "core/status.h"

#include <string.h>

struct status_row {
    const char *name;
    const char *meaning;
    char group;
};

static const struct status_row rows[OTTER_STATUS_COUNT] = {
#define ROW(symbol, name, group, meaning) [OTTER_##symbol] = {name, meaning, group},
    OTTER_STATUS_TABLE(ROW)
#undef ROW
};

/* An enum may hold a value outside its constants: compare it as a number. */
static const struct status_row *row_of(enum otter_status status)
{
    return (unsigned)status < (unsigned)OTTER_STATUS_COUNT ? &rows[status] : NULL;
}

const char *otter_status_name(enum otter_status status)
{
    const struct status_row *row = row_of(status);

    return row ? row->name : "?";
}

const char *otter_status_meaning(enum otter_status status)
{
    const struct status_row *row = row_of(status);

    return row ? row->meaning : "?";
}

char otter_status_group(enum otter_status status)
{
    const struct status_row *row = row_of(status);

    return row ? row->group : '?';
}

enum otter_status otter_status_find(const char *name, unsigned len)
{
    for (unsigned i = 0; i < OTTER_STATUS_COUNT; i++)
        if (strlen(rows[i].name) == len && memcmp(rows[i].name, name, len) == 0)
            return (enum otter_status)i;
    return OTTER_STATUS_COUNT;
}
