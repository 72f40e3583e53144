/* How the setters write: one value, or the whole live set into the other half. Internal to device-fw/journal.
 */
#ifndef OTTER_JOURNAL_WRITE_H
#define OTTER_JOURNAL_WRITE_H

#include "journal/log.h"
#include "journal/value.h"

/* A root on its way to flash; payload NULL = the one on flash stays. */
struct otter_new_root {
    uint64_t version;
    const char *payload;
    uint16_t len;
};

/*
 * Makes `next` the live set: writes the value of `type` if its bytes differ from the live ones, turning the
 * half when it is full. The live set changes only on OK.
 */
enum otter_status otter_journal_commit(struct otter_journal *j, uint8_t type,
                                       const struct otter_journal_live *next);

/*
 * Writes `next` and the root to the other half, with entries of unknown type, and makes that half the current
 * one. *j changes only on OK, but for j->live, which the caller sets.
 */
enum otter_status otter_journal_turn(struct otter_journal *j, const struct otter_journal_live *next,
                                     const struct otter_new_root *root);

/* Appends a root's entry at the cursor. */
enum otter_status otter_journal_append_root(struct otter_journal *j, struct otter_journal_cursor *c,
                                            const struct otter_new_root *root, uint32_t *ret_at);

#endif
