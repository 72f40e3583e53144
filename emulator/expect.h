/* What a run is expected to end with, and whether it has. Pure. */
#ifndef OTTER_EMU_EXPECT_H
#define OTTER_EMU_EXPECT_H

#include "core/status.h"
#include "core/update_state.h"
#include "core/version.h"

#include <stdbool.h>
#include <stdint.h>

/* Where a device stands. */
enum emu_stand {
    EMU_STAND_OFF,       /* between two boots */
    EMU_STAND_CONFIRMED, /* runs the confirmed image */
    EMU_STAND_TRIAL,     /* runs an image on trial */
    EMU_STAND_HUNG,      /* runs an image that does not feed the watchdog */
    EMU_STAND_NOTHING,   /* nothing bootable */
    EMU_STAND_SILENT,    /* runs an image whose updater never starts (--bad) */
    EMU_STAND_COUNT
};

/* "off", "confirmed", "trial", "hung", "nothing-bootable", "silent"; static. */
const char *emu_stand_name(enum emu_stand stand);

struct emu_outcome {
    enum emu_stand stand;
    bool has_version; /* of the image that runs, or ran last */
    struct otter_version version;
    bool
        settled; /* at rest since its last poll that brought something, and nothing left to tell the server */
    uint32_t quiet; /* polls in a row that brought nothing */
    bool has_report;
    enum otter_update_state state; /* last reported */
    enum otter_status reason;      /* of its last attempt, when that failed; OK = none */
    enum otter_status error;       /* of its last poll cycle */
};

/* Takes in an event of the updater (client.h): OTTER_UPDATE_STATE_COUNT = none of an attempt. Any event but
 * that ends the polls that brought nothing. */
void emu_outcome_event(struct emu_outcome *o, enum otter_update_state state, enum otter_status reason);

struct emu_expect {
    bool has_version;
    struct otter_version version;
    bool has_stand;
    enum emu_stand stand; /* CONFIRMED or TRIAL */
    bool has_reason;
    enum otter_status reason;
    uint32_t count; /* so many devices, at least; 0 = all */
};

/* "1.1.0", "version=1.1.0", either with ":confirmed" or ":trial". False, *ret untouched, if malformed. */
bool emu_expect_parse(const char *s, struct emu_expect *ret);

/* A name of core/status.h other than "ok": of the last attempt's end, or of the last poll cycle's failure. */
bool emu_expect_reason_parse(const char *s, struct emu_expect *ret);

/* Is anything expected? */
bool emu_expect_any(const struct emu_expect *e);

/* One device. A version is expected confirmed unless ":trial" was said; on trial alone need not be settled.
 */
bool emu_expect_met(const struct emu_expect *e, const struct emu_outcome *o);

/* The run, with `met` of `total` devices. */
bool emu_expect_reached(const struct emu_expect *e, uint32_t met, uint32_t total);

/* --until-idle: has this device nothing to do? Several polls must have brought nothing, since a rollout may
 * just have opened its next phase. */
#define EMU_IDLE_POLLS 3u
bool emu_outcome_idle(const struct emu_outcome *o);

#endif
