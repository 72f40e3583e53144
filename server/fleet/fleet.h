/*
 * The fleet in memory: dense records that never move, found by device id or by token, loaded at start. Polls
 * are answered from here; what changed is marked dirty and written behind by the service's sweeper.
 *
 * Threads: one thread (the writer) adds devices. Any thread finds and locks; finding takes no lock. A
 * record's members are read and written between fleet_lock and fleet_unlock only, but for those marked
 * constant.
 */
#ifndef OTTER_FLEET_H
#define OTTER_FLEET_H

#include "core/crypto.h"
#include "core/wire.h"

#define FLEET_NONE   UINT32_MAX
#define FLEET_SECRET 32u
#define FLEET_MAX    0xffffffu /* devices */

/*
 * Of a token's SHA-256 a record keeps 16 bytes: whoever knows them must still find a token that hashes to
 * them, 2^128 trials for one device and 2^104 for any one of FLEET_MAX. Collisions help nobody, since the
 * owner chooses no token of another device.
 */
#define FLEET_TOKEN 16u

enum fleet_flag {
    FLEET_SEEN = 1,      /* has polled: `said` and `slot` are valid */
    FLEET_CONFIRMED = 2, /* running.confirmed */
    FLEET_STALE = 4      /* the device said so */
};

/* What an operator has set; `marks` of the record. */
enum fleet_mark {
    FLEET_HELD = 1,
    FLEET_PINNED = 2,
    FLEET_RETIRED = 4,
    FLEET_RETRY = 8,   /* the newest attempt may be granted again */
    FLEET_ROTATE = 16, /* it is told at its polls to make a new token */
    FLEET_REVOKED = 32 /* its token was taken away: nobody has the one that it is to show */
};

struct fleet_proof; /* secret and nonces of a device that may use Otter-HMAC */

/* Names that many devices share; kept as long as the fleet. */
struct fleet_kind {
    const char *product;
    const char *hardware;
};

/* What a device says of itself and many say alike; see fleet_say. */
struct fleet_said {
    struct otter_digest sha256;   /* running */
    struct otter_version version; /* running */
    uint64_t epoch;
    uint64_t sequence;
    uint32_t root;
};

/* What few devices have; NULL until the first. */
struct fleet_extra {
    char *labels; /* three packs, one behind the other; NULL = none */
    uint16_t tags_len;
    uint16_t own_len;
    uint16_t operator_len;
    uint32_t pin;              /* num of the release, with FLEET_PINNED */
    struct fleet_kind *poses;  /* NULL = polls as what it was enrolled; see fleet_pose */
    struct fleet_proof *proof; /* NULL = the secret is not held; see fleet_set_secret */
};

#define FLEET_ATTEMPT_MAX ((UINT64_C(1) << 40) - 1)

/* 80 bytes, a million times. */
struct fleet_device {
    const char *id;                /* constant */
    const struct fleet_kind *kind; /* constant */
    struct fleet_said *said; /* shared, so read only; never NULL; under the lock only: fleet_say frees it */
    struct fleet_extra *extra;
    _Atomic uint64_t token[FLEET_TOKEN / 8]; /* fleet_token_is, without the lock; see fleet_set_token */
    uint64_t attempt : 40;                   /* newest, up to FLEET_ATTEMPT_MAX; 0 = none */
    uint64_t attempt_state : 4;              /* enum otter_update_state */
    uint64_t attempt_slot : 4;               /* enum otter_slot */
    uint64_t attempt_reason : 8;             /* enum otter_status */
    uint64_t settled_more : 8;
    uint32_t attempt_rollout;
    uint32_t attempt_step; /* highest counted */
    uint32_t first_seen;
    uint32_t last_seen;
    uint32_t settled; /* fleet_settle */
    uint8_t flags;    /* enum fleet_flag */
    uint8_t slot;     /* enum otter_slot, running */
    uint8_t
        refused; /* enum otter_status: refusal of an offer or root that the device told in its newest poll */
    uint8_t marks; /* enum fleet_mark; set by fleet_set_marks and fleet_set_retry */
};

struct fleet;

/* seed: random, so that nobody outside can choose ids that collide. NULL when out of memory. */
struct fleet *fleet_new(uint64_t seed);
void fleet_free(struct fleet *fleet);

/* Room for so many devices without growing. Only while the fleet is empty and has no readers. False when out
 * of memory or above FLEET_MAX. */
bool fleet_reserve(struct fleet *fleet, uint32_t devices);

/* All that were ever added, retired ones too: indexes are below it. And those in service. */
uint32_t fleet_count(const struct fleet *fleet);
uint32_t fleet_in_service(const struct fleet *fleet);
/* Without the record's lock. */
bool fleet_is_retired(const struct fleet *fleet, uint32_t index);

/* Index of the device, or FLEET_NONE. */
uint32_t fleet_find(const struct fleet *fleet, const char *id);
/* Any device in service whose token has this hash, its second one too; compared in constant time. */
uint32_t fleet_find_token(struct fleet *fleet, const struct otter_digest *token_hash);
/* Is it this device's? The like; not the second one. */
bool fleet_token_is(const struct fleet *fleet, uint32_t index, const struct otter_digest *token_hash);

/*
 * Another token in the place of the device's, whose second one goes, and its secret (fleet_set_secret; NULL:
 * none). False when out of memory. The writer's thread.
 */
bool fleet_set_token(struct fleet *fleet, uint32_t index, const struct otter_digest *token_hash,
                     const uint8_t *secret);

/*
 * The second token of a device that changes it: beside the record, so that both are good until it was used.
 * put: in the place of another one; false when out of memory. drop: there is none any more; false when out of
 * memory. Both the writer's thread. is, find, secret: as for the first one; secret is false if none is held.
 * use: from now on it is the record's, and the first one is nobody's. used: indexes of at most max devices
 * whose second one was used and not dropped yet; how many.
 */
bool fleet_put_second(struct fleet *fleet, uint32_t index, const struct otter_digest *token_hash,
                      const uint8_t *secret);
bool fleet_drop_second(struct fleet *fleet, uint32_t index);
bool fleet_second_is(struct fleet *fleet, uint32_t index, const struct otter_digest *token_hash);
uint32_t fleet_find_second(struct fleet *fleet, const struct otter_digest *token_hash);
bool fleet_second_secret(struct fleet *fleet, uint32_t index, uint8_t ret_secret[FLEET_SECRET]);
void fleet_use_second(struct fleet *fleet, uint32_t index);
unsigned fleet_used_seconds(struct fleet *fleet, uint32_t *ret, unsigned max);

/*
 * Adds a device at the next index (the store numbers devices from 1: index = num - 1). Strings are copied.
 * FLEET_NONE when out of memory. The id must not be there.
 */
uint32_t fleet_add(struct fleet *fleet, const char *id, const char *product, const char *hardware,
                   const struct otter_digest *token_hash);

/* The record, locked; other devices may share the lock: hold it shortly, never two at a time. */
struct fleet_device *fleet_lock(struct fleet *fleet, uint32_t index);
void fleet_unlock(struct fleet *fleet, uint32_t index);

/* The record without its lock: for the members marked constant alone. */
const struct fleet_device *fleet_peek(const struct fleet *fleet, uint32_t index);

/*
 * On a locked record: the device says this of itself now; copied. False (unchanged) when out of memory. What
 * `said` pointed to before is no longer valid.
 */
bool fleet_say(struct fleet *fleet, struct fleet_device *d, const struct fleet_said *said);
bool fleet_said_equal(const struct fleet_said *a, const struct fleet_said *b);

/*
 * On a locked record: marks but FLEET_RETRY and FLEET_ROTATE, which stay, and the release that the device is
 * pinned to (0: none). False (unchanged) when out of memory. One thread (the writer).
 */
bool fleet_set_marks(struct fleet *fleet, uint32_t index, struct fleet_device *d, uint8_t marks,
                     uint32_t pin);
void fleet_set_retry(struct fleet_device *d, bool retry);
void fleet_set_rotate(struct fleet_device *d, bool rotate);
/* Release that it is pinned to; 0: none. */
uint32_t fleet_pin(const struct fleet_device *d);

/*
 * On a locked record: what the device calls itself in its polls, which decides what fits it. Kept where it is
 * not what it was enrolled as. False (unchanged) when out of memory. fleet_pose_of: never NULL.
 */
bool fleet_pose(struct fleet_device *d, const char *product, const char *hardware);
const struct fleet_kind *fleet_pose_of(const struct fleet_device *d);

/*
 * On a locked record. Settle: nothing is granted to it in this generation of the catalog, before `until`, to
 * the minute (0: whatever the time). Settled: will that be so at the time `at`? Unsettle: look at it again.
 */
void fleet_settle(struct fleet_device *d, uint32_t generation, int64_t now, int64_t until);
bool fleet_settled(const struct fleet_device *d, uint32_t generation, int64_t at);
void fleet_unsettle(struct fleet_device *d);

/*
 * A byte that the service keeps of a device: at which pace it polls, in its own words; 0 = not known, and so
 * at first. Any thread, without the record's lock. fleet_forget_paces: of all.
 */
uint8_t fleet_pace(const struct fleet *fleet, uint32_t index);
void fleet_set_pace(struct fleet *fleet, uint32_t index, uint8_t pace);
void fleet_forget_paces(struct fleet *fleet);

/* Tags and attributes as packs (pack.h). Set: on a locked record, copied; false (unchanged) when out of
 * memory. */
const char *fleet_tags(const struct fleet_device *d);
const char *fleet_own_attrs(const struct fleet_device *d);
const char *fleet_operator_attrs(const struct fleet_device *d);
bool fleet_set_labels(struct fleet_device *d, const char *tags, size_t tags_len, const char *own,
                      size_t own_len, const char *operator_attrs, size_t operator_len);

/*
 * On a locked record. Holds the device's secret, wiped when the fleet is freed; false when out of memory.
 * Reads it back; false if none is held. Takes a nonce once (nonces.h; 2 KB at the first one); false if it is
 * one of the last, or out of memory.
 */
bool fleet_set_secret(struct fleet_device *d, const uint8_t secret[FLEET_SECRET]);
bool fleet_secret(const struct fleet_device *d, uint8_t ret_secret[FLEET_SECRET]);
bool fleet_take_nonce(struct fleet_device *d, uint64_t nonce);

/* Marks for the sweeper; any thread. Dirty: to be stored soon. Seen: it polled, and nothing else is new. */
void fleet_mark_dirty(struct fleet *fleet, uint32_t index);
void fleet_mark_seen(struct fleet *fleet, uint32_t index);
/* The first dirty index >= from, whose marks are taken away; FLEET_NONE if there is none. */
uint32_t fleet_take_dirty(struct fleet *fleet, uint32_t from);
/* The first seen index >= from and below upto; the like. */
uint32_t fleet_take_seen(struct fleet *fleet, uint32_t from, uint32_t upto);

#endif
