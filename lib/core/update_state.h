/* States of an attempt (one device, one release, one rollout) and the one table of transitions between them.
 */
#ifndef OTTER_CORE_UPDATE_STATE_H
#define OTTER_CORE_UPDATE_STATE_H

#include <stdbool.h>
#include <stddef.h>

enum otter_update_state {
    OTTER_UPDATE_OFFERED,
    OTTER_UPDATE_DOWNLOADING,
    OTTER_UPDATE_DOWNLOADED,
    OTTER_UPDATE_INSTALLED,
    OTTER_UPDATE_TESTING,
    OTTER_UPDATE_SUCCEEDED,
    OTTER_UPDATE_FAILED,
    OTTER_UPDATE_REVERTED,
    OTTER_UPDATE_TIMED_OUT,
    OTTER_UPDATE_CANCELLED,
    OTTER_UPDATE_STATE_COUNT
};

/* Wire name ("timed-out"); static. */
const char *otter_update_state_name(enum otter_update_state state);

/* OTTER_UPDATE_STATE_COUNT if there is none. */
enum otter_update_state otter_update_state_find(const char *name, size_t len);

/* Who causes a change: the device's report, or the server itself (deadline, abort, the poll that proves the
 * digest). */
enum otter_update_by { OTTER_BY_DEVICE, OTTER_BY_SERVER };

/*
 * May an attempt go from `from` to `to`? A device may skip forward over states whose report was lost, never
 * back. `succeeded` is the server's alone: it needs the poll that says the digest runs confirmed. From
 * timed-out only succeeded (late) follows. Staying in a state is allowed for downloading only (progress).
 */
bool otter_update_may(enum otter_update_state from, enum otter_update_state to, enum otter_update_by by);

/* succeeded, failed, reverted, timed-out, cancelled. */
bool otter_update_finished(enum otter_update_state state);

#endif
