#include "core/update_state.h"

#include <string.h>

#define BIT(state) (1u << (unsigned)OTTER_UPDATE_##state)

/* What an open attempt may come to by the device's word, and by the server's own. */
#define LOST  (BIT(FAILED) | BIT(REVERTED))
#define ENDED (BIT(SUCCEEDED) | BIT(TIMED_OUT) | BIT(CANCELLED))

struct state_row {
    const char *name;
    bool finished;
    unsigned by_device; /* bit set of next states */
    unsigned by_server;
};

static const struct state_row rows[OTTER_UPDATE_STATE_COUNT] = {
    [OTTER_UPDATE_OFFERED] = {"offered", false,
                              BIT(DOWNLOADING) | BIT(DOWNLOADED) | BIT(INSTALLED) | BIT(TESTING) | LOST,
                              ENDED},
    [OTTER_UPDATE_DOWNLOADING] = {"downloading", false,
                                  BIT(DOWNLOADING) | BIT(DOWNLOADED) | BIT(INSTALLED) | BIT(TESTING) | LOST,
                                  ENDED},
    [OTTER_UPDATE_DOWNLOADED] = {"downloaded", false, BIT(INSTALLED) | BIT(TESTING) | LOST, ENDED},
    [OTTER_UPDATE_INSTALLED] = {"installed", false, BIT(TESTING) | LOST, ENDED},
    [OTTER_UPDATE_TESTING] = {"testing", false, LOST, ENDED},
    [OTTER_UPDATE_SUCCEEDED] = {"succeeded", true, 0, 0},
    [OTTER_UPDATE_FAILED] = {"failed", true, 0, 0},
    [OTTER_UPDATE_REVERTED] = {"reverted", true, 0, 0},
    [OTTER_UPDATE_TIMED_OUT] = {"timed-out", true, 0, BIT(SUCCEEDED)}, /* late */
    [OTTER_UPDATE_CANCELLED] = {"cancelled", true, 0, 0},
};

const char *otter_update_state_name(enum otter_update_state state)
{
    return (unsigned)state < OTTER_UPDATE_STATE_COUNT ? rows[state].name : "?";
}

enum otter_update_state otter_update_state_find(const char *name, size_t len)
{
    for (unsigned i = 0; i < OTTER_UPDATE_STATE_COUNT; i++)
        if (strlen(rows[i].name) == len && memcmp(rows[i].name, name, len) == 0)
            return (enum otter_update_state)i;
    return OTTER_UPDATE_STATE_COUNT;
}

bool otter_update_may(enum otter_update_state from, enum otter_update_state to, enum otter_update_by by)
{
    unsigned next;

    if ((unsigned)from >= OTTER_UPDATE_STATE_COUNT || (unsigned)to >= OTTER_UPDATE_STATE_COUNT)
        return false;
    next = by == OTTER_BY_DEVICE ? rows[from].by_device : rows[from].by_server;
    return (next >> (unsigned)to & 1u) != 0;
}

bool otter_update_finished(enum otter_update_state state)
{
    return (unsigned)state < OTTER_UPDATE_STATE_COUNT && rows[state].finished;
}
