/*
 * What otterd keeps: rows and the operations on them, behind one table of functions. SQLite is the first
 * implementation, PostgreSQL will be the second; tests/unit/store holds the conformance suite for any.
 *
 * A `struct store` is one connection, used by one thread at a time: otterd opens one writer and one reader.
 * Every operation returns OK or: NOT_FOUND, ALREADY_EXISTS (a unique key is taken), STORE_FULL, TOO_BUSY,
 * STORE_DAMAGED, IO_ERROR. Rows given to a visitor are valid during the call only. Names of states and
 * reasons are stored by wire name, so that the numbers of an enum may change. Times are Unix seconds; 0 = not
 * yet.
 */
#ifndef OTTER_STORE_H
#define OTTER_STORE_H

#include "core/documents.h"
#include "core/wire.h"
#include "host/audit.h"
#include "host/error.h"

struct store {
    const struct store_ops *ops;
};

struct store_root {
    uint64_t version;
    int64_t published;
    const char *envelope; /* exact bytes */
    size_t len;
};

struct store_release {
    int64_t num;            /* out of release_add */
    struct otter_digest id; /* SHA-256 of the envelope */
    const char *product;
    uint64_t epoch;
    uint64_t sequence;
    int64_t published;
    bool signature_checked;
    int64_t withdrawn; /* by an operator; 0: not */
    const char *withdrawn_reason;
    int64_t pruned; /* its images were removed from the server */
    const char *envelope;
    size_t len;
};

struct store_image_key {
    char product[OTTER_NAME_BUF];
    struct otter_digest kid;
    uint8_t spki[OTTER_SPKI_LEN];
    int64_t created;
};

#define STORE_PHASES_MAX 16u
#define STORE_SEED_LEN   16u
#define STORE_TARGET_MAX 1024u
#define STORE_PLAN_MAX   8192u
#define STORE_REASON_MAX 256u /* bytes of what an operator gives as a reason */

struct store_phase {
    unsigned percent;
    uint64_t upto; /* positions below (cohort << 32 and lower bits); 0 while waiting */
    uint32_t devices;
    bool widened;
    int64_t opened;
    int64_t completed;
    uint32_t acknowledged; /* losses that resuming took as seen */
    bool warned;           /* of its losses */
};

struct store_rollout {
    int64_t id; /* out of rollout_add; also its sequence for precedence */
    uint8_t seed[STORE_SEED_LEN];
    char name[OTTER_NAME_BUF];
    int64_t release;
    char target[STORE_TARGET_MAX + 1];
    char state[16];
    bool auto_advance;
    int64_t priority;
    unsigned phase; /* newest open phase, from 1; 0 before the start */
    unsigned phase_count;
    struct store_phase phases[STORE_PHASES_MAX];
    int64_t created;
    int64_t started;
    int64_t finished;
    char plan[STORE_PLAN_MAX + 1]; /* canonical JSON; "" in a rollout from before there were plans */
    char state_reason[STORE_REASON_MAX + 1]; /* why it came into its state; "" = nothing to say */
    int64_t state_at;                        /* when; 0 in one from before */
    char created_by[OTTER_NAME_BUF];         /* operators; "" = not known */
    char approved_by[OTTER_NAME_BUF];
    unsigned approved_phase; /* up to this one, from 1; 0: none */
    int64_t parent;          /* the rollout that this one rolls back; 0: none */
    int64_t child;           /* the one that rolls this one back; 0: none */
    int64_t through_at;      /* when the newest phase was through, for its soak time; 0: it is not */
    int64_t resumed_at;      /* 0: never */
};

/* Something that happened to a rollout: by itself, or by an operator. */
struct store_rollout_event {
    int64_t num; /* out of rollout_events: rising */
    int64_t rollout;
    int64_t at;
    const char *kind;
    const char *who;    /* an operator's name; "" = otterd itself */
    const char *detail; /* JSON; "" = none */
};

/* The devices that a rollout was made for, when none may join it later: bit (num - 1) % 8 of byte
 * (num - 1) / 8. */
struct store_members {
    int64_t rollout;
    const uint8_t *bits;
    size_t len; /* devices behind its end are no members */
};

/* A target under a name. */
struct store_group {
    char name[OTTER_NAME_BUF];
    char target[STORE_TARGET_MAX + 1];
    uint32_t poll_interval; /* seconds; 0: the server's */
    int64_t created;
    int64_t updated;
};

#define STORE_ROLE_MAX  15u
#define STORE_LABEL_MAX 64u

struct store_operator {
    char name[OTTER_NAME_BUF];
    int64_t created;
    int64_t disabled; /* since when no token of this operator counts; 0: they count */
};

/* A role of an operator, for one product or for "*". */
struct store_grant {
    char operator[OTTER_NAME_BUF];
    char role[STORE_ROLE_MAX + 1];
    char product[OTTER_NAME_BUF];
};

struct store_token {
    int64_t num; /* out of token_add: rising, never again */
    char operator[OTTER_NAME_BUF];
    char label[STORE_LABEL_MAX + 1];
    struct otter_digest hash; /* SHA-256 of the token */
    int64_t parent;           /* the token it was made by; 0: admin.token, or not known */
    int64_t created;
    int64_t expires; /* 0: never */
    int64_t used;    /* roughly; 0: never */
};

/* Strings one behind the other, each with its NUL: tags, or names and values in turn. An empty one ends it
 * (and is counted in len); len 0 = nothing. */
struct store_pack {
    const char *data;
    size_t len;
};

#define STORE_SEALED_LEN 60u /* 32-byte secret, sealed */

struct store_device {
    int64_t num; /* out of device_add: 1, 2, 3, ... */
    const char *id;
    const char *product;
    const char *hardware;
    struct otter_digest token_hash;
    uint8_t sealed[STORE_SEALED_LEN];
    struct store_pack tags;
    struct store_pack own_attrs;      /* set by the device */
    struct store_pack operator_attrs; /* win over the device's */
    int64_t created;
};

/* A token and its secret. */
struct store_token_row {
    struct otter_digest hash;
    uint8_t sealed[STORE_SEALED_LEN];
};

/* A device that is to change its token, and, once it has offered one, the new one. */
struct store_second {
    int64_t device;
    int64_t asked; /* when an operator did */
    bool offered;
    struct store_token_row token; /* with `offered` */
};

#define STORE_ADDRESS_MAX 63u

/* Somebody who asks to be taken as a device; one row for each token that an id was asked for with. */
struct store_request {
    char id[OTTER_NAME_BUF];
    char product[OTTER_NAME_BUF];
    char hardware[OTTER_NAME_BUF];
    char address[STORE_ADDRESS_MAX + 1]; /* the newest one that it came from */
    struct store_token_row token;
    bool fleet_key; /* proved the product's fleet key */
    int64_t first, last;
    uint64_t times; /* roughly: as often as it was written down */
};

/* What devices of a product prove themselves with at their first boot. */
struct store_fleet_key {
    struct otter_digest id; /* SHA-256 of the key */
    char product[OTTER_NAME_BUF];
    uint8_t sealed[STORE_SEALED_LEN];
    int64_t created;
};

/* What a device says of itself; written behind, in batches. */
struct store_device_state {
    int64_t device;
    struct otter_running running;
    uint64_t epoch;
    uint64_t sequence;
    uint64_t root;
    bool stale;
    enum otter_status refused; /* OTTER_OK: none */
    int64_t first_seen;
    int64_t last_seen;
};

struct store_attempt {
    uint64_t id; /* out of attempt_add: from 111 on, never again */
    int64_t device;
    int64_t rollout;
    unsigned phase; /* from 1 */
    enum otter_update_state state;
    enum otter_status reason; /* OTTER_OK: none */
    char detail[OTTER_DETAIL_MAX + 1];
    enum otter_slot slot; /* of the image offered */
    uint64_t bytes;
    uint32_t step; /* highest step reported */
    int64_t created;
    int64_t updated;
    int64_t finished;
    bool retry; /* another one was asked for: this one is in no count any more */
    bool
        retry_by_plan; /* with `retry`: by the plan and by no operator, so it is a loss of the device still */
    int64_t served;    /* seconds that otterd had served, over all its lives, at the grant ... */
    int64_t served_updated; /* ... and at the last change */
};

/* Lost attempts of a device: failed, reverted or timed out. */
struct store_losses {
    unsigned count;
    enum otter_status last_reason; /* OTTER_OK: none */
    int64_t last_at;               /* 0: none */
};

struct store_event {
    uint64_t attempt;
    uint32_t step; /* the device's; 0 = the server's own */
    int64_t at;
    enum otter_update_state state;
    enum otter_status reason;
    char detail[OTTER_DETAIL_MAX + 1];
};

/* What an operator has set on a device; times are 0 where it is not set. */
struct store_marks {
    int64_t device;
    int64_t held;
    char held_reason[STORE_REASON_MAX + 1];
    int64_t pinned;
    int64_t pin; /* num of the release */
    int64_t retired;
    char retired_reason[STORE_REASON_MAX + 1];
    int64_t revoked; /* its token */
};

/* What an operator did to a device. */
struct store_device_event {
    int64_t device;
    int64_t at;
    const char *kind;
    const char *detail;
};

/* All that happened to a device, by time; equal times by source and number, so that a page ends anywhere. */
enum store_source { STORE_FROM_ENROLMENT, STORE_FROM_ATTEMPT, STORE_FROM_OPERATOR };

struct store_moment_key {
    int64_t at;
    int64_t source; /* enum store_source */
    int64_t number;
};

struct store_moment {
    struct store_moment_key key;
    const char *kind;        /* "enrolled", "first-seen", "attempt", or an operator's */
    const char *detail;      /* never NULL */
    struct store_event step; /* kind attempt */
    int64_t rollout;         /* kind attempt */
};

/* All rollouts stand still; since 0: they do not. */
struct store_freeze {
    int64_t since;
    char reason[STORE_REASON_MAX + 1];
};

struct store_count {
    unsigned phase;
    enum otter_update_state state;
    enum otter_status reason;
    uint64_t n;
};

struct store_answer {
    struct otter_digest request; /* digest over the request that had the key */
    enum otter_status status;
    bool created;
    const char *body; /* JSON */
    size_t len;
};

/* One visitor a row type; false from it ends the listing (the operation is then still OK). */
struct store_root_visitor {
    bool (*row)(struct store_root_visitor *self, const struct store_root *row);
};
struct store_release_visitor {
    bool (*row)(struct store_release_visitor *self, const struct store_release *row);
};
struct store_image_key_visitor {
    bool (*row)(struct store_image_key_visitor *self, const struct store_image_key *row);
};
struct store_rollout_visitor {
    bool (*row)(struct store_rollout_visitor *self, const struct store_rollout *row);
};
struct store_device_visitor {
    bool (*row)(struct store_device_visitor *self, const struct store_device *row);
};
/* state NULL: the device never polled. */
struct store_fleet_visitor {
    bool (*row)(struct store_fleet_visitor *self, const struct store_device *row,
                const struct store_device_state *state);
};
/* Who took part in a rollout; retry: may have another attempt in it. */
struct store_part_visitor {
    bool (*part)(struct store_part_visitor *self, int64_t device, bool retry); /* false stops */
};

struct store_attempt_visitor {
    bool (*row)(struct store_attempt_visitor *self, const struct store_attempt *row);
};
struct store_event_visitor {
    bool (*row)(struct store_event_visitor *self, const struct store_event *row);
};
struct store_count_visitor {
    bool (*row)(struct store_count_visitor *self, const struct store_count *row);
};
struct store_answer_visitor {
    bool (*row)(struct store_answer_visitor *self, const struct store_answer *row);
};
struct store_marks_visitor {
    bool (*row)(struct store_marks_visitor *self, const struct store_marks *row);
};
struct store_rollout_event_visitor {
    bool (*row)(struct store_rollout_event_visitor *self, const struct store_rollout_event *row);
};
struct store_members_visitor {
    bool (*row)(struct store_members_visitor *self, const struct store_members *row);
};
struct store_group_visitor {
    bool (*row)(struct store_group_visitor *self, const struct store_group *row);
};
struct store_operator_visitor {
    bool (*row)(struct store_operator_visitor *self, const struct store_operator *row);
};
struct store_grant_visitor {
    bool (*row)(struct store_grant_visitor *self, const struct store_grant *row);
};
struct store_token_visitor {
    bool (*row)(struct store_token_visitor *self, const struct store_token *row);
};
struct store_second_visitor {
    bool (*row)(struct store_second_visitor *self, const struct store_second *row);
};
struct store_request_visitor {
    bool (*row)(struct store_request_visitor *self, const struct store_request *row);
};
struct store_fleet_key_visitor {
    bool (*row)(struct store_fleet_key_visitor *self, const struct store_fleet_key *row);
};
struct store_moment_visitor {
    bool (*row)(struct store_moment_visitor *self, const struct store_moment *row);
};

struct store_audit_visitor {
    bool (*row)(struct store_audit_visitor *self, const struct audit_entry *row);
};

struct store_ops {
    void (*close)(struct store *self);

    /* Transactions of the writer. durable: commit returns when the medium has it; else a crash may lose it,
     * never damage it. One level of savepoints inside. */
    enum otter_status (*begin)(struct store *self, bool durable);
    enum otter_status (*commit)(struct store *self);
    void (*rollback)(struct store *self);
    enum otter_status (*savepoint)(struct store *self);
    enum otter_status (*savepoint_release)(struct store *self);
    enum otter_status (*savepoint_undo)(struct store *self); /* and releases it */

    /* Numbers by name. */
    enum otter_status (*meta_get)(struct store *self, const char *name, int64_t *ret);
    enum otter_status (*meta_put)(struct store *self, const char *name, int64_t value);

    enum otter_status (*root_add)(struct store *self, const struct store_root *row);
    enum otter_status (*root_get)(struct store *self, uint64_t version, struct store_root_visitor *visitor);
    enum otter_status (*roots)(struct store *self, struct store_root_visitor *visitor); /* rising */

    enum otter_status (*release_add)(struct store *self, const struct store_release *row, int64_t *ret_num);
    enum otter_status (*release_image_add)(struct store *self, int64_t release,
                                           const struct otter_manifest_image *image);
    enum otter_status (*release_get)(struct store *self, const struct otter_digest *id,
                                     struct store_release_visitor *visitor);
    enum otter_status (*releases)(struct store *self, struct store_release_visitor *visitor); /* by num */
    /* withdrawn, withdrawn_reason and pruned of the release `num` */
    enum otter_status (*release_update)(struct store *self, const struct store_release *row);

    enum otter_status (*image_key_add)(struct store *self, const struct store_image_key *row);
    /* product NULL: all */
    enum otter_status (*image_keys)(struct store *self, const char *product,
                                    struct store_image_key_visitor *visitor);

    enum otter_status (*rollout_add)(struct store *self, const struct store_rollout *row, int64_t *ret_id);
    /* All but what it was made with: seed, name, release, target, auto_advance, priority, created, plan,
     * created_by, parent. */
    enum otter_status (*rollout_update)(struct store *self, const struct store_rollout *row);
    enum otter_status (*rollout_get)(struct store *self, int64_t id, struct store_rollout *ret);
    enum otter_status (*rollouts)(struct store *self, struct store_rollout_visitor *visitor); /* by id */

    enum otter_status (*rollout_event_add)(struct store *self, const struct store_rollout_event *row);
    /* By num, rising, from above `after` on. rollout 0: of any. */
    enum otter_status (*rollout_events)(struct store *self, int64_t rollout, int64_t after,
                                        struct store_rollout_event_visitor *visitor);
    /* get: NOT_FOUND for a rollout without: each device of its target may join it. */
    enum otter_status (*members_put)(struct store *self, const struct store_members *row);
    enum otter_status (*members_get)(struct store *self, int64_t rollout,
                                     struct store_members_visitor *visitor);

    /* put: new, or in the place of the one of that name, whose `created` stays. delete: NOT_FOUND. */
    enum otter_status (*group_put)(struct store *self, const struct store_group *row);
    enum otter_status (*group_delete)(struct store *self, const char *name);
    enum otter_status (*groups)(struct store *self, struct store_group_visitor *visitor); /* by name */

    /* put: new, or in the place of the one of that name, whose `created` stays. delete: with all grants and
     * tokens of that name; NOT_FOUND. */
    enum otter_status (*operator_put)(struct store *self, const struct store_operator *row);
    enum otter_status (*operator_delete)(struct store *self, const char *name);
    enum otter_status (*operators)(struct store *self, struct store_operator_visitor *visitor); /* by name */
    /* put: again is nothing new. delete: NOT_FOUND. Grants by operator, product, role. */
    enum otter_status (*grant_put)(struct store *self, const struct store_grant *row);
    enum otter_status (*grant_delete)(struct store *self, const struct store_grant *row);
    enum otter_status (*grants)(struct store *self, struct store_grant_visitor *visitor);
    /* add: ALREADY_EXISTS if the hash is taken. delete: with all that were made by it, and by those;
     * NOT_FOUND. used: the later of what is there and `at`. Tokens by num. */
    enum otter_status (*token_add)(struct store *self, const struct store_token *row, int64_t *ret_num);
    enum otter_status (*token_delete)(struct store *self, int64_t num);
    enum otter_status (*token_used)(struct store *self, int64_t num, int64_t at);
    enum otter_status (*tokens)(struct store *self, struct store_token_visitor *visitor);

    enum otter_status (*device_add)(struct store *self, const struct store_device *row, int64_t *ret_num);
    enum otter_status (*device_get)(struct store *self, const char *id, struct store_device_visitor *visitor);
    enum otter_status (*device_labels)(struct store *self,
                                       const struct store_device *row); /* tags, attributes */
    /* token_hash and sealed of the device. */
    enum otter_status (*device_token)(struct store *self, int64_t device, const struct store_token_row *row);
    /* put: in the place of the one before. get, delete: NOT_FOUND. By device. */
    enum otter_status (*second_put)(struct store *self, const struct store_second *row);
    enum otter_status (*second_get)(struct store *self, int64_t device, struct store_second *ret);
    enum otter_status (*second_delete)(struct store *self, int64_t device);
    enum otter_status (*seconds)(struct store *self, struct store_second_visitor *visitor);
    /* put: in the place of that of the same id and token. delete: all of the id, or those of them for a
     * product (NULL: for any); NOT_FOUND. forget: those that came last before. By id, then first. */
    enum otter_status (*request_put)(struct store *self, const struct store_request *row);
    enum otter_status (*request_delete)(struct store *self, const char *id, const char *product);
    enum otter_status (*requests_forget)(struct store *self, int64_t before);
    enum otter_status (*requests)(struct store *self, struct store_request_visitor *visitor);
    /* add: ALREADY_EXISTS if the id is taken. delete: NOT_FOUND. By product, then created. */
    enum otter_status (*fleet_key_add)(struct store *self, const struct store_fleet_key *row);
    enum otter_status (*fleet_key_delete)(struct store *self, const struct otter_digest *id);
    enum otter_status (*fleet_keys)(struct store *self, struct store_fleet_key_visitor *visitor);
    enum otter_status (*state_put)(struct store *self, const struct store_device_state *row);
    /* Those numbered from `from` to `upto`, by num, each with its state: several connections may read a part
     * each at once. fleet_size: the highest num. */
    enum otter_status (*fleet)(struct store *self, int64_t from, int64_t upto,
                               struct store_fleet_visitor *visitor);
    enum otter_status (*fleet_size)(struct store *self, int64_t *ret);

    /* Marks: replaced as a whole; with all times 0 there are none any more. get: NOT_FOUND without any. */
    enum otter_status (*marks_put)(struct store *self, const struct store_marks *row);
    enum otter_status (*marks_get)(struct store *self, int64_t device, struct store_marks *ret);
    enum otter_status (*marks)(struct store *self, struct store_marks_visitor *visitor);
    enum otter_status (*device_event_add)(struct store *self, const struct store_device_event *row);
    /* From above `after` on. first_seen (0: never) is not in the store soon enough, so it is told. */
    enum otter_status (*timeline)(struct store *self, int64_t device, int64_t first_seen,
                                  const struct store_moment_key *after, struct store_moment_visitor *visitor);

    enum otter_status (*freeze_put)(struct store *self, const struct store_freeze *row);
    enum otter_status (*freeze_get)(struct store *self, struct store_freeze *ret); /* OK with since 0 */

    enum otter_status (*attempt_add)(struct store *self, const struct store_attempt *row, uint64_t *ret_id);
    enum otter_status (*attempt_update)(struct store *self, const struct store_attempt *row);
    enum otter_status (*attempt_get)(struct store *self, uint64_t id, struct store_attempt *ret);
    enum otter_status (*attempt_newest)(struct store *self, int64_t device, struct store_attempt *ret);
    /* The newest of a device in a rollout. */
    enum otter_status (*attempt_in)(struct store *self, int64_t device, int64_t rollout,
                                    struct store_attempt *ret);
    /* One a device, of devices numbered from `from` to `upto`; in any order. */
    enum otter_status (*attempts_newest)(struct store *self, int64_t from, int64_t upto,
                                         struct store_attempt_visitor *visitor);
    /* By id, rising, from above `after` on. rollout or device 0: any. */
    enum otter_status (*attempts)(struct store *self, int64_t rollout, int64_t device, uint64_t after,
                                  struct store_attempt_visitor *visitor);
    /* Each attempt of a rollout, by id: of a device with several the last word counts. */
    enum otter_status (*parts)(struct store *self, int64_t rollout, struct store_part_visitor *visitor);
    /* Of a rollout, by id: all behind the newest that was created before `created`. */
    enum otter_status (*attempts_since)(struct store *self, int64_t rollout, int64_t created,
                                        struct store_attempt_visitor *visitor);
    /* All that are not finished, by id. */
    enum otter_status (*attempts_open)(struct store *self, struct store_attempt_visitor *visitor);
    /* In a row, over all rollouts: since the newest that succeeded, or that an operator had repeated. Open
     * and cancelled ones are passed over. */
    enum otter_status (*losses)(struct store *self, int64_t device, struct store_losses *ret);
    /* All of a device in one rollout, without those that an operator had repeated. */
    enum otter_status (*losses_in)(struct store *self, int64_t device, int64_t rollout,
                                   struct store_losses *ret);
    /* ALREADY_EXISTS if (attempt, step) is there: a repeated report. Step 0 may occur any number of times. */
    enum otter_status (*event_add)(struct store *self, const struct store_event *row);
    enum otter_status (*events)(struct store *self, uint64_t attempt, struct store_event_visitor *visitor);

    /* Attempts of a rollout by phase, state and reason, kept along with the attempts. */
    enum otter_status (*count_add)(struct store *self, int64_t rollout, const struct store_count *key,
                                   int delta);
    enum otter_status (*counts)(struct store *self, int64_t rollout, struct store_count_visitor *visitor);

    enum otter_status (*answer_put)(struct store *self, const char *key, int64_t now,
                                    const struct store_answer *row);
    enum otter_status (*answer_get)(struct store *self, const char *key,
                                    struct store_answer_visitor *visitor);
    enum otter_status (*answers_forget)(struct store *self, int64_t before);

    /* The audit log (host/audit.h). add: ALREADY_EXISTS. audit: by num, rising, from above `after` on; back:
     * falling, from below `before` on. get: NOT_FOUND. */
    enum otter_status (*audit_add)(struct store *self, const struct audit_entry *row);
    enum otter_status (*audit)(struct store *self, uint64_t after, struct store_audit_visitor *visitor);
    enum otter_status (*audit_back)(struct store *self, uint64_t before, struct store_audit_visitor *visitor);
    enum otter_status (*audit_get)(struct store *self, uint64_t num, struct store_audit_visitor *visitor);
    /* The newest entry of those that name the log's key; NOT_FOUND. */
    enum otter_status (*audit_notice)(struct store *self, struct store_audit_visitor *visitor);
    /* Takes away all up to that one, and with it. */
    enum otter_status (*audit_prune)(struct store *self, uint64_t through);
};

enum store_mode { STORE_WRITER, STORE_READER };

/* Why a store did not open; the values are otterd's exit codes. */
enum store_fault {
    STORE_FAULT_NONE = 0,
    STORE_FAULT_OPEN = 2,
    STORE_FAULT_DAMAGED = 4,
    STORE_FAULT_NEWER = 5
};

/* Newest schema that this program knows. */
unsigned store_schema_version(void);

/*
 * SQLite in WAL mode. The writer makes the file, checks it and brings its schema up to date; the reader wants
 * it so. NULL with *ret_fault and *ret_error.
 *
 * Every page is read and checked unless the last writer left the mark of a clean stop, which the next one
 * takes away: then the schema and the small tables are, and the tables of devices, attempts and releases when
 * they are loaded.
 */
struct store *store_sqlite_open(const char *path, enum store_mode mode, enum store_fault *ret_fault,
                                struct host_error *ret_error);

/*
 * A copy of the database that grows while the writer goes on, in the writer's thread, between transactions.
 * begin: a new file; NULL with *err. step: copies up to so many pages (-1: all that is left); OK with
 * *ret_left, and at 0 the copy is whole, as of the writer's last commit. What was copied is in the file only
 * after end, and durable only after a sync of it. end: also of a copy that is not whole.
 */
struct store_copy;
struct store_copy *store_sqlite_copy_begin(struct store *writer, const char *path, struct host_error *err);
enum otter_status store_sqlite_copy_step(struct store_copy *copy, int pages, int *ret_left);
void store_sqlite_copy_end(struct store_copy *copy);

/*
 * Before the open after a crash: how many transactions of the log lie behind a damaged place. SQLite takes
 * the log up to there, as it does with an end that a crash has torn, and says nothing.
 */
uint64_t store_sqlite_log_lost(const char *path);

/* The mark of a clean stop: after the writer's last transaction, before its close. */
enum otter_status store_sqlite_mark_clean(struct store *writer);

/* Lets the database grow to this many pages of 4 KB: beyond, STORE_FULL. A bound for small disks, and for
 * tests. */
enum otter_status store_sqlite_limit_pages(struct store *writer, unsigned pages);

static inline void store_close(struct store *store)
{
    if (store)
        store->ops->close(store);
}

#endif
