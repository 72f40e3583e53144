/* Apart from the names, so that a device does not carry the sentences. */
#include "core/status.h"

static const struct {
    const char *meaning;
    char group;
} rows[OTTER_STATUS_COUNT] = {
#define ROW(symbol, name, group, meaning) [OTTER_##symbol] = {meaning, group},
    OTTER_STATUS_TABLE(ROW)
#undef ROW
};

/* An enum may hold a value outside its constants: compare it as a number. */
const char *otter_status_meaning(enum otter_status status)
{
    return (unsigned)status < (unsigned)OTTER_STATUS_COUNT ? rows[status].meaning : "?";
}

char otter_status_group(enum otter_status status)
{
    return (unsigned)status < (unsigned)OTTER_STATUS_COUNT ? rows[status].group : '?';
}
