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

enum fleet_flag {
    FLEET_SEEN = 1,      /* has polled: `running` and what follows it are valid */
    FLEET_CONFIRMED = 2, /* running.confirmed */
    FLEET_STALE = 4      /* the device said so */
};

struct fleet_proof; /* secret and nonces of a device that may use Otter-HMAC */

struct fleet_device {
    const char *id;            /* constant */
    const char *product;       /* constant, interned */
    const char *hardware;      /* constant, interned */
    char *labels;              /* three packs, one behind the other; NULL = none: see fleet_labels */
    struct fleet_proof *proof; /* NULL = the secret is not held; see fleet_set_secret */
    uint16_t tags_len;
    uint16_t own_len;
    uint16_t operator_len;
    uint8_t flags;                  /* enum fleet_flag */
    uint8_t slot;                   /* enum otter_slot, running */
    struct otter_digest token_hash; /* constant */
    struct otter_digest sha256;     /* running */
    struct otter_version version;   /* running */
    uint64_t epoch;
    uint64_t sequence;
    uint64_t attempt; /* newest; 0 = none */
    uint32_t attempt_rollout;
    uint32_t attempt_step; /* highest counted */
    uint8_t attempt_state; /* enum otter_update_state */
    uint8_t attempt_reason;
    uint8_t attempt_slot;
    uint8_t
        refused; /* enum otter_status: refusal of an offer or root that the device told in its newest poll */
    uint32_t root;
    uint32_t first_seen;
    uint32_t last_seen;
    uint32_t settled; /* generation of the catalog in which nothing was found to be granted; 0 = look again */
};

struct fleet;

/* seed: random, so that nobody outside can choose ids that collide. NULL when out of memory. */
struct fleet *fleet_new(uint64_t seed);
void fleet_free(struct fleet *fleet);

uint32_t fleet_count(const struct fleet *fleet);

/* Index of the device, or FLEET_NONE. */
uint32_t fleet_find(const struct fleet *fleet, const char *id);
/* Any device whose token has this hash; compared in constant time. */
uint32_t fleet_find_token(const struct fleet *fleet, const struct otter_digest *token_hash);

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

/* Marks for the sweeper; any thread. */
void fleet_mark_dirty(struct fleet *fleet, uint32_t index);
/* The first dirty index >= from, whose mark is taken away; FLEET_NONE if there is none. */
uint32_t fleet_take_dirty(struct fleet *fleet, uint32_t from);

#endif
