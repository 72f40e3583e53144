/*
 * Operators, what their grants come to, and their tokens: as the catalog holds them, and as a transaction of
 * the writer sees them.
 */
#ifndef OTTER_SERVICE_OPERATORS_H
#define OTTER_SERVICE_OPERATORS_H

#include "core/bytes.h"
#include "host/json.h"
#include "policy/rights.h"
#include "store/store.h"

#include <stdatomic.h>

#define OPERATORS_MAX       256u
#define OPERATOR_TOKENS     32u   /* of one operator */
#define OPERATOR_TOKENS_MAX 1024u /* of all: each request's token is compared with every one */
#define OPERATOR_GRANTS     64u   /* of one operator: roles for products */

struct operator_row {
    struct store_operator row;
    struct policy_rights rights;
};

struct operator_token {
    struct store_token row; /* `used`: as it is stored; the writer's alone */
    size_t operator;        /* place in all[] */
    _Atomic int64_t used;   /* as it was seen; any thread */
};

struct operators {
    size_t count;
    struct operator_row *all; /* by name, behind SVC_ADMIN, who is always the first */
    size_t token_count;
    struct operator_token *tokens; /* by num; of operators that there are */
};

/* INTERNAL when out of memory; what was read by then is freed by operators_free() all the same. */
enum otter_status operators_load(struct operators *o, struct store *store);
void operators_free(struct operators *o);
/* Uses of the old one's tokens that are not stored yet are uses of the fresh one's. old may be NULL. */
void operators_keep_uses(struct operators *fresh, const struct operators *old);
/* NULL: there is none. */
const struct operator_row *operators_find(const struct operators *o, const char *name);
unsigned operators_tokens_of(const struct operators *o, const struct operator_row *op);
/* Can somebody administer the server at that time: is there an operator who may, with a token that counts? */
bool operators_administered(const struct operators *o, int64_t now);

struct svc_call;
struct svc;

/* operator_grants.c: a list {role, product} in a member of the body, as rows of an operator; none where it is
 * absent. put: all of them. take: all, or NOT_FOUND for one that there is not. */
struct operator_grants {
    unsigned count;
    struct store_grant grant[OPERATOR_GRANTS];
};

enum otter_status grants_read(struct svc_call *call, const char *member, const char *operator,
                              struct operator_grants * ret);
enum otter_status grants_put(struct svc *svc, struct svc_call *call, const struct operator_grants *grants);
enum otter_status grants_take(struct svc *svc, struct svc_call *call, const struct operator_grants *grants);
unsigned grants_count(struct svc *svc, const char *name);
/* {role, product} of each grant of an operator, as a list; NULL when out of memory or the store fails. */
json_t *operator_json_grants(struct store *store, const char *name);
/* May who asks administer the server? Else he is concerned with himself alone. */
bool operator_administers(const struct svc_call *call);
/* The end of each change: refuses one after which nobody could administer the server any more, and has the
 * catalog read anew. Writer thread. */
enum otter_status operator_changed(struct svc *svc, struct svc_call *call);

/* A new token for an operator, as the members label and expires_in of the body say. text: the token itself,
 * for the answer alone. */
struct token_made {
    struct store_token row;
    char text[OTTER_B64_LEN(32) + 1];
};
enum otter_status token_make(struct svc *svc, struct svc_call *call, const char *operator,
                             struct token_made * ret);
json_t *json_token(const struct store_token *row);

/* Stores when tokens were used last. In a transaction of the writer. */
enum otter_status tokens_store_used(struct svc *svc, struct store *store);

#endif
