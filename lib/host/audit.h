/*
 * The audit log: entries, each of which holds the hash of the one before, and heads, which are signed. The
 * server writes them, the CLI checks them without it; docs/protocol.md has the bytes. One entry is one line:
 *
 *   {"num":7,"at":1800000000,"who":"eve","act":"rollout-start","subject":"rollout 3","detail":{},
 *    "prev":"<64 hex>","hash":"<64 hex>"}                                    (without the line break)
 *
 * hash = SHA-256 of the line without its member hash: all before `,"hash":`, and `}`. prev of entry 1 is
 * zeros. A head is a JWS as any signed document, of {"type":"otter-audit-head","num":7,"hash":"<64 hex>",
 * "at":1800000000}, by the server's audit key.
 */
#ifndef OTTER_HOST_AUDIT_H
#define OTTER_HOST_AUDIT_H

#include "core/jws.h"
#include "host/crypto.h"
#include "host/error.h"

#define AUDIT_WHO_MAX     64u
#define AUDIT_ACT_MAX     64u
#define AUDIT_SUBJECT_MAX 256u  /* bytes; longer ones are cut where a character ends */
#define AUDIT_DETAIL_MAX  4096u /* bytes of a JSON object */
#define AUDIT_LINE_MAX    8192u /* above the longest line: each byte of a subject may be six */

/* Acts that the check itself knows: whose signatures count from then on, and where a log that was cut begins.
 */
#define AUDIT_ACT_KEY   "audit-key"   /* detail.spki */
#define AUDIT_ACT_PRUNE "audit-prune" /* detail.{through, hash, spki} */

/* Strings are borrowed. */
struct audit_entry {
    uint64_t num;        /* from 1, rising by 1 */
    int64_t at;          /* Unix seconds */
    const char *who;     /* an operator; "" = otterd itself */
    const char *act;     /* [a-z-]+ */
    const char *subject; /* what it was done to */
    const char *detail;  /* a JSON object, as it was written */
    struct otter_digest prev, hash;
};

/* The line, with a NUL and without a line break: its length; 0: over a bound. hash is taken as it is. */
size_t audit_line(const struct audit_entry *entry, char out[AUDIT_LINE_MAX]);
/* Sets entry->hash. False: over a bound. */
bool audit_seal(struct audit_entry *entry);

/* A line that was read, with the strings of its entry. */
struct audit_record {
    struct audit_entry entry;
    struct otter_digest made; /* what its hash must be */
    char who[AUDIT_WHO_MAX + 1], act[AUDIT_ACT_MAX + 1], subject[AUDIT_SUBJECT_MAX + 1];
    char detail[AUDIT_DETAIL_MAX + 1];
};
/* False: the bytes are no entry. Any other form of the same JSON is none. */
bool audit_read(const char *line, size_t len, struct audit_record *ret);

struct audit_head {
    uint64_t num;
    int64_t at; /* when it was signed */
    struct otter_digest hash;
    struct otter_digest kid; /* of the key that signed it */
};

/* Signs a head: an envelope of at most OTTER_ENVELOPE_MAX bytes and a NUL; its length, -1 if it fails. */
int audit_head_sign(const struct host_key *key, const struct audit_head *head, char *out, size_t cap);
/* What an envelope says, whoever signed it. False: it is no head. */
bool audit_head_read(const char *envelope, size_t len, struct otter_jws *jws, struct audit_head *ret);

/* ---- the check: a walk over lines, from the first one on ---- */

enum audit_fault {
    AUDIT_GOOD,
    AUDIT_NO_ENTRY,    /* the line is neither an entry nor a head */
    AUDIT_CHANGED,     /* its bytes are not those that its hash was made of */
    AUDIT_MISSING,     /* entries before it are not there */
    AUDIT_MISPLACED,   /* its number was there already */
    AUDIT_UNCHAINED,   /* it does not follow the one before */
    AUDIT_BEGINS_LATE, /* the first is not entry 1, and no entry says that those before were archived */
    AUDIT_UNSIGNED,    /* a head whose signature is not good */
    AUDIT_STRANGE_KEY, /* a key that is none of this log's: another server's? */
    AUDIT_OTHER_HEAD,  /* a head that is of another log, or of this one before it was written anew */
    AUDIT_CUT,         /* a head of later entries, which are not there */
    AUDIT_NO_HEAD,     /* nothing signed says where the log ends */
    AUDIT_FAULT_COUNT
};

/* "changed", ..., and a sentence. Static. */
const char *audit_fault_name(enum audit_fault fault);
const char *audit_fault_meaning(enum audit_fault fault);

#define AUDIT_HEADS_MAX 16u
#define AUDIT_KEYS_MAX  64u

/* A head that was kept from earlier. */
struct audit_known {
    const char *name; /* for people; borrowed */
    const char *envelope;
    size_t len;
    struct audit_head head;
    bool met; /* its entry is there, and the same */
};

struct audit_walk {
    /* set before the first line */
    const uint8_t *key; /* the point that the log's owner knows, which must have signed the head at the end;
                           NULL: any that the log itself names, which may be its forger's */
    struct audit_known known[AUDIT_HEADS_MAX];
    unsigned known_count;
    /* where it is */
    uint64_t line;    /* lines taken, of all files */
    uint64_t entries; /* without those of two files twice */
    uint64_t first;   /* number of the first entry; 0: none yet */
    uint64_t num;     /* of the newest entry */
    struct otter_digest hash, before_first;
    bool headed;            /* the last line was a head */
    struct audit_head head; /* the newest met */
    bool cut_named;         /* an entry says that what came before the first was archived */
    unsigned key_count;
    uint8_t keys[AUDIT_KEYS_MAX][OTTER_POINT_LEN]; /* that the log names, in their order */
    /* of the files before this one */
    bool joining;
    uint64_t joint;
    struct otter_digest joint_hash;
    uint64_t ended_early; /* the newest entry of a file that ended before the joint; 0: none did */
    /* what is wrong, for people; set with a fault */
    char why[256];
    const char *known_at_fault; /* name of the kept head that is about; NULL: none */
};

/* Another kept head. False: too many, or it is none. */
bool audit_walk_know(struct audit_walk *w, const char *name, const char *envelope, size_t len);
/* The next line, without its line break: the first fault, after which the walk is over. */
enum audit_fault audit_walk_line(struct audit_walk *w, const char *line, size_t len);
/* Another file follows, which goes on where the one before ended, or begins before that. */
void audit_walk_next_file(struct audit_walk *w);
/* After the last line: are the kept heads ancestors, and is the end signed? */
enum audit_fault audit_walk_end(struct audit_walk *w);

#endif
