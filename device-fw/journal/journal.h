/*
 * The journal: the only truth about what the device runs, tries and has to tell (protocol.md, Journal).
 * Two halves in turn, 32-byte records, append-only, entries state absolute values. The live set is kept in
 * RAM, rebuilt by open(); every set_* is durable when it returns OK, and changes nothing live when it does
 * not. Setting what already holds writes nothing. A full half is turned by compaction inside set_*. Not for
 * interrupts; bootloader and application use it one after the other.
 */
#ifndef OTTER_JOURNAL_H
#define OTTER_JOURNAL_H

#include "core/wire.h"
#include "port/flash.h"

#define OTTER_JOURNAL_REJECTED 4u
#define OTTER_JOURNAL_INSTALLS 4u
#define OTTER_JOURNAL_REPORTS  16u
#define OTTER_TOKEN_MAX        64u
#define OTTER_TRIAL_BOOTS      3u

struct otter_confirmed {
    bool present;
    enum otter_slot slot;
    struct otter_digest digest;
    uint64_t epoch;
    uint64_t sequence;
    uint32_t counter;
};

/* Written when the new image is complete and verified in its slot: from here on the bootloader may try it. */
struct otter_pending {
    bool present;
    enum otter_slot slot;
    struct otter_digest digest;
    uint64_t epoch;
    uint64_t sequence;
    uint32_t counter;
    uint64_t attempt;
    struct otter_digest manifest;
};

struct otter_trial {
    bool present;
    struct otter_digest digest;
    uint8_t boots_used;
    bool self_test_passed; /* in any of the boots */
    bool hung;             /* one of the boots ended by the watchdog; the bootloader's */
};

struct otter_rejected {
    struct otter_digest digest;
    struct otter_status_code cause;
};

struct otter_installs {
    struct otter_digest digest;
    uint8_t count;
};

struct otter_checkpoint {
    bool present;
    struct otter_digest digest; /* of the image being downloaded */
    enum otter_slot slot;
    uint32_t erased_to;  /* bytes of the slot erased for it */
    uint32_t written_to; /* bytes programmed, a sector edge */
};

/* A report not yet acknowledged, without `detail`. */
struct otter_held_report {
    uint64_t attempt;
    uint32_t step;
    enum otter_update_state state;
    struct otter_status_code reason;
};

struct otter_journal_live {
    struct otter_confirmed confirmed;
    bool has_previous; /* confirmed before this one: no trial, even if its slot carries imgtool's pad magic */
    struct otter_digest previous;
    struct otter_pending pending;
    struct otter_trial trial;
    uint8_t rejected_count, installs_count, report_count, revoked_count;
    struct otter_rejected rejected[OTTER_JOURNAL_REJECTED]; /* oldest first; a fifth drops the first */
    struct otter_installs installs[OTTER_JOURNAL_INSTALLS];
    struct otter_held_report report[OTTER_JOURNAL_REPORTS]; /* oldest first */
    struct otter_digest revoked[OTTER_IMAGE_KEYS];          /* KEYHASHes */
    uint64_t step_attempt;                                  /* attempt of the newest report */
    uint32_t step;                                          /* and its step */
    uint64_t time_floor;                                    /* 0 = none stored */
    struct otter_checkpoint checkpoint;
    char token[OTTER_TOKEN_MAX + 1]; /* "" = the factory secret is the token */
    struct otter_digest next_secret; /* of a token that is offered to the server; zero = none */
    uint32_t failures;               /* consecutive failed polls, for the back-off after a reset */
    uint32_t ended;                  /* attempts that came to nothing, less those forgiven since */
    uint64_t root_version;           /* 0 = none stored: the factory's */
};

/* Where the log stands; private to the journal. Offsets count from the half's base. */
struct otter_journal_cursor {
    uint8_t half;
    uint32_t turn;      /* of the half: rises by one each time */
    uint32_t write_at;  /* the next free record */
    uint32_t valid_end; /* end of the newest valid entry: all between it and write_at is torn */
    uint32_t serial;    /* of the newest valid entry */
    uint32_t doubt[2];  /* records that read blank at open, and may be torn: here, in the next sector */
};

struct otter_journal {
    struct otter_flash *flash;
    struct otter_journal_live live;
    /* Private to the journal. */
    struct otter_journal_cursor now;
    uint32_t root_at;  /* offset of the newest root's first record; 0 = none */
    uint16_t root_len; /* of its payload */
};

/*
 * Scans both halves, picks the valid one, finishes or discards an interrupted turn, appends the newest record
 * once more unless it is settled already. OK, or FLASH_ERROR / IO_ERROR. Blank flash is formatted.
 */
enum otter_status otter_journal_open(struct otter_journal *j, struct otter_flash *flash);

enum otter_status otter_journal_set_confirmed(struct otter_journal *j, const struct otter_confirmed *c);
/* A new pending install also forgets the trial of an earlier one. */
enum otter_status otter_journal_set_pending(struct otter_journal *j, const struct otter_pending *p);
enum otter_status otter_journal_set_trial(struct otter_journal *j, const struct otter_trial *t);
enum otter_status otter_journal_add_rejected(struct otter_journal *j, const struct otter_rejected *r);
/* Takes a digest off the rejected list: it may be installed anew (cause trial-no-server). OK if it was not on
 * it. */
enum otter_status otter_journal_drop_rejected(struct otter_journal *j, const struct otter_digest *digest);
enum otter_status otter_journal_set_installs(struct otter_journal *j,
                                             const struct otter_installs *i); /* 0 removes */
enum otter_status otter_journal_set_checkpoint(struct otter_journal *j, const struct otter_checkpoint *c);
/* Adds a report and makes it the newest step, in one entry; the oldest is dropped when 16 are held. */
enum otter_status otter_journal_add_report(struct otter_journal *j, const struct otter_held_report *r);
/* Acknowledged: forgotten. */
enum otter_status otter_journal_drop_report(struct otter_journal *j, uint64_t attempt, uint32_t step);
enum otter_status otter_journal_add_revoked(struct otter_journal *j, const struct otter_digest *keyhash);
enum otter_status otter_journal_set_time_floor(struct otter_journal *j, uint64_t created);
enum otter_status otter_journal_set_token(struct otter_journal *j, const char *token);
/* secret: 32 bytes; NULL = none any more. */
enum otter_status otter_journal_set_next_secret(struct otter_journal *j, const uint8_t *secret);
enum otter_status otter_journal_set_failures(struct otter_journal *j, uint32_t failures);
enum otter_status otter_journal_set_ended(struct otter_journal *j, uint32_t ended);
/* payload: JSON of a root whose signatures have been checked, <= OTTER_PAYLOAD_MAX. */
enum otter_status otter_journal_set_root(struct otter_journal *j, uint64_t version, const char *payload,
                                         uint16_t len);
/* Reads it back, NUL-terminated; *ret_len = 0 if none is stored. out has OTTER_PAYLOAD_MAX + 1 bytes. */
enum otter_status otter_journal_get_root(struct otter_journal *j, char *out, uint16_t *ret_len);

/* True if the digest was rejected; *ret_cause may be NULL. */
bool otter_journal_is_rejected(const struct otter_journal *j, const struct otter_digest *digest,
                               struct otter_status_code *ret_cause);
uint8_t otter_journal_install_count(const struct otter_journal *j, const struct otter_digest *digest);

#endif
