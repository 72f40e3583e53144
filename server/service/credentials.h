/* Inside server/service only: how devices come, and how their tokens change. */
#ifndef OTTER_SERVICE_CREDENTIALS_H
#define OTTER_SERVICE_CREDENTIALS_H

#include "service/internal.h"

/* ---- credentials.c: tokens in the store and in the fleet's records ---- */

/* The token of a secret: its base64url, hashed; and the secret sealed for the device of that id. False when
 * sealing fails. */
bool credentials_make(const struct svc *svc, const char *id, const uint8_t secret[FLEET_SECRET],
                      struct store_token_row *ret);
/* The like of a secret that nobody is given. */
bool credentials_make_none(const struct svc *svc, const char *id, struct store_token_row *ret);
/* The secret itself; wipe it. False: it was sealed by another key, or for another id. */
bool credentials_open(const struct svc *svc, const char *id, const struct store_token_row *row,
                      uint8_t ret[FLEET_SECRET]);

/* This token from now on, and no second one. In a transaction of the writer. */
enum otter_status credentials_set(struct svc *svc, struct svc_call *call, uint32_t index,
                                  const struct store_token_row *row);
/* The like for a device whose token was revoked: it is served again. */
enum otter_status credentials_return(struct svc *svc, struct svc_call *call, uint32_t index,
                                     const struct store_token_row *row, const char *how);

/* Stores that second tokens were used, which the fleet knows already. Writer thread, between transactions. */
void credentials_run(struct svc *svc);
/* At start: second tokens, and who is to make one. False when out of memory, or a row is no device's. */
bool credentials_load(struct svc *svc, enum otter_status *ret_status);

/* Behind a commit. False when out of memory. */
bool credentials_publish_token(struct svc *svc, const struct effect *e);
bool credentials_publish_second(struct svc *svc, const struct effect *e);
bool credentials_publish_rotate(struct svc *svc, const struct effect *e);

/* ---- requests.c: who asks to be taken, as memory has it; the store has the same ---- */

#define REQUESTS_MAX         1000u
#define REQUESTS_PER_ADDRESS 250u
#define REQUESTS_PER_ID      4u
#define REQUEST_KEPT_S       (INT64_C(7) * 86400)
#define REQUEST_AGAIN_S      300u /* when who waits is to come again */
#define REQUEST_STEP_S       240  /* one that comes sooner is not written down again */

struct requests {
    pthread_mutex_t lock;
    struct store_request *all; /* by id, then first */
    size_t count, room;
};

struct requests *requests_new(void); /* NULL when out of memory */
void requests_free(struct requests *r);
bool requests_load(struct svc *svc, enum otter_status *ret_status);

/* What has become of a request. */
enum request_fate {
    REQUEST_NEW,   /* there is room: it is to be stored */
    REQUEST_KNOWN, /* it came before; is to be stored again */
    REQUEST_FRESH, /* it came a moment ago: nothing to store */
    REQUEST_NO_ROOM
};
/* Any thread. *row has id, token, product, hardware, address; of one that is known, first and times are set.
 */
enum request_fate requests_judge(struct svc *svc, struct store_request *row, int64_t now);
/* The one request of an id whose token's hash begins so in hex ("": any). How many there are that who calls
 * may see; *ret is the last. */
unsigned requests_find(struct svc *svc, const struct svc_call *call, const char *id, const char *token,
                       struct store_request *ret);
/* One for the first product behind *ret's that an id is asked for with, in their order ("": the first). */
bool requests_next(struct svc *svc, const char *id, struct store_request *ret);
/* Behind a commit. put: false when out of memory. Those of an id and product ("": any), or
 * that came last before, are forgotten. */
bool requests_put(struct svc *svc, const struct store_request *row);
void requests_drop(struct svc *svc, const char *id, const char *product);
void requests_forget(struct svc *svc, int64_t before);

/* In a transaction of the writer: stores a request, or finds that there is no room; *call's verdict is set.
 */
enum otter_status request_take(struct svc *svc, struct svc_call *call, struct store_request *row);
/* In a transaction of the writer: all of an id are settled, or those for a product (NULL: for any). */
enum otter_status request_settle(struct svc *svc, struct svc_call *call, const char *id, const char *product);

/* ---- fleet_keys.c ---- */

#define FLEET_KEYS_PER_PRODUCT 8u
#define FLEET_KEYS_MAX         256u

/* The key itself; wipe it. */
bool fleet_key_open(const struct svc *svc, const struct store_fleet_key *key, uint8_t ret[FLEET_SECRET]);
const struct store_fleet_key *fleet_key_by_id(const struct catalog *c, const struct otter_digest *id);

/* ---- operations ---- */

svc_handler op_device_token, op_device_enrol, op_device_ask;
svc_handler op_request_list, op_request_accept, op_request_reject;
svc_handler op_fleet_key_add, op_fleet_key_remove, op_fleet_key_list;
/* certified.c: the like of SVC_DEVICE_ASK for who is certified. */
enum otter_status ask_certified(struct svc *svc, struct svc_call *call);
/* From memory: who asked a moment ago. */
bool ask_try(struct svc *svc, struct svc_call *call);

#endif
