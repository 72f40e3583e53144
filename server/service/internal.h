/* Inside server/service only: the services of one data directory, and what its parts ask of each other. */
#ifndef OTTER_SERVICE_INTERNAL_H
#define OTTER_SERVICE_INTERNAL_H

#include "core/verify.h"
#include "fleet/fleet.h"
#include "fleet/pack.h"
#include "host/crypto.h"
#include "policy/decide.h"
#include "policy/phase.h"
#include "policy/plan.h"
#include "policy/target.h"
#include "service/audit.h"
#include "service/clockwatch.h"
#include "service/fleet_work.h"
#include "service/health.h"
#include "service/offer_keys.h"
#include "service/open_attempts.h"
#include "service/operators.h"
#include "service/pace.h"
#include "service/progress.h"
#include "service/served.h"
#include "service/service.h"
#include "store/blobs.h"
#include "store/store.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>

#define SVC_OFFER_DEADLINE 86400u /* seconds from `issued` */

/* ---- catalog: roots, releases and rollouts as an unchanging picture in memory; the writer replaces it whole
 * ---- */

struct catalog_release {
    int64_t num;
    struct otter_digest id;
    uint64_t size; /* of the envelope */
    int64_t published;
    bool signature_checked;
    int64_t withdrawn, pruned; /* 0: not */
    char withdrawn_reason[STORE_REASON_MAX + 1];
    struct otter_manifest manifest;
};

/* Published bytes: devices ask for them, and no list may hold them up. */
struct catalog_root {
    uint64_t version;
    char *envelope;
    size_t len;
};

struct catalog_rollout {
    struct store_rollout row;
    enum policy_rollout_state state;
    struct policy_target target;
    const struct catalog_release *release;
    struct policy_plan plan;
    uint8_t *members; /* of a plan that nobody may join: bit index % 8 of byte index / 8 */
    size_t members_len;
};

/* A saved group: an expression with a name, and how often its devices poll. */
struct catalog_group {
    struct store_group row;
    struct policy_target target;
};

struct catalog {
    atomic_uint refs;
    uint32_t generation; /* from 1, rising */
    bool has_root;
    struct otter_root root; /* the newest */
    size_t root_count;
    struct catalog_root *roots; /* by version */
    struct store_freeze freeze;
    size_t release_count;
    struct catalog_release *releases; /* by num */
    size_t rollout_count;
    struct catalog_rollout *rollouts; /* by id */
    size_t group_count;
    struct catalog_group *groups; /* by name */
    size_t paced_count;
    const struct catalog_group **paced;   /* those with a poll interval, the shortest first */
    bool pace_moves;                      /* by time alone, or with each poll */
    const struct catalog_rollout **order; /* the same, the one that wins over the others first */
    struct operators operators;
    size_t fleet_key_count;
    struct store_fleet_key *fleet_keys;
};

/* A reference; give it back. Any thread. */
struct catalog *catalog_get(struct svc *svc);
void catalog_put(struct catalog *catalog);
void catalog_cleanup(struct catalog **catalog);
#define auto_catalog HOST_CLEANUP(catalog_cleanup)
/* Reads it anew from the store; writer thread (or before the threads start). */
enum otter_status catalog_reload(struct svc *svc, struct store *store);
/*
 * The same behind a commit. False: it could not be read, which is logged, and the writer's next turns try
 * again. Writer thread.
 */
bool catalog_follow(struct svc *svc);
const struct catalog_release *catalog_release_by_id(const struct catalog *c, const struct otter_digest *id);
const struct catalog_release *catalog_release_by_num(const struct catalog *c, int64_t num);
const struct catalog_rollout *catalog_rollout_by_id(const struct catalog *c, int64_t id);
/* NULL if there is no such version. */
const struct catalog_root *catalog_root_by_version(const struct catalog *c, uint64_t version);
/* The plan of a row, also of one from before there were plans. False: it cannot be read. */
bool catalog_plan(const struct store_rollout *row, struct policy_plan *ret);
/* Parts of reading a catalog: of a rollout whose row, state and release are set; and, with all of them, their
 * order (false when out of memory). */
enum otter_status catalog_rollout_load(struct catalog_rollout *r, struct store *store);
void catalog_rollout_free(struct catalog_rollout *r);
bool catalog_order(struct catalog *c);
/* Did the device belong to it at its start? True where any may join. */
bool catalog_is_member(const struct catalog_rollout *r, uint32_t index);

/* ---- queues and threads ---- */

struct svc_queue {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct svc_call *first;
    struct svc_call **last;
    unsigned depth;
    bool closing;
};

void queue_init(struct svc_queue *q);
void queue_destroy(struct svc_queue *q);
bool queue_push(struct svc_queue *q, struct svc_call *call);
void queue_close(struct svc_queue *q);
/* Takes up to max calls, waiting at most wait_ms for the first. NULL: none; *ret_closed then says if it is
 * the end. */
struct svc_call *queue_take(struct svc_queue *q, unsigned max, unsigned wait_ms, bool *ret_closed);
unsigned queue_depth(struct svc_queue *q);
/* Where calls of this kind wait. */
struct svc_queue *queue_of(struct svc *svc, enum svc_op op);
/* Since when the oldest call waits (monotonic); 0: none does. */
uint64_t queue_oldest_us(struct svc_queue *q);

/* Over all devices, to store when they were last seen: the part that is being done. */
struct sweep_round {
    uint32_t at, upto; /* indexes */
    int64_t since_ms;  /* monotonic: when this part was taken on */
};

struct svc_trouble {
    pthread_mutex_t lock;
    enum otter_status status;  /* OK: none */
    int64_t since_ms, last_ms; /* monotonic: when it began, when it was met last */
    uint64_t refused;          /* calls since then */
};

struct svc {
    struct svc_config config;
    char dir[PATH_MAX];
    int lock_fd;
    struct store *writer; /* the writer thread's */
    struct store *reader; /* the reader thread's */
    struct blobs *blobs;
    struct fleet *fleet;
    struct offer_keys offer_keys;
    struct audit audit;
    uint8_t secret_key[HOST_SEAL_KEY];
    struct otter_digest admin_hash;

    pthread_mutex_t catalog_lock; /* guards the pointer */
    struct catalog *catalog;
    bool catalog_behind;           /* writer thread: the store is ahead of it */
    _Atomic uint32_t generation;   /* of the catalog */
    _Atomic uint64_t root_version; /* 0: none */
    atomic_bool paced;             /* groups of the catalog have poll intervals */

    struct svc_trouble trouble;
    struct backup *backup;      /* writer thread; NULL = none is under way */
    atomic_bool backup_running; /* the same for any thread: no blob may be removed meanwhile */
    atomic_bool stopping;
    struct svc_queue writes, reads;
    pthread_t writer_thread, reader_thread;
    bool writer_started, reader_started;

    struct progress progress;     /* writer thread */
    struct clockwatch clockwatch; /* writer thread */
    struct served served;         /* counted by the writer thread */
    struct open_attempts open;    /* writer thread */
    int64_t deadlines_at;         /* served seconds at the last look; writer thread */
    struct paces paces;
    int64_t next_sweep_ms, next_heartbeat_ms, next_progress;
    struct sweep_round round;                    /* writer thread */
    struct gc_announced announced[GC_ANNOUNCED]; /* writer thread */
    unsigned announced_next;

    _Atomic uint64_t offers, reports, commits, committed_calls;
    int64_t started; /* wall clock */
    uint64_t started_mono_ms;
    struct svc_counts counts;
    struct svc_work writing, reading;
    struct events_burst burst; /* writer thread */
    struct svc_watch watch;
    struct requests *requests; /* credentials.h */
};

int64_t svc_now(const struct svc *svc);
/* The like with steps of the clock left out for a day (clockwatch.h): for what cannot be taken back. Writer
 * thread. */
int64_t svc_steady(const struct svc *svc);
/* Milliseconds that only rise, beside which steps of the wall's clock are told. */
int64_t svc_mono_ms(const struct svc *svc);
/* The seed of a new rollout, which shuffles devices into its phases. */
void svc_shuffle(const struct svc *svc, void *out, size_t len);

/* Seconds that otterd has served, over all its lives. Any thread. */
int64_t svc_served(const struct svc *svc);
/* What meters go by: microseconds since the epoch at the start, and of the clock that never steps from then
 * on. Any thread. */
int64_t svc_pace_now_us(const struct svc *svc);

/* ---- a call ---- */

/* The refusal for want of memory. */
enum otter_status svc_out_of_memory(struct svc_call *call);
/* Sets out.error and returns the status, so that `return svc_refuse(...)` is one line. */
enum otter_status svc_refuse(struct svc_call *call, enum otter_status status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The like with an offset in the body. */
enum otter_status svc_refuse_at(struct svc_call *call, enum otter_status status, size_t at, const char *fmt,
                                ...) __attribute__((format(printf, 4, 5)));
/* The like, keeping the message that a function of lib/host left in out.error: BAD_VALUE. */
enum otter_status svc_refuse_host(struct svc_call *call);
/* Are the members of a body those of the NULL-ended list, '*' before the required ones? BAD_VALUE (no
 * object), MISSING_MEMBER, UNKNOWN_MEMBER, with *err naming it. */
enum otter_status svc_shape(const json_t *body, const char *const *members, struct host_error *err);
/* A status of the store, with a message if it is not OK. */
enum otter_status svc_stored(struct svc_call *call, enum otter_status status);

/* Answers with a copy of the bytes; out.body stays NULL when memory is short. */
void svc_answer_bytes(struct svc_call *call, const char *bytes, size_t len);

/* ---- effects: what a committed call changes in memory ---- */

enum effect_kind {
    EFFECT_DEVICE,
    EFFECT_LABELS,
    EFFECT_ATTEMPT,
    EFFECT_MARKS,
    EFFECT_TOKEN,
    EFFECT_SECOND,
    EFFECT_ROTATE,
    EFFECT_REQUEST,
    EFFECT_REQUEST_GONE
};

/* What only a new device brings. */
struct effect_device {
    char id[OTTER_NAME_BUF], product[OTTER_NAME_BUF], hardware[OTTER_NAME_BUF];
    struct otter_digest token_hash;
    uint8_t sealed[STORE_SEALED_LEN];
};

struct effect {
    struct effect *next;
    enum effect_kind kind;
    uint32_t index;
    struct effect_device *device; /* DEVICE */
    /* DEVICE, LABELS: copies, one behind the other */
    char *labels;
    size_t tags_len, own_len, operator_len;
    /* ATTEMPT */
    uint64_t attempt;
    int64_t rollout;
    uint32_t step;
    enum otter_update_state state;
    enum otter_status reason;
    enum otter_slot slot;
    bool retry;
    int64_t served;
    /* MARKS */
    uint8_t marks; /* enum fleet_mark */
    uint32_t pin;
    /* TOKEN, SECOND */
    struct store_token_row *token;
    /* ROTATE */
    bool rotate;
    /* REQUEST; GONE: its id */
    struct store_request *request;
};

struct svc_effects {
    struct effect *first;
    struct effect **last;
    bool catalog;  /* releases, rollouts or roots changed */
    bool opened;   /* a phase opened: it may be through already */
    int64_t ended; /* rollout of which an attempt ended; 0 = none */
    struct gc_plan *gc;
    struct paces *paces; /* of `taken`, which is put back unless it is published */
    struct pace_taken taken;
    /* for counters and events */
    struct event_item *events; /* told after the commit */
    bool granted, repeated;
    bool reported; /* a report moved an attempt */
    enum otter_update_state report_state;
    enum otter_status report_reason;
    int64_t lost; /* rollout of which an attempt was lost; 0 = none */
    uint32_t lost_device;
    enum otter_update_state lost_state;
    enum otter_status lost_reason;
};

/* enum fleet_mark of a row of the store. */
uint8_t marks_in_memory(const struct store_marks *row);

/* False when out of memory. */
bool effects_device(struct svc_call *call, const struct store_device *row);
bool effects_labels(struct svc_call *call, uint32_t index, const struct store_device *row);
bool effects_attempt(struct svc_call *call, uint32_t index, const struct store_attempt *row);
bool effects_marks(struct svc_call *call, uint32_t index, const struct store_marks *row);
bool effects_token(struct svc_call *call, uint32_t index, const struct store_token_row *row);
bool effects_second(struct svc_call *call, uint32_t index, const struct store_token_row *row);
bool effects_rotate(struct svc_call *call, uint32_t index, bool rotate);
/* there: it is to be taken down; else all of its id are gone. */
bool effects_request(struct svc_call *call, const struct store_request *row, bool there);
/* NULL when out of memory. */
struct svc_effects *effects_of(struct svc_call *call);
void effects_publish(struct svc *svc, struct svc_call *call);
void effects_drop(struct svc_call *call);

/* ---- parts ---- */

/* Otter-HMAC: unseals a device's secret into its record (locked), if plain_devices is on. False: it is not
 * what was sealed, or out of memory. */
bool auth_hold_secret(const struct svc *svc, struct fleet_device *d, const uint8_t sealed[STORE_SEALED_LEN]);

/* Is this what a store answers that cannot do its work, rather than a refusal? */
bool trouble_is(enum otter_status status);
/* Met a trouble that made so many calls fail; any thread. It is logged once. */
void trouble_note(struct svc *svc, enum otter_status status, uint64_t refused);
/* A change was stored; ends the trouble when none was met for a while. */
void trouble_stored(struct svc *svc);

bool bootstrap_files(struct svc *svc, char ret_new_token[64], struct host_error *err);
bool load_all(struct svc *svc, struct host_error *err, int *ret_exit);
/* The part of it with a row a device, by two threads: devices with their states, and newest attempts.
 * *ret_trouble: what is wrong with the rows, or NULL. */
enum otter_status load_fleet(struct svc *svc, const char **ret_trouble);
void *writer_main(void *svc);
/* Behind a commit: memory is changed by the effects of a list of calls. Writer thread. */
void writer_publish(struct svc *svc, struct svc_call *list);
/* Meters as the attempts of the rollouts that run have left them. */
enum otter_status pace_load(struct svc *svc);
void *reader_main(void *svc);

/* Writes up to max records behind: dirty ones, then those seen of the round's part; returns how many. Inside
 * a transaction of the writer. */
struct sweep_result {
    enum otter_status status;
    unsigned rows;
};
struct sweep_result sweep_some(struct svc *svc, unsigned max);
/* Of so many devices, those that a round goes over in a time: when a device was last seen is stored within a
 * tenth of the poll interval, and within SWEEP_ROUND_MAX_MS. */
#define SWEEP_PARTS        10
#define SWEEP_ROUND_MAX_MS 300000
uint32_t sweep_share(uint32_t devices, int64_t elapsed_ms, uint32_t poll_interval_s);
void sweep_tick(struct svc *svc, bool all);

enum otter_status idempotency_check(struct svc *svc, struct svc_call *call, bool *ret_answered);
enum otter_status idempotency_keep(struct svc *svc, struct svc_call *call);

/* poll: from memory */
bool poll_try(struct svc *svc, struct svc_call *call);
/* The answer when nothing can be stored: what was granted before and is not over by `last`, nothing new.
 * `last` waits for a later poll. */
enum otter_status poll_unstored(struct svc *svc, struct svc_call *call);
/* Grants what the catalog and the store allow. On entry *ret is the device's newest attempt, or its id is 0:
 * what has ended of it counts as it is there. *ret becomes the new attempt, or its id 0. */
enum otter_status grant(struct svc *svc, struct svc_call *call, uint32_t index, struct store_attempt *ret);
/* For how long nothing is granted, as far as time alone decides. */
struct grant_wait {
    int64_t until; /* when an answer may change; 0: by time alone never */
    int64_t again; /* when it is worth to poll again; 0: as ever */
    bool moving;   /* at any moment: look at each poll */
};
/* Could a rollout be granted, as far as memory knows? Else for how long not. d is locked. */
bool grant_possible(struct svc *svc, const struct catalog *c, const struct fleet_device *d, uint32_t index,
                    const struct otter_poll *poll, struct grant_wait *ret_wait);
/* Nothing is granted to it: d is locked. */
void grant_settle(struct fleet_device *d, uint32_t generation, int64_t now, const struct grant_wait *wait);
/* Retry-After: the sooner of the poll's interval and the moment that is worth it. */
void poll_come_again(struct svc_call *call, int64_t now, const struct grant_wait *wait);
/* The device, locked, as target expressions see it at a time. */
void device_subject(const struct fleet_device *d, int64_t now, struct policy_subject *ret);
bool device_attempt_open(const struct fleet_device *d);
/* Has the attempt ended for good, as far as operators go? One that the server itself spoiled has not. */
bool attempt_is_over(const struct store_attempt *row);
const char *device_state_name(const struct fleet_device *d);

/* Signs an offer into out.body: attempt NULL = 'nothing for you'. */
enum otter_status offer_sign(struct svc *svc, struct svc_call *call, uint64_t attempt, enum otter_slot slot,
                             const struct catalog_release *release);

/* Brings an attempt to a state: row, counts, effect, in the writer's transaction. row->step is already set.
 */
enum otter_status attempt_move(struct svc *svc, struct svc_call *call, uint32_t index,
                               struct store_attempt *row, enum otter_update_state state,
                               enum otter_status reason, const char *detail);
/* The server's own change, with an event. */
enum otter_status attempt_server_move(struct svc *svc, struct svc_call *call, uint32_t index,
                                      struct store_attempt *row, enum otter_update_state state,
                                      enum otter_status reason);
/* It may be granted again, and counts no more: a device counts once. */
enum otter_status attempt_retry(struct svc *svc, struct svc_call *call, uint32_t index,
                                struct store_attempt *row);
/* The like, since the plan lets the device try again: it was lost still. */
enum otter_status attempt_retry_by_plan(struct svc *svc, struct svc_call *call, struct store_attempt *row);
/* A report, by itself or as `last` of a poll. *row is the attempt, and is brought up to date. */
enum otter_status attempt_report(struct svc *svc, struct svc_call *call, uint32_t index,
                                 struct store_attempt *row, const struct otter_report *report);
/* Would an abort stop an attempt in this state? */
bool attempt_stoppable(enum otter_update_state state);

/* A release of the catalog as the writer's transaction sees it; and what is changed of it, stored. */
enum otter_status release_now(struct svc *svc, const struct catalog_release *known,
                              struct catalog_release *ret);
/* OK, or what devices that follow the newest root would refuse it for, with *err; writer thread. */
enum otter_status release_trusted(struct svc *svc, struct host_error *err, const struct catalog_release *r);
/* Is it such a refusal? */
bool release_distrusted(enum otter_status status);
/* A root was published: rollouts that run with a release which it does not name are halted. */
enum otter_status release_trust_changes(struct svc *svc, struct svc_call *call,
                                        const struct otter_root *root);
enum otter_status release_put(struct svc *svc, const struct catalog_release *now);
/* May new rollouts and pins name it, by what the transaction sees? RELEASE_WITHDRAWN, IMAGES_PRUNED, or what
 * release_trusted() says, with *err. */
enum otter_status release_usable(struct svc *svc, struct host_error *err,
                                 const struct catalog_release *known);
/* The answer to an action that was done, anew: as its rollout is now. Writer thread. */
void rollout_action_answer(struct svc *svc, struct svc_call *call);
/* Who asks, for lists of what happened: an operator's name, "" = not known. */
const char *rollout_who(const struct svc_call *call);
/* Does an attempt that is not installed yet end by what its rollout has come to (aborted, rolled back)? */
bool rollout_recalls(enum policy_rollout_state state);

/* Bodies. New references; NULL when out of memory. */
json_t *json_root(const struct otter_root *root);
json_t *json_release(const struct catalog_release *r);
json_t *json_rollout(struct store *store, const struct catalog *c, const struct store_rollout *row,
                     enum otter_status *ret_status);
json_t *json_attempt(struct svc *svc, const struct catalog *c, const struct store_attempt *row);
json_t *json_device(struct svc *svc, struct store *store, const struct catalog *c, uint32_t index);
json_t *json_digest(const struct otter_digest *digest);
json_t *json_reason(enum otter_status reason); /* OK: null */
/* Of in.id: FLEET_NONE or NULL, with the refusal's words set. */
uint32_t device_find(struct svc *svc, struct svc_call *call);
const struct catalog_release *release_find(const struct catalog *c, struct svc_call *call);
json_t *json_time(int64_t t); /* 0: null */

/* What a sorted list goes by: text where there is one, then number, then position, which no two items share:
 * so that a page begins where the one before ended, whatever was added meanwhile. */
struct list_key {
    const char *text; /* lives as long as the list; never NULL */
    uint64_t number;
    uint64_t position;
};

/* A page of a list: filter, cursor, sort, limit. lists.c. */
struct list_page {
    struct svc_call *call;
    const struct svc_page *page;
    struct policy_target filter;
    bool has_filter;
    int64_t now; /* of lists of devices */
    unsigned limit;
    json_t *items;
    char next[256]; /* the next page's cursor; "" after the last */
    /* in the list's own order */
    uint64_t after; /* from the cursor */
    uint64_t last;
    bool more;
    /* sorted */
    const char *column; /* NULL: not sorted */
    bool falling;
    struct list_key *keys;
    size_t count;
    struct list_key from; /* from the cursor */
    char from_text[OTTER_NAME_BUF];
    bool has_from;
};

/* Makes the item at a position; a new reference. */
struct list_maker {
    json_t *(*make)(struct list_maker *self, uint64_t position);
};

/* BAD_VALUE, BAD_TARGET. sorts: columns allowed, NULL-ended. */
enum otter_status list_begin(struct list_page *l, struct svc_call *call, const char *const *sorts);
/* The like where the filter is about devices: it may name saved groups, and ages are before now. */
enum otter_status list_begin_devices(struct list_page *l, struct svc *svc, struct svc_call *call,
                                     const char *const *sorts);
bool list_wants(const struct list_page *l, const struct policy_subject *subject);
/* Does the filter ask for retired devices by name? */
bool list_wants_retired(const struct list_page *l);
/* Unsorted: keeps an item (stolen, may be NULL: out of memory); position rises. False: the page is full. */
bool list_add(struct list_page *l, json_t *item, uint64_t position);
/* Sorted: one of all that the filter wants. False when out of memory. */
bool list_key(struct list_page *l, const struct list_key *key);
/* The answer. maker is asked for the items of a sorted page; NULL for lists that cannot be sorted. */
enum otter_status list_end(struct list_page *l, struct list_maker *maker);
/* The like for a list that is made whole: sorted by that member of its items, else in their order. */
enum otter_status list_end_small(struct list_page *l, const json_t *items);
/* Instead of list_end: gives up. Returns the status. */
enum otter_status list_drop(struct list_page *l, enum otter_status status);

/* ---- group_set.c, group_pace.c: saved groups; more in groups.h ---- */

/* An operator's expression, by the groups of a catalog: false with *ret_error. target_read: OK, or BAD_TARGET
 * with the refusal's words, of `member`, and its place; so does target_refuse tell of an error. */
bool target_compile(const struct catalog *c, const char *text, struct policy_target *ret,
                    struct policy_target_error *ret_error);
enum otter_status target_read(struct svc_call *call, const struct catalog *c, const char *member,
                              const char *text, struct policy_target *ret);
enum otter_status target_refuse(struct svc_call *call, const char *member,
                                const struct policy_target_error *error);

/* Seconds in which a device is expected to poll again: the shortest of its groups' intervals, else the
 * server's. Takes the device's lock. Any thread. */
uint32_t groups_poll_interval(struct svc *svc, uint32_t index);
/* Something was said or set that targets may ask about: grants and pace of the device, which is locked, are
 * looked up again. */
void device_changed(struct svc *svc, struct fleet_device *d, uint32_t index);
/* Bit i: the group of the plan's i-th phase holds the device. */
uint32_t groups_phase_bits(const struct catalog *c, const struct policy_plan *plan,
                           const struct policy_subject *subject);

/* ---- operations: one function each; writer ones run inside a transaction ---- */
typedef enum otter_status svc_handler(struct svc *svc, struct svc_call *call);
svc_handler op_poll, op_report, op_attributes, op_root_publish, op_release_publish, op_image_key_add,
    op_rollout_create, op_rollout_action, op_device_create, op_device_batch, op_device_patch,
    op_upload_create, op_device_change, op_device_import, op_release_withdraw, op_gc, op_freeze;
svc_handler op_device_timeline, op_fleet_summary, op_release_deps;
svc_handler op_group_put, op_group_delete, op_group_get, op_group_list;
svc_handler op_audit_list, op_audit_head, op_audit_export, op_audit_prune;
svc_handler op_operator_add, op_operator_change, op_operator_remove, op_operator_get, op_operator_list;
svc_handler op_whoami, op_token_new, op_token_revoke, op_token_list;
svc_handler op_root_get, op_status, op_metrics, op_root_list, op_release_list, op_release_get,
    op_release_manifest, op_image_key_list, op_rollout_list, op_rollout_get, op_rollout_attempts,
    op_device_list, op_device_get, op_device_attempts;

#endif
