/* Inside server/service only: what operators do to a fleet and its releases. Part of internal.h. */
#ifndef OTTER_SERVICE_FLEET_WORK_H
#define OTTER_SERVICE_FLEET_WORK_H

#include "fleet/pack.h"
#include "host/json.h"
#include "policy/decide.h"
#include "policy/target.h"
#include "store/store.h"

struct catalog;
struct catalog_release;
struct catalog_rollout;
struct fleet_device;
struct svc;
struct svc_call;

/* ---- labels.c: tags and operators' attributes, as operators send them ---- */

#define LABEL_TAGS_MAX  32u
#define LABEL_ATTRS_MAX 64u
#define LABEL_VALUE_MAX 256u

bool labels_add_tags(const json_t *tags, struct fleet_pack *ret, struct host_error *err);
bool labels_remove_tags(const json_t *tags, struct fleet_pack *ret, struct host_error *err);
/* null takes an attribute away. */
bool labels_set_attrs(json_t *attrs, struct fleet_pack *ret, struct host_error *err);
/* New references. */
json_t *labels_json_tags(const char *pack);
json_t *labels_json_attrs(const char *pack);
/* Two packs, the second's values win. */
json_t *labels_json_merged(const char *own, const char *operators);
/* What a change of labels was, for people: "+lab -old site=oslo". Members are checked already. */
void labels_note(const json_t *add, const json_t *remove, json_t *attrs, char note[STORE_REASON_MAX + 1]);
/* Stores tags and operators' attributes of a row as they are to be now; *ret_changed if they were not so. */
enum otter_status labels_store(struct svc *svc, struct svc_call *call, const struct store_device *row,
                               const struct fleet_pack *tags, const struct fleet_pack *attrs,
                               bool *ret_changed);

/* No control characters, which would end up in terminals and CSV. */
bool labels_printable(const char *value);
/* "reason" of a body into *ret, which is set before; printable, at most STORE_REASON_MAX bytes. need: not "".
 */
enum otter_status reason_read(struct svc_call *call, const char **ret);
enum otter_status reason_need(struct svc_call *call, const char **ret);

/* ---- devices.c: enrolment ---- */

#define ENROLMENT_SECRET 32u

struct enrolment {
    const char *id, *product, *hardware;
    uint8_t secret[ENROLMENT_SECRET]; /* wipe it */
    struct otter_digest token_hash;
    struct fleet_pack tags, attrs;
    bool may_return; /* an operator enrols it: it may be one whose token was revoked */
};

enum otter_status enrolment_read(const json_t *body, struct enrolment *ret, struct host_error *err);
/* OK: *ret_created says whether it is new. ALREADY_EXISTS: another device of this id. */
enum otter_status enrol(struct svc *svc, struct svc_call *call, const struct enrolment *e, bool *ret_created);
/* Is this the token of the secret's text? */
bool enrolment_token_is(const char *secret, const struct otter_digest *token_hash);

/* ---- device_acts.c: one device, one act; inside a transaction of the writer ---- */

/* A line of the device's timeline. */
enum otter_status device_note(struct svc *svc, struct svc_call *call, uint32_t index, const char *kind,
                              const char *detail);
/* The device's marks, all zero if there are none. */
enum otter_status device_marks(struct svc *svc, struct svc_call *call, struct store *store, uint32_t index,
                               struct store_marks *ret);

/* Not a device's own refusal, but trouble that ends the whole call. */
bool change_broken(enum otter_status status);

/* What is to be done to each device of a bulk change; see device_change.c. */
struct device_change {
    struct svc *svc;
    struct svc_call *call;
    const char *verb;
    /* label */
    json_t *add_tags, *remove_tags, *attributes;
    /* hold, retire */
    const char *reason;
    /* pin */
    int64_t release;
    char release_hex[OTTER_DIGEST_HEX + 1];
    /* retry; 0: the newest */
    int64_t rollout;
    char note[STORE_REASON_MAX + 1]; /* the timeline's detail */
};

/*
 * OK with *ret_changed, or why this device cannot be changed so, with *err saying it; or a status that is
 * change_broken().
 */
typedef enum otter_status device_act(struct device_change *change, uint32_t index, bool *ret_changed,
                                     struct host_error *err);
device_act act_label, act_hold, act_unhold, act_pin, act_unpin, act_retry, act_retire, act_reinstate;
device_act act_rotate, act_revoke; /* credentials.c */

/* ---- grant.c: the facts of a device and a rollout, as memory knows them ---- */

/* May the newest attempt not be repeated? */
bool device_attempt_over(const struct fleet_device *d);
/* ---- digests.c: whose image is this? ---- */

struct digest_use {
    struct otter_digest sha256;
    size_t release; /* index in the catalog */
};

/* All images of all releases, sorted by digest; borrows nothing. */
struct digest_map {
    size_t count;
    struct digest_use *use;
};
bool digest_map_make(const struct catalog *c, struct digest_map *ret);
bool digest_map_make_papers(const struct catalog *c, struct digest_map *ret); /* bills of materials, notes */
void digest_map_free(struct digest_map *map);
#define auto_digest_map HOST_CLEANUP(digest_map_free)
/* The first use of a digest (others follow it), or NULL. */
const struct digest_use *digest_map_find(const struct digest_map *map, const struct otter_digest *sha256);
/* The next of the same digest, or NULL. */
const struct digest_use *digest_map_next(const struct digest_map *map, const struct digest_use *use);

/* ---- release_use.c: who needs a release ---- */

struct release_use {
    uint64_t running; /* devices in service that run one of its images */
    uint64_t pinned;
    uint64_t attempts;  /* open ones */
    uint64_t rollouts;  /* of it, that have not ended */
    uint64_t ways_back; /* rollouts that have not ended and would go back to it */
};
/* One for each release of the catalog, in one pass over the fleet; the caller frees. NULL: out of memory.
 * call: devices are counted that who asks may see; NULL: all. */
struct release_use *release_uses(struct svc *svc, const struct catalog *c, const struct digest_map *map,
                                 const struct svc_call *call);
/* Draft, running or paused? */
bool rollout_is_live(enum policy_rollout_state state);

/* ---- freeze.c ---- */

json_t *json_freeze(const struct store_freeze *freeze); /* null if not frozen */

/* ---- gc.c ---- */

/* Blobs that a committed gc has to remove; writer thread, after the catalog was read anew. */
struct gc_plan;
void gc_carry_out(struct svc *svc, struct gc_plan *plan);
void gc_plan_free(struct gc_plan *plan);
/* Somebody was told that this blob is held: it is not dropped for a while. Writer thread. */
void gc_announced(struct svc *svc, const struct otter_digest *digest);

#define GC_ANNOUNCED 64u
struct gc_announced {
    struct otter_digest digest;
    int64_t at; /* 0: none */
};

#endif
