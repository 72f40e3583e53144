/* A server's data directory in a temporary folder, with keys, roots, images and releases made for it. */
#ifndef OTTER_TEST_SERVICE_WORLD_H
#define OTTER_TEST_SERVICE_WORLD_H

#include "host/crypto.h"
#include "service/service.h"

#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define WORLD_PRODUCT  "thermo"
#define WORLD_HARDWARE "board-1"
#define WORLD_NOW      1800000000

extern _Atomic int64_t world_clock;  /* what the services read */
extern _Atomic int64_t world_served; /* the like: seconds that otterd has served */
/* What servers are opened with, beside their directory: a test may add to it before its set-up. */
extern struct svc_config world_config;

struct world {
    char dir[PATH_MAX];
    struct svc *svc;
    bool plain_devices; /* from the next start on */
    struct host_key *root_key, *release_key, *image_key;
    char token[64];
    struct otter_root root;
    struct otter_manifest manifest; /* of the newest release made */
    char release[OTTER_DIGEST_HEX + 1];
};

/* With an open, empty server; with a root published, too; with a release and devices as well. */
int world_setup(void **state);
int world_setup_with_root(void **state);
int world_setup_with_devices(void **state, unsigned devices);
int world_teardown(void **state);
/* Closes and opens again: what a restart keeps. */
void world_restart(struct world *w);
/* The like; it stands still for so many seconds. */
void world_restart_after(struct world *w, int64_t seconds);

/* Who asks where a test says nothing else. */
extern const struct svc_asker world_admin;
/* Runs a call to its end; the caller clears it. */
enum otter_status world_run(struct world *w, struct svc_call *call);

/* A root under our keys, signed by `by` keys (NULL-ended). malloc'ed. */
char *world_sign_root(const struct otter_root *root, struct host_key *const *by, size_t *ret_len);
void world_root(const struct world *w, uint64_t version, struct otter_root *ret);
enum otter_status world_publish_root(struct world *w, const struct otter_root *root,
                                     struct host_key *const *by);

/* The operator whose token it is; "": nobody's that counts. Static; until the next call. */
const char *world_whose(struct world *w, const char *token);

/* Uploads bytes; returns the status of the last step. */
enum otter_status world_upload(struct world *w, const void *data, size_t len,
                               struct otter_digest *ret_digest);

/* An image of `version`, linked for a slot, signed by the image key. Returns its length. */
size_t world_image(const struct world *w, const struct otter_version *version, uint32_t link, uint8_t *out,
                   size_t cap);

/* Makes both images and the manifest of a release 1.<minor>.0, sequence = minor, uploads and publishes. */
void world_make_release(struct world *w, unsigned minor, struct otter_manifest *ret);
enum otter_status world_publish(struct world *w, const struct otter_manifest *m, const struct host_key *by);
void world_release(struct world *w, unsigned minor);

/* Enrols device-000, device-001, ... */
void world_devices(struct world *w, unsigned count);
const char *world_device(unsigned i); /* its id, in one of a few buffers */
/* Makes and starts a rollout of the newest release; phases as JSON text. Returns its id. */
int64_t world_rollout(struct world *w, const char *target, const char *phases, bool auto_advance);
/* The like with the members of a plan beside its phases: `plan` is a JSON object as text. */
int64_t world_rollout_plan(struct world *w, const char *target, const char *plan);
/* Changes the database itself, between two lives of the server. */
void world_sql(struct world *w, const char *sql);
enum otter_status world_action(struct world *w, int64_t rollout, const char *action);

/* A poll. sha NULL: the factory image. */
struct world_poll {
    unsigned device;
    const struct otter_digest *sha;
    bool confirmed;
    bool fresh;
    const struct otter_report *last;
    enum otter_status refused;
};
/* The status; *ret_offer (may be NULL) is the verified offer, empty for 204 and for 'nothing'. */
enum otter_status world_poll(struct world *w, const struct world_poll *p, struct otter_offer *ret_offer,
                             bool *ret_answered);
/* What a poll that has been run was answered, verified: empty for 204 and for 'nothing'. */
struct otter_offer world_read_offer(struct world *w, const struct svc_call *call);
/* Like world_ask, and Retry-After. */
uint64_t world_ask_after(struct world *w, unsigned device, unsigned *ret_after);
/* The same, for calls that a test queues itself. */
void world_fill_poll(struct svc_call *call, const struct world_poll *p);
/* A confirmed device on the factory image polls: the attempt's id, 0 if nothing is offered. */
uint64_t world_ask(struct world *w, unsigned device);
enum otter_status world_report(struct world *w, unsigned device, uint64_t attempt, uint32_t step,
                               enum otter_update_state state, enum otter_status reason, bool *ret_go_on);
/* The whole way of a device that works: asks, reports, boots, confirms, polls. */
void world_update(struct world *w, unsigned device);

/* Newest JSON of an object; the caller drops it. */
json_t *world_get(struct world *w, enum svc_op op, const char *id, uint64_t number);
/* counts.<state> of a rollout. */
json_int_t world_count(struct world *w, int64_t rollout, const char *state);
void world_expect_state(struct world *w, unsigned device, const char *state);
void world_expect_rollout(struct world *w, int64_t rollout, const char *state, unsigned phase);

/* "decision/rule" of a rollout in the explanation of a device. Static; until the next call. */
const char *world_explained(struct world *w, unsigned device, int64_t rollout);
/* One more device, over the API. */
void world_enrol(struct world *w, unsigned device);

#endif
