/* What a run came to. Counting is pure; printing takes where to. */
#ifndef OTTER_EMU_SUMMARY_H
#define OTTER_EMU_SUMMARY_H

#include "expect.h"
#include "host/json.h"

#include <stdio.h>

#define EMU_VERSIONS_MAX 16u

struct emu_totals {
    uint64_t boots, reverts, watchdogs, cuts, polls; /* over all devices, since the run began */
    uint64_t received, sent;                         /* bytes */
    uint64_t drops, corrupted;                       /* faults that befell */
    uint64_t operations, erases; /* of flash: units programmed and sectors erased; the latter alone */
    uint64_t sockets;            /* most that were open at once */
    uint64_t stored,
        held; /* bytes of all flashes: what the pool took at most, and what they hold; 0 with --keep */
    uint64_t handshakes, resumed; /* of TLS; resumed ones count in both */
};

struct emu_summary {
    uint32_t devices, met, idle;
    uint32_t version_count; /* distinct ones, rising; more than the array holds count as other_versions */
    struct {
        struct otter_version version;
        uint32_t devices;
    } version[EMU_VERSIONS_MAX];
    uint32_t other_versions;
    uint32_t no_version; /* has run nothing yet */
    uint32_t stand[EMU_STAND_COUNT];
    uint32_t state[OTTER_UPDATE_STATE_COUNT]; /* last reported */
    uint32_t reason[OTTER_STATUS_COUNT];      /* why last attempts failed; [OTTER_OK] is not counted */
    uint32_t error[OTTER_STATUS_COUNT];       /* why last poll cycles failed, likewise */
    uint32_t failure[OTTER_STATUS_COUNT];     /* how often updaters named each since the run began */
    struct emu_totals total;
};

/* Counts one device; totals are the caller's to add. Start from a zeroed summary. */
void emu_summary_add(struct emu_summary *s, const struct emu_expect *expect, const struct emu_outcome *o);

/* For --json: the members are listed in docs (otter-emu(1)). NULL when out of memory. */
json_t *emu_summary_json(const struct emu_summary *s, bool ok, double seconds);

/* For people. */
void emu_summary_print(FILE *out, const struct emu_summary *s, bool ok, double seconds);

/* One line without line feed, for a terminal; cut at cap. */
void emu_summary_progress(char *out, size_t cap, const struct emu_summary *s, double seconds);

#endif
