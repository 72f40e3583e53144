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

/* Data for an entry: two pieces in RAM, or another entry, whole. */
struct otter_entry_data {
    const void *head;
    const void *body;
    const struct otter_entry *copy; /* of the half copy_half; head and body are NULL then */
    uint16_t head_len;
    uint16_t len; /* of all */
    uint8_t copy_half;
};

/* Address of the half, and the size of its sectors. */
uint32_t otter_log_base(const struct otter_journal *j, uint8_t half);
uint32_t otter_log_sector_size(const struct otter_journal *j);

/* Is there a good entry at this offset? */
bool otter_log_entry_at(struct otter_journal *j, uint8_t half, uint32_t at, struct otter_entry *ret);

/*
 * Record i of an entry, its CRC taken of the very bytes that are returned: a cell that reads now so, now so,
 * must not get a wrong value past it. *crc goes from record to record, 0 at first. False: it is wrong.
 */
bool otter_log_read_judged(struct otter_journal *j, uint8_t half, const struct otter_entry *entry, uint32_t i,
                           uint32_t *crc, uint8_t record[OTTER_RECORD_LEN]);

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
/* Where to look for the entries older than this one. */
uint32_t otter_log_before(const struct otter_entry *entry);
uint32_t otter_log_half_size(const struct otter_journal *j);

/*
 * Where to go on writing in a marked half: behind the last record that is not blank. False if it has no entry
 * that counts, else *ret_newest is the newest.
 */
bool otter_log_find_end(struct otter_journal *j, uint8_t half, struct otter_journal_cursor *ret,
                        struct otter_entry *ret_newest);

/* len bytes of an entry's data from `from` on. from + len <= entry->len. */
enum otter_status otter_log_read(struct otter_journal *j, uint8_t half, const struct otter_entry *entry,
                                 uint32_t from, void *buf, uint32_t len);

/*
 * The first len bytes of an entry's data, in one reading with its CRC: what has been judged is what is
 * returned, also where a cell reads now so, now so. False: it does not hold. len <= entry->len.
 */
bool otter_log_read_whole(struct otter_journal *j, uint8_t half, const struct otter_entry *entry, void *buf,
                          uint32_t len);

/* Records still free in the half. */
uint32_t otter_log_room(const struct otter_journal *j, const struct otter_journal_cursor *c);

/*
 * (append.c) Writes an entry at the cursor, reads it back, moves the cursor behind it. An entry that does not
 * read back is left as torn and written again further on, twice at most. A record in doubt is made void, and
 * passed over. OK, NO_SPACE (the half is full: turn it), FLASH_ERROR, IO_ERROR (an entry to be copied reads
 * wrong). *ret_at (may be NULL) is where it lies.
 */
enum otter_status otter_log_append(struct otter_journal *j, struct otter_journal_cursor *c, uint8_t type,
                                   const struct otter_entry_data *data, uint32_t *ret_at);

#endif
