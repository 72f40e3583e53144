/*
 * What otterd does, without HTTP: the seam between the fronts (server/http now, the hawkBit DDI later) and
 * policy, store and fleet. Names and JSON bodies are those of docs/openapi.yaml; statuses are lib/core's.
 *
 * A front makes a `struct svc_call`, fills its inputs, and runs it:
 *   1. svc_try(): answers at once from memory where that is possible (the common poll), in the caller's
 * thread.
 *   2. otherwise svc_submit(): the call goes to the reader thread (a read) or to the writer thread, which
 * runs many calls in one transaction (group commit), commits, publishes to the fleet in memory, and only then
 * calls call->done, in that thread. Nothing is answered before it is durable. Check and grant happen in the
 * writer thread, inside one transaction.
 */
#ifndef OTTER_SERVICE_H
#define OTTER_SERVICE_H

#include "core/token.h"
#include "core/wire.h"
#include "host/error.h"
#include "host/json.h"
#include "host/mapped.h"
#include "policy/admit.h"
#include "policy/rights.h"

struct svc; /* the services of one data directory */

enum svc_op {
    /* devices */
    SVC_POLL,         /* in.poll                     -> out.body = the signed offer, or none: 204 */
    SVC_REPORT,       /* in.report, in.running       -> out.go_on */
    SVC_ATTRIBUTES,   /* in.json (object of strings) -> - */
    SVC_DEVICE_TOKEN, /* in.token                   -> out.id: that it is taken (core/token.h) */
    SVC_DEVICE_ENROL, /* in.token, in.digest (of the fleet key), in.address -> out.created, out.id,
                         out.verdict */
    SVC_DEVICE_ASK,   /* in.poll, in.bearer, in.address -> out.verdict: who is not known, and asks to be */
    /* roots: public */
    SVC_ROOT_GET, /* in.number                   -> out.body = envelope, exact bytes */
    /* operators */
    SVC_STATUS,           /*                             -> out.json */
    SVC_METRICS,          /*                             -> out.body, text for Prometheus */
    SVC_ROOT_PUBLISH,     /* in.body                     -> out.json, out.created */
    SVC_ROOT_LIST,        /* in.page                     -> out.json {items,next} */
    SVC_UPLOAD_CREATE,    /* in.digest, in.number (size) -> out.held, or out.id of the upload */
    SVC_RELEASE_PUBLISH,  /* in.body                     -> out.json, out.created */
    SVC_RELEASE_LIST,     /* in.page                     -> out.json */
    SVC_RELEASE_GET,      /* in.id (digest hex)          -> out.json */
    SVC_RELEASE_MANIFEST, /* in.id                       -> out.body, exact bytes */
    SVC_IMAGE_KEY_ADD,    /* in.json {product, spki}     -> out.json, out.created */
    SVC_IMAGE_KEY_LIST,   /* in.page                     -> out.json */
    SVC_ROLLOUT_CREATE,   /* in.json                     -> out.json, out.created */
    SVC_ROLLOUT_LIST,     /* in.page                     -> out.json */
    SVC_ROLLOUT_GET,      /* in.number, in.waiting       -> out.json */
    SVC_ROLLOUT_ACTION, /* in.number, in.id = start|advance|approve|pause|resume|abort|rollback -> out.json */
    SVC_ROLLOUT_ATTEMPTS, /* in.number, in.page          -> out.json */
    SVC_ROLLOUT_DEVICES,  /* in.number, in.page          -> out.json */
    SVC_ROLLOUT_REASONS,  /* in.number                   -> out.json */
    SVC_ROLLOUT_EVENTS,   /* in.number, in.page          -> out.json */
    SVC_ROLLOUT_PREVIEW,  /* in.number                   -> out.json */
    SVC_PLAN_PREVIEW,     /* in.json, as for a creation  -> out.json */
    SVC_ROLLOUT_EXPLAIN,  /* in.id (a device), in.at     -> out.json */
    SVC_DEVICE_CREATE,    /* in.json (one device)        -> out.json, out.created */
    SVC_DEVICE_BATCH,     /* in.json {items:[..]}        -> out.json {created, unchanged,
                             errors:[{index,code,detail}]} */
    SVC_DEVICE_LIST,      /* in.page                     -> out.json */
    SVC_DEVICE_GET,       /* in.id                       -> out.json */
    SVC_DEVICE_PATCH,     /* in.id, in.json              -> out.json */
    SVC_DEVICE_ATTEMPTS,  /* in.id, in.page              -> out.json */
    SVC_DEVICE_CHANGE,    /* in.id = label|hold|.., in.json {ids|target, ..}
                             -> out.json {matched, changed, errors:[{id,code,detail}]} */
    SVC_DEVICE_IMPORT,    /* in.json {items:[..]}        -> out.json {created, updated, unchanged, errors} */
    SVC_DEVICE_TIMELINE,  /* in.id, in.page              -> out.json */
    SVC_FLEET_SUMMARY,    /* in.by, in.page.filter       -> out.json */
    SVC_GROUP_PUT,        /* in.id, in.json {target, poll_interval} -> out.json, out.created */
    SVC_GROUP_DELETE,     /* in.id                       -> - */
    SVC_GROUP_GET,        /* in.id                       -> out.json */
    SVC_GROUP_LIST,       /* in.page                     -> out.json */
    SVC_RELEASE_DEPS,     /* in.id                       -> out.json */
    SVC_RELEASE_WITHDRAW, /* in.id, in.json              -> out.json */
    SVC_GC,               /* in.json {keep, ..}          -> out.json */
    SVC_FREEZE,           /* in.id = freeze|unfreeze, in.json -> out.json */
    SVC_OPERATOR_ADD,     /* in.json {name, grants, ..}  -> out.json with a token, out.created */
    SVC_OPERATOR_REMOVE,  /* in.id                       -> - */
    SVC_OPERATOR_LIST,    /* in.page                     -> out.json */
    SVC_AUDIT_LIST,       /* in.page                     -> out.json */
    SVC_AUDIT_HEAD,       /*                             -> out.body = envelope */
    SVC_AUDIT_EXPORT,     /* in.page (cursor: the entry before) -> out.body = lines; the last one is a head */
    SVC_AUDIT_PRUNE,      /* in.json {through, hash}     -> out.json */
    SVC_REQUEST_LIST,     /* in.page                     -> out.json */
    SVC_REQUEST_ACCEPT,   /* in.json {items:[{id,fingerprint}]} -> out.json {matched, changed, errors} */
    SVC_REQUEST_REJECT,   /* the like */
    SVC_FLEET_KEY_ADD,    /* in.json {product, secret}   -> out.json, out.created */
    SVC_FLEET_KEY_REMOVE, /* in.digest                   -> - */
    SVC_FLEET_KEY_LIST,   /* in.page                     -> out.json */
    SVC_BACKUP,           /* in.json {dir}               -> out.json; served on while it is made */
    SVC_OPERATOR_GET,     /* in.id                       -> out.json */
    SVC_OPERATOR_CHANGE,  /* in.id, in.json {grant, revoke, disabled} -> out.json */
    SVC_WHOAMI,           /*                             -> out.json: who asks, and what that one may */
    SVC_TOKEN_NEW,        /* in.json {operator, label, expires} -> out.json with the token, out.created */
    SVC_TOKEN_LIST,       /* in.page                     -> out.json */
    SVC_TOKEN_REVOKE,     /* in.number                   -> - */
    /* No calls: the fronts answer these by the functions below. They are here for what they need. */
    SVC_BLOB_GET,
    SVC_UPLOAD_STAT,
    SVC_UPLOAD_APPEND,
    SVC_ALIVE,
    SVC_READY,
    SVC_OP_COUNT
};

struct svc_page {
    unsigned limit;     /* 0 = default (100); at most 1,000 */
    const char *cursor; /* opaque, from `next`; NULL = from the start */
    const char *filter; /* target expression over the list's columns; NULL = all */
    const char *sort;   /* column, '-' before it for falling; NULL = the list's own order */
};

/* An operator who asks, by a token. */
struct svc_asker {
    char name[OTTER_NAME_BUF];
    int64_t token;   /* its number; 0: the one of admin.token */
    int64_t expires; /* the token; 0: never */
    struct policy_rights rights;
};

struct svc_in {
    union {
        struct otter_poll poll;
        struct otter_new_token token; /* of SVC_DEVICE_TOKEN and SVC_DEVICE_ENROL; masked */
    };
    struct otter_report report;
    struct otter_running running;
    const char *bearer;            /* a token that is nobody's, for SVC_DEVICE_ASK; NULL: there is none */
    bool certified;                /* the like: who asks has proved its id, and is taken */
    const char *address;           /* that the request came from */
    const char *device;            /* authenticated device, for device ops */
    const char *who;               /* authenticated operator's name, for operators' ops; NULL: none */
    const struct svc_asker *asker; /* the same with rights, the front's until done; NULL: no right at all */
    const char *id;
    uint64_t number;
    struct otter_digest digest;
    const char *body; /* bytes, owned by the front until done */
    size_t body_len;
    json_t *json; /* owned by the front */
    struct svc_page page;
    const char *at;              /* the time that is asked about, seconds or RFC 3339; NULL = now */
    const char *by;              /* of a summary: columns with commas between; NULL = its default */
    const char *idempotency_key; /* NULL = none */
    uint64_t phase;              /* of a rollout: the newest one, as an operator has it; 0 = any */
    bool dry_run;                /* check everything, change nothing */
    bool waiting;                /* of a rollout: also what its devices wait for */
};

struct svc_out {
    enum otter_status status; /* OK or the refusal */
    /* What is answered instead of OK, though the call changed what it had to: it is taken down, and refused.
     */
    enum otter_status verdict;
    struct host_error error; /* what was wrong, where, what to do next; for problem+json's detail */
    json_t *json;            /* owned by the call; svc_call_clear frees */
    char *body;              /* malloc'ed, owned by the call; NULL = none */
    size_t body_len;
    bool created, held, go_on;
    bool rotate;  /* for polls: the device is to make a new token */
    bool offered; /* out.body is an offer of an attempt, not the empty one */
    char id[OTTER_DIGEST_HEX + 1];
    unsigned retry_after; /* seconds, for polls */
    uint64_t root;        /* Otter-Root header, for polls */
    bool has_at;
    size_t at; /* where in the body (a target expression: where in it), if has_at */
};

struct svc_call {
    enum svc_op op;
    struct svc_in in;
    struct svc_out out;
    void (*done)(struct svc_call *self); /* embed the call and get back with OTTER_CONTAINER_OF */
    struct svc_call *next;               /* queue, private to the service */
    uint64_t queued_us;                  /* since when it waits; private to the service */
    bool unapproved;                     /* refused for want of an approval, which the audit log tells */
    bool grant_only; /* a poll that needs the writer for a grant, and for nothing else; set by svc_try() */
    struct svc_effects *effects; /* private to the service */
};

struct svc_config {
    const char *data_dir;
    const char *admin_token;  /* the operators' token; NULL = that of admin.token, made if it is absent */
    bool enable_admin;        /* SVC_ADMIN is switched on, if he was off */
    uint32_t poll_interval_s; /* 3600; at least 5 */
    uint32_t commit_wait_us;  /* how long a group commit may wait for company; 0 */
    uint32_t waiting;         /* calls that may wait for a thread (policy/admit.h says which); 4096 */
    uint64_t max_blob;        /* bytes; 64 MiB */
    uint64_t map_max;         /* bytes of blobs mapped at a time; 0 = none */
    bool blobs_public;
    uint64_t disk_low;            /* less room than this is an event; 0 = never */
    const char *audit_file;       /* to which the audit log is copied; NULL = none */
    const char *audit_syslog;     /* the like: a socket as syslog(3) writes to */
    const char *events_exec;      /* absolute path of the program that events run; NULL = none */
    uint32_t events_burst;        /* lost updates that make a burst; 10 */
    uint32_t events_burst_window; /* seconds; 300 */
    bool enrol_ask;               /* who is not known may ask to be taken: an operator accepts */
    bool enrol_fleet_key;         /* who proves a fleet key is taken */
    bool enrol_certificate;       /* who has proved its id to the front is taken */
    bool plain_devices; /* devices may prove themselves with Otter-HMAC: their secrets are held unsealed */
    int64_t (*clock)(void);  /* Unix seconds; NULL = host_clock_wall. For tests. */
    int64_t (*served)(void); /* seconds that otterd has served; NULL = as counted. For tests. */
    uint64_t (*mono_ms)(
        void); /* by which steps of the clock are told; NULL = host_clock_mono_ms. For tests. */
    void (*shuffle)(void *out, size_t len); /* seeds of rollouts; NULL = host_random. For tests. */
    uint32_t progress_places; /* that a turn of progress.h looks at; 0 = PROGRESS_PLACES. For tests. */
};

/*
 * Opens or makes the data directory, keys (offer.key, offer.pub), admin.token, database (migrated), fleet;
 * starts reader, writer and sweeper threads. NULL with *ret_error and *ret_exit (2 configuration, 4 database
 * damaged, 5 database newer) on failure. *ret_new_token is the admin token if it was made now (print it
 * once), else "".
 */
struct svc *svc_open(const struct svc_config *config, struct host_error *ret_error, int *ret_exit,
                     char ret_new_token[64]);

/* Looks for offer.next.key, which waits for the root that names it. Main thread. */
bool svc_offer_keys_read(struct svc *svc, struct host_error *err);

/* The program of events_exec runs from now on, also for what was told before: by then the process is
 * confined, and what it starts with it. Any thread. */
void svc_start_programs(struct svc *svc);

/* A stop is near: what takes long (a backup) is given up, so that its caller is answered. Any thread. */
void svc_stop_soon(struct svc *svc);

/* Stops accepting, finishes and commits what is queued, flushes the sweeper, closes. */
void svc_close(struct svc *svc);

/* True: call->out is the answer. False: not answerable from memory, submit it. Any thread. */
bool svc_try(struct svc *svc, struct svc_call *call);

/*
 * May the call wait for its thread, by how many wait already? True: submit it. False: call->out is the
 * answer, TOO_BUSY with retry_after, or what memory has for a device that must not go without. What was asked
 * is *ret_asked; connection is a number by which those are spread who are no device. Any thread.
 */
bool svc_admit(struct svc *svc, struct svc_call *call, uint64_t connection, enum policy_asked *ret_asked);

/* Queues the call; done is called exactly once, from a service thread. False if closing (done is not called).
 */
bool svc_submit(struct svc *svc, struct svc_call *call);

/* Frees json and body of the answer. */
void svc_call_clear(struct svc_call *call);

/* The name of the operator whose token is in admin.token. */
#define SVC_ADMIN "admin"

/*
 * Authentication, from memory, constant time, any thread. token is the text after "Bearer ". OK with *ret,
 * which svc_asker_free() takes back; UNAUTHORIZED: nobody's (*ret_why NULL), or one that counts no more
 * (*ret_why says why); INTERNAL: out of memory.
 */
enum otter_status svc_auth_operator(struct svc *svc, const char *token, struct svc_asker **ret,
                                    const char **ret_why);
void svc_asker_free(struct svc_asker *asker);
/* A device that has proved to be one has a number, from 1 on, for as long as otterd runs: *ret_number. */
bool svc_auth_device(struct svc *svc, const char *device, const char *token, uint32_t *ret_number);
/* Any device with this token: blobs ask without naming a device. */
bool svc_auth_any_device(struct svc *svc, const char *token, uint32_t *ret_number);

/*
 * Otter-HMAC (protocol.md, Auth): a request that proves the device's secret without showing it. `target` is
 * the path with its query as sent. Right proofs use up their nonce: the last 256 of a device are refused (in
 * memory: a restart forgets them). OK; UNKNOWN_DEVICE (no such device, or a wrong proof); UNAUTHORIZED (the
 * nonce was used before; or plain_devices is off).
 */
struct svc_proof {
    const char *device;
    const char *method;
    const char *target;
    const char *nonce; /* text; 16 bytes in base64url */
    size_t nonce_len;
    const char *mac; /* text; 32 bytes in base64url */
    size_t mac_len;
    const char *body; /* may be NULL with 0 */
    size_t body_len;
};
enum otter_status svc_auth_device_hmac(struct svc *svc, const struct svc_proof *proof, uint32_t *ret_number);
/*
 * The like by a fleet key of a product; nonces are not remembered: who sends it again gets the same device
 * the same token. OK with *ret_key; UNAUTHORIZED (no key of it, or enrol_fleet_key is off).
 */
enum otter_status svc_auth_fleet_key(struct svc *svc, const struct svc_proof *proof, const char *product,
                                     struct otter_digest *ret_key);
/* The like for a device that has proved its id to the front, by a client certificate; a token is not needed.
 * False: there is none in service, or what it could prove itself by was revoked. */
bool svc_auth_certified(struct svc *svc, const char *device, uint32_t *ret_number);
/* May somebody unknown ask to be taken (SVC_DEVICE_ASK)? And who has proved its id, which is nobody's yet? */
bool svc_takes_asking(const struct svc *svc);
bool svc_takes_certified(const struct svc *svc, const char *device);

/* Blobs, any thread. open: a read-only fd of a complete blob (caller closes) and its size, or -1 with errno.
 */
int svc_blob_open(struct svc *svc, const struct otter_digest *digest, uint64_t *ret_size);
/* What errno says after that: `absent`; TOO_BUSY (no descriptor is left: it may well be there); IO_ERROR. */
enum otter_status svc_blob_fault(enum otter_status absent);
/* Its bytes in memory, which the caller drops; NULL: open it. */
struct host_mapped *svc_blob_map(struct svc *svc, const struct otter_digest *digest);
bool svc_blobs_public(struct svc *svc);

/*
 * Uploads stream through the front's thread. id is from SVC_UPLOAD_CREATE. Each returns OK or NOT_FOUND,
 * OFFSET_MISMATCH, BODY_TOO_LARGE, STORE_FULL, DIGEST_MISMATCH, IO_ERROR. An upload survives a restart of
 * otterd.
 */
enum otter_status svc_upload_stat(struct svc *svc, const char *id, uint64_t *ret_offset, uint64_t *ret_size);
enum otter_status svc_upload_append(struct svc *svc, const char *id, uint64_t offset, const void *data,
                                    size_t len);
/* After the last byte: checks the digest, fsyncs, renames into place; then the blob is held. */
enum otter_status svc_upload_finish(struct svc *svc, const char *id, struct host_error *ret_error);

/*
 * What keeps the store from taking changes, as it met them last: OK; STORE_FULL; IO_ERROR; TOO_BUSY; or
 * STORE_DAMAGED, which only a restart ends. Polls from memory, blobs and lists go on meanwhile. Any thread.
 */
enum otter_status svc_trouble(struct svc *svc);

/* Of the front: how many event loops it has, and how many of them do not go round. */
struct svc_loops {
    unsigned count, stuck;
    bool pressed; /* requests were put off, or connections closed, for want of room, within a minute */
};

/*
 * Can this server do its whole work? {ready, checks:{NAME:{state: ok|warning|failed, detail?}}}; NULL when
 * out of memory. From memory, any thread: it answers also when writer, reader or disk do not.
 */
json_t *svc_ready(struct svc *svc, const struct svc_loops *loops, bool *ret_ready);

/* [audit] file was moved away: it is opened, or made, anew. Any thread. */
void svc_audit_reopen(struct svc *svc);

/* When the server's certificate expires, in Unix seconds; 0: there is none. Any thread. */
void svc_certificate_expires(struct svc *svc, int64_t when);

/* What an operation asks of an operator. The services refuse a call whose asker has it nowhere; what is done
 * to objects of a product is judged by their product. */
enum svc_scope {
    SVC_SCOPE_UNSET,   /* never: an operation that nobody thought about is refused */
    SVC_SCOPE_OPEN,    /* no operator is asked for: devices prove themselves, the rest is public */
    SVC_SCOPE_ANYONE,  /* any operator, of his own affairs */
    SVC_SCOPE_PRODUCT, /* the right, for the products concerned */
    SVC_SCOPE_SERVER   /* the right, for everything */
};
struct svc_need {
    enum svc_scope scope;
    enum policy_right right; /* of the last two */
};
/* id: in.id of operations that differ by it; else it may be NULL. */
struct svc_need svc_need_of(enum svc_op op, const char *id);
/* OK, or FORBIDDEN with words in *err: has the asker (NULL: nobody) what the operation needs, for some
 * product at least? For what is not a call; calls are checked by the services themselves. */
enum otter_status svc_permitted(const struct svc_asker *asker, enum svc_op op, const char *id,
                                struct host_error *err);
/* May the asker fetch a blob: does a release that he may see have it? */
bool svc_may_fetch(struct svc *svc, const struct svc_asker *asker, const struct otter_digest *digest);

/* Counters for logs, metrics and tests. */
struct svc_stats {
    uint64_t polls, offers, reports, commits, committed_calls, devices;
};
void svc_stats(struct svc *svc, struct svc_stats *ret);

#endif
