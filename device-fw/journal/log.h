/*
 * The log beneath the journal: halves, sectors, records and entries (format.h), without knowing what they
 * mean. Works on the journal's flash and, where a cursor is passed, at that place.
 */
#ifndef OTTER_JOURNAL_LOG_H
#define OTTER_JOURNAL_LOG_H

#include "journal/format.h"

/* An entry found on flash, CRC checked. */
struct otter_entry {
    uint8_t type;
    uint8_t gap;
    uint16_t len; /* bytes of data */
    uint32_t at;  /* offset of its first record in the half */
    uint32_t end; /* offset behind its last record */
    uint32_t serial;
};

/* Data for an entry: two pieces in RAM, or `len` bytes of another entry from its data's start. */
struct otter_entry_data {
    const void *head;
    const void *body;
    const struct otter_entry *copy; /* of the half copy_half; head and body are NULL then */
    uint16_t head_len;
    uint16_t len; /* of all */
    uint8_t copy_half;
};

/* True if all sector headers of the half are good and agree; *ret_turn is their turn. */
bool otter_log_half_marked(struct otter_journal *j, uint8_t half, uint32_t *ret_turn);

/* True if the place of every sector header reads blank. */
bool otter_log_half_blank(struct otter_journal *j, uint8_t half);

/* Erases all sectors of the half. */
enum otter_status otter_log_erase(struct otter_journal *j, uint8_t half);

/* Erases, then writes the sector headers; *ret is the start of the empty log there. */
enum otter_status otter_log_format(struct otter_journal *j, uint8_t half, uint32_t turn,
                                   struct otter_journal_cursor *ret);

/*
 * The next older entry that counts, before offset *at: false at the log's start. *at moves past it and its
 * gap. Begin with *at = otter_log_half_size().
 */
bool otter_log_older(struct otter_journal *j, uint8_t half, uint32_t *at, struct otter_entry *ret);
uint32_t otter_log_half_size(const struct otter_journal *j);

/* Where to go on writing in a marked half: behind the last record that is not blank. */
void otter_log_find_end(struct otter_journal *j, uint8_t half, struct otter_journal_cursor *ret);

/* len bytes of an entry's data from `from` on. from + len <= entry->len. */
enum otter_status otter_log_read(struct otter_journal *j, uint8_t half, const struct otter_entry *entry,
                                 uint32_t from, void *buf, uint32_t len);

/* Records still free in the half. */
uint32_t otter_log_room(const struct otter_journal *j, const struct otter_journal_cursor *c);

/*
 * Writes an entry at the cursor, reads it back, moves the cursor behind it. An entry that does not read back
 * is left as torn and written again further on, twice at most. OK, NO_SPACE (the half is full: turn it),
 * FLASH_ERROR. *ret_at (may be NULL) is where it lies.
 */
enum otter_status otter_log_append(struct otter_journal *j, struct otter_journal_cursor *c, uint8_t type,
                                   const struct otter_entry_data *data, uint32_t *ret_at);

#endif
