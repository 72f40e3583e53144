/*
 * The journal on flash (docs/protocol.md, Journal). Internal to device-fw/journal, and to tools that look at
 * flash.
 *
 * The region has two halves; one is current. A half is one or more sectors of equal size:
 *
 *   +-----------+--------+--------+-----+--------+
 *   | header 32 | record | record | ... | record |   each sector
 *   +-----------+--------+--------+-----+--------+
 *
 * Sector header, written after the sector's erase has finished:
 *
 *    0 "OTTJ" | 4 u8 format (1) | 5 u8 sector | 6 u8 sectors | 7 u8 zero | 8 u32 turn | 12 zeros | 28 u32
 * CRC-32
 *
 * An entry is one record or several in a row within a sector. 32 bytes a record, little endian:
 *
 *   first      0 u8 type | 1 u8 gap | 2 u16 length of the data | 4 u32 serial | 8 data ..
 *   following  0 u8 0xfe | 1 data ..
 *   last       .. data, zeros | 28 u32 CRC-32 over all of the entry before it
 *
 * Each type has one value, stated whole; the newest entry counts, length 0 says that there is none. `gap`
 * counts the records before this entry that could not be read when it was written: they are void from then
 * on, even if a torn one among them reads well later. So the log is read backwards: the newest first, each
 * leading past its gap.
 *
 * A turn: erase the other half, write its headers (turn + 1), the live set, entries of unknown type as they
 * are, and TURNED: with that it is the current half. The old half stays as it is until the next turn needs
 * it.
 *
 * What a cut leaves behind may read well now and badly later, or blank now and not later:
 * - At each open the newest entry is said again, and SETTLED behind it: while SETTLED is the last of the log,
 *   nothing is in doubt, and an open writes nothing. What is said again leads past the one before it and all
 *   that this one led past, and a SETTLED with a gap is followed by one without: no gap hangs on a record
 * that may be torn.
 * - The first record that an open finds blank may be the beginning of a torn one: it is made VOID before
 *   anything is written behind it. So is the first of the next sector, where an entry goes that the rest of
 *   this one is too short for.
 */
#ifndef OTTER_JOURNAL_FORMAT_H
#define OTTER_JOURNAL_FORMAT_H

#include "journal/journal.h"

#define OTTER_RECORD_LEN     32u
#define OTTER_RECORD_FIRST   24u /* data in the first record, less 4 if it is the last one */
#define OTTER_RECORD_NEXT    31u /* data in a following record, less 4 if it is the last one */
#define OTTER_RECORD_CRC     4u
#define OTTER_JOURNAL_FORMAT 1u

enum otter_record_type {
    OTTER_RECORD_VOID = 0x00,
    OTTER_RECORD_TURNED = 0x02,  /* u32 turn */
    OTTER_RECORD_SETTLED = 0x03, /* all before it is whole; no data */
    OTTER_RECORD_CONFIRMED =
        0x10, /* u8 slot, u32 counter, u64 epoch, u64 sequence, digest, u8 has previous, digest */
    OTTER_RECORD_PENDING =
        0x11, /* u8 slot, u32 counter, u64 epoch, u64 sequence, u64 attempt, digest, manifest */
    OTTER_RECORD_TRIAL = 0x12,      /* u8 boots, u8 flags (1 self-test passed, 2 hung), digest */
    OTTER_RECORD_REJECTED = 0x13,   /* u8 count, each: digest, u32 name of the cause */
    OTTER_RECORD_INSTALLS = 0x14,   /* u8 count, each: digest, u8 installs */
    OTTER_RECORD_CHECKPOINT = 0x15, /* u8 slot, u32 erased to, u32 written to, digest */
    OTTER_RECORD_REPORTS =
        0x16, /* u64 attempt, u32 step, u8 count, each: u64 attempt, u32 step, u8 state, u32 reason */
    OTTER_RECORD_REVOKED = 0x17,     /* u8 count, each: digest */
    OTTER_RECORD_TIME = 0x18,        /* u64 */
    OTTER_RECORD_TOKEN = 0x19,       /* characters */
    OTTER_RECORD_FAILURES = 0x1a,    /* u32 */
    OTTER_RECORD_ROOT = 0x1b,        /* u64 version, payload */
    OTTER_RECORD_NEXT_SECRET = 0x1c, /* 32 bytes */
    OTTER_RECORD_ENDED = 0x1d,       /* u32 */
    OTTER_RECORD_NEXT_TYPE = 0x1e,   /* from here to 0xfd: a newer firmware's; copied forward */
    OTTER_RECORD_FOLLOWING = 0xfe,
    OTTER_RECORD_BLANK = 0xff
};

/* Causes and reasons are stored as the CRC-32 of their wire name: struct otter_status_code. */

/* Records of an entry with n bytes of data. */
#define OTTER_RECORDS(n)                                                                                     \
    ((n) + OTTER_RECORD_CRC <= OTTER_RECORD_FIRST                                                            \
         ? 1u                                                                                                \
         : 1u + ((n) + OTTER_RECORD_CRC - OTTER_RECORD_FIRST + OTTER_RECORD_NEXT - 1u) / OTTER_RECORD_NEXT)

#define OTTER_LEN_CONFIRMED  86u
#define OTTER_LEN_PENDING    93u
#define OTTER_LEN_TRIAL      34u
#define OTTER_LEN_REJECTED   (1u + OTTER_JOURNAL_REJECTED * 36u)
#define OTTER_LEN_INSTALLS   (1u + OTTER_JOURNAL_INSTALLS * 33u)
#define OTTER_LEN_CHECKPOINT 41u
#define OTTER_LEN_REPORTS    (13u + OTTER_JOURNAL_REPORTS * 17u)
#define OTTER_LEN_REVOKED    (1u + OTTER_IMAGE_KEYS * 32u)
#define OTTER_LEN_ROOT       (8u + OTTER_PAYLOAD_MAX)

/* The longest value but the root. */
#define OTTER_VALUE_MAX OTTER_LEN_REPORTS
_Static_assert(OTTER_LEN_PENDING <= OTTER_VALUE_MAX && OTTER_LEN_REJECTED <= OTTER_VALUE_MAX &&
                   OTTER_LEN_INSTALLS <= OTTER_VALUE_MAX && OTTER_LEN_REVOKED <= OTTER_VALUE_MAX &&
                   OTTER_TOKEN_MAX <= OTTER_VALUE_MAX,
               "OTTER_VALUE_MAX is the longest");

/* The largest live set, less the root. */
#define OTTER_RECORDS_SMALL                                                                                  \
    (OTTER_RECORDS(OTTER_LEN_CONFIRMED) + OTTER_RECORDS(OTTER_LEN_PENDING) +                                 \
     OTTER_RECORDS(OTTER_LEN_TRIAL) + OTTER_RECORDS(OTTER_LEN_REJECTED) +                                    \
     OTTER_RECORDS(OTTER_LEN_INSTALLS) + OTTER_RECORDS(OTTER_LEN_CHECKPOINT) +                               \
     OTTER_RECORDS(OTTER_LEN_REPORTS) + OTTER_RECORDS(OTTER_LEN_REVOKED) + OTTER_RECORDS(8u) +               \
     OTTER_RECORDS(OTTER_TOKEN_MAX) + 2u * OTTER_RECORDS(4u) + OTTER_RECORDS(OTTER_DIGEST_LEN) +             \
     OTTER_RECORDS(4u) /* TURNED */)

/*
 * The smallest half is 16 KB; its smallest sectors are 4 KB, 127 records after the header. The first takes
 * the small entries and, as it must not straddle sectors, at the worst the second takes the root and the
 * third a new one.
 */
#define OTTER_SECTOR_MIN  4096u
#define OTTER_HALF_MIN    16384u
#define OTTER_RECORDS_MIN (OTTER_SECTOR_MIN / OTTER_RECORD_LEN - 1u)
_Static_assert(OTTER_RECORDS_SMALL <= OTTER_RECORDS_MIN, "small entries fit a sector");
_Static_assert(OTTER_RECORDS(OTTER_LEN_ROOT) <= OTTER_RECORDS_MIN, "a root fits a sector");
_Static_assert(OTTER_HALF_MIN / OTTER_SECTOR_MIN >= 3u, "the largest live set plus one new root fits a half");
_Static_assert(OTTER_RECORDS_SMALL + 2u * OTTER_RECORDS(OTTER_LEN_ROOT) <=
                   OTTER_HALF_MIN / OTTER_RECORD_LEN - 1u,
               "and so it does in a half of one sector");

/* Unknown entries are copied forward as long as this much is left for the next set. */
#define OTTER_RECORDS_RESERVE (OTTER_RECORDS_SMALL + OTTER_RECORDS(OTTER_LEN_ROOT))

#endif
