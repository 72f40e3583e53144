#include "core/status.h"

static const char groups[OTTER_STATUS_COUNT] = {
#define ROW(symbol, name, group, meaning) [OTTER_##symbol] = (group),
    OTTER_STATUS_TABLE(ROW)
#undef ROW
};

/* An enum may hold a value outside its constants: compare it as a number. */
char otter_status_group(enum otter_status status)
{
    return (unsigned)status < (unsigned)OTTER_STATUS_COUNT ? groups[status] : '?';
}
