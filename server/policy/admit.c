#include "policy/admit.h"

#include "policy/pace.h"

#include <stdbool.h>

#define PARTS 64u
#define FREE  UINT8_MAX /* no bound */

/*
 * In 64ths of what there may be: up to where each is served, and how many descriptors must be left. What
 * holds a connection for long (blobs) is bounded below the limit, and all else can be closed or soon ends: so
 * there is room for operators. A poll for a grant comes again, and nothing is lost: it goes first. A report
 * tells what has happened already, and others wait for it: it goes last but for what an operator does.
 */
static const struct row {
    const char *name;
    uint8_t connections, blobs, calls, files;
    enum policy_admission otherwise;
} rows[POLICY_ASKED_COUNT] = {
    [POLICY_ASKS_AS_OPERATOR] = {"operator", FREE, FREE, PARTS, 0, POLICY_DEFER},
    [POLICY_ASKS_TO_REPORT] = {"report", FREE, FREE, 56, 0, POLICY_DEFER},
    [POLICY_ASKS_FOR_NOTHING] = {"poll", FREE, FREE, FREE, 0, POLICY_DEFER},
    [POLICY_ASKS_FOR_GRANT] = {"grant", FREE, FREE, 32, 0, POLICY_DEFER},
    [POLICY_ASKS_FOR_BLOB] = {"blob", FREE, 56, FREE, 2, POLICY_DEFER},
    [POLICY_ASKS_TO_ENTER] = {"connection", 60, FREE, FREE, 1, POLICY_EVICT},
};

/* 32 bits times 64: no wrap. */
static bool has_room(uint8_t part, uint32_t used, uint32_t max)
{
    return part == FREE || max == 0 || (uint64_t)used * PARTS < (uint64_t)max * part;
}

static bool is_left(uint8_t part, uint32_t left, uint32_t max)
{
    return part == 0 || max == 0 || (uint64_t)left * PARTS > (uint64_t)max * part;
}

enum policy_admission policy_admit(enum policy_asked asked, const struct policy_load *load)
{
    const struct row *row = &rows[asked];
    bool fits = has_room(row->connections, load->connections, load->connections_max) &&
                has_room(row->blobs, load->blobs, load->connections_max) &&
                has_room(row->calls, load->calls, load->calls_max) &&
                is_left(row->files, load->files_left, load->files_max);

    return fits ? POLICY_SERVE : row->otherwise;
}

const char *policy_asked_name(enum policy_asked asked)
{
    return rows[asked].name;
}

unsigned policy_defer_s(const char *device, uint64_t connection)
{
    const unsigned width = POLICY_DEFER_MAX_S - POLICY_DEFER_MIN_S;

    if (device[0] != '\0')
        return POLICY_DEFER_MIN_S + policy_poll_place(width, device);
    /* Neighbours fall far apart (Knuth's multiplier). */
    return POLICY_DEFER_MIN_S + (unsigned)((connection * UINT64_C(11400714819323198485) >> 32) % (width + 1));
}
