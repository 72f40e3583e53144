#include "core/status.h"

#include "core/bytes.h"

#include <string.h>

/* The names in one piece, and where each begins in it: two bytes a name on a device, not a pointer's four. */
struct names {
#define ROW(symbol, name, group, meaning) char symbol[sizeof(name)];
    OTTER_STATUS_TABLE(ROW)
#undef ROW
};

static const struct names names = {
/* C17 knows no initializer of an array in parentheses: NOLINTNEXTLINE(bugprone-macro-parentheses) */
#define ROW(symbol, name, group, meaning) .symbol = name,
    OTTER_STATUS_TABLE(ROW)
#undef ROW
};

static const uint16_t name_at[OTTER_STATUS_COUNT] = {
#define ROW(symbol, name, group, meaning) [OTTER_##symbol] = (uint16_t)offsetof(struct names, symbol),
    OTTER_STATUS_TABLE(ROW)
#undef ROW
};
_Static_assert(sizeof(names) <= UINT16_MAX, "an offset into the names is a u16");

/* An enum may hold a value outside its constants: compare it as a number. */
const char *otter_status_name(enum otter_status status)
{
    return (unsigned)status < (unsigned)OTTER_STATUS_COUNT ? (const char *)&names + name_at[status] : "?";
}

enum otter_status otter_status_find(const char *name, unsigned len)
{
    for (unsigned i = 0; i < OTTER_STATUS_COUNT; i++) {
        const char *known = otter_status_name((enum otter_status)i);

        if (strlen(known) == len && memcmp(known, name, len) == 0)
            return (enum otter_status)i;
    }
    return OTTER_STATUS_COUNT;
}
