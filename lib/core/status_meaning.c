/* Apart from the names, so that a device does not carry the sentences. */
#include "core/status.h"

static const char *const meanings[OTTER_STATUS_COUNT] = {
#define ROW(symbol, name, group, meaning) [OTTER_##symbol] = (meaning),
    OTTER_STATUS_TABLE(ROW)
#undef ROW
};

/* An enum may hold a value outside its constants: compare it as a number. */
const char *otter_status_meaning(enum otter_status status)
{
    return (unsigned)status < (unsigned)OTTER_STATUS_COUNT ? meanings[status] : "?";
}
