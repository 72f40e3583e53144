/* What operators see of those who ask to be taken as devices, and what they make of it. */
#include "service/credentials.h"
#include "service/rights.h"

#include "core/bytes.h"

#include <stdlib.h>
#include <string.h>

#define ITEMS_MAX    1000u
#define ERRORS_MAX   100u /* listed; the rest is in the numbers */
#define TOKEN_DIGITS 16u  /* of the token's hash, as shown */

/* ---- the list ---- */

/* none: the id is free; exists: accepting would take a device over, so it is refused; revoked. */
static const char *device_of(struct svc *svc, const char *id)
{
    uint32_t index = fleet_find(svc->fleet, id);
    bool revoked;

    if (index == FLEET_NONE)
        return "none";
    revoked = (fleet_lock(svc->fleet, index)->marks & FLEET_REVOKED) != 0;
    fleet_unlock(svc->fleet, index);
    return revoked ? "revoked" : "exists";
}

static json_t *json_request(struct svc *svc, const struct store_request *row, unsigned of_id)
{
    char token[OTTER_DIGEST_HEX + 1];

    otter_hex_encode(row->token.hash.b, OTTER_DIGEST_LEN, token);
    token[TOKEN_DIGITS] = '\0';
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I}", "id", row->id, "product",
                     row->product, "hardware", row->hardware, "fingerprint", token, "by",
                     row->fleet_key ? "fleet-key" : "token", "device", device_of(svc, row->id), "address",
                     row->address, "first", (json_int_t)row->first, "last", (json_int_t)row->last, "times",
                     (json_int_t)row->times, "rivals", (json_int_t)of_id - 1);
}

/* As they are now: a copy, so that nobody who asks waits for a list. */
static struct store_request *copy_all(struct svc *svc, size_t *ret_count)
{
    struct requests *r = svc->requests;
    struct store_request *all;

    (void)pthread_mutex_lock(&r->lock);
    *ret_count = r->count;
    all = malloc((r->count + 1) * sizeof(*all));
    if (all && r->count > 0)
        memcpy(all, r->all, r->count * sizeof(*all));
    (void)pthread_mutex_unlock(&r->lock);
    return all;
}

static void subject_of(const struct store_request *row, struct policy_subject *ret)
{
    *ret = (struct policy_subject){.id = row->id, .product = row->product, .hardware = row->hardware};
}

static bool list_one(struct svc *svc, const struct list_page *page, const struct store_request *row,
                     json_t *items)
{
    struct policy_subject subject;
    struct store_request rival;

    subject_of(row, &subject);
    if (row->last < svc_now(svc) - REQUEST_KEPT_S || !rights_see(page->call, row->product) ||
        !list_wants(page, &subject))
        return true;
    return json_array_append_new(
               items, json_request(svc, row, requests_find(svc, page->call, row->id, "", &rival))) == 0;
}

enum otter_status op_request_list(struct svc *svc, struct svc_call *call)
{
    static const char *const sorts[] = {"id", "product", "first", "last", "times", NULL};
    auto_json json_t *items = json_array();
    auto_free struct store_request *all = NULL;
    struct list_page page;
    size_t count = 0;
    enum otter_status status = list_begin(&page, call, sorts);

    if (status != OTTER_OK)
        return status;
    all = copy_all(svc, &count);
    for (size_t i = 0; all && i < count; i++)
        if (!list_one(svc, &page, &all[i], items))
            return list_drop(&page, OTTER_INTERNAL);
    return all ? list_end_small(&page, items) : list_drop(&page, OTTER_INTERNAL);
}

/* ---- accept and reject ---- */

struct item {
    const char *id, *token; /* token: first digits; "" = whichever */
};

static enum otter_status read_item(const json_t *json, struct item *ret, struct host_error *err)
{
    static const char *const members[] = {"*id", "fingerprint", NULL};
    enum otter_status status = svc_shape(json, members, err);

    *ret = (struct item){.token = ""};
    if (status != OTTER_OK)
        return status;
    if (!host_json_get_string(json, "id", HOST_JSON_REQUIRED, OTTER_NAME_MAX, &ret->id, err) ||
        !host_json_get_string(json, "fingerprint", HOST_JSON_OPTIONAL, OTTER_DIGEST_HEX, &ret->token, err))
        return OTTER_BAD_VALUE;
    if (!otter_device_id_valid(ret->id, strlen(ret->id))) {
        (void)host_fail(err, HOST_ERROR_FORMAT, "id: [A-Za-z0-9._:-]{1,64}");
        return OTTER_BAD_VALUE;
    }
    return OTTER_OK;
}

/* The one that is meant: an id that was asked for with two tokens is nobody's before an operator says whose.
 */
static enum otter_status find_one(struct svc *svc, const struct svc_call *call, const struct item *item,
                                  struct store_request *ret, struct host_error *err)
{
    unsigned n = requests_find(svc, call, item->id, item->token, ret);

    if (n == 1)
        return OTTER_OK;
    (void)host_fail(err, HOST_ERROR_FORMAT,
                    n == 0 ? "nobody asks to be device %s%s%s"
                           : "device %s was asked for with several tokens: say which one%s%s",
                    item->id, n == 0 && item->token[0] ? " with token " : "", n == 0 ? item->token : "");
    return n == 0 ? OTTER_NOT_FOUND : OTTER_CONFLICT;
}

static enum otter_status is_taken(const struct store_request *row, struct host_error *err)
{
    (void)host_fail(err, HOST_ERROR_FORMAT,
                    "device %s exists with another token: if it has lost its own, revoke that first",
                    row->id);
    return OTTER_ALREADY_EXISTS;
}

static enum otter_status add_device(struct svc *svc, struct svc_call *call, const struct store_request *row,
                                    struct host_error *err)
{
    struct enrolment e = {
        .id = row->id, .product = row->product, .hardware = row->hardware, .may_return = true};
    enum otter_status status = OTTER_INTERNAL;
    bool created;

    if (!credentials_open(svc, row->id, &row->token, e.secret))
        return status;
    e.token_hash = row->token.hash;
    status = enrol(svc, call, &e, &created);
    host_wipe(e.secret, sizeof(e.secret));
    return status == OTTER_ALREADY_EXISTS ? is_taken(row, err) : status;
}

/* For the product that is asked for; and, of an id that exists, for its own: it is taken, whoever may see
 * whose it is. */
static enum otter_status may_decide(struct svc *svc, const struct svc_call *call,
                                    const struct store_request *row, struct host_error *err)
{
    uint32_t index = fleet_find(svc->fleet, row->id);
    enum otter_status status = rights_need_or(call, row->product, err);

    if (status == OTTER_OK && index != FLEET_NONE && !rights_see_device(svc, call, index))
        status = is_taken(row, err);
    else if (status == OTTER_OK && index != FLEET_NONE)
        status = rights_need_or(call, fleet_peek(svc->fleet, index)->kind->product, err);
    return status;
}

static enum otter_status accept(struct svc *svc, struct svc_call *call, const struct item *item,
                                struct host_error *err)
{
    struct store_request row;
    enum otter_status status = find_one(svc, call, item, &row, err);

    if (status == OTTER_OK)
        status = may_decide(svc, call, &row, err);
    if (status == OTTER_OK)
        status = add_device(svc, call, &row, err);
    return status == OTTER_OK ? request_settle(svc, call, item->id, NULL) : status;
}

/* Those that who calls may see, product by product; of others' nothing is told, and nothing becomes. */
static enum otter_status reject(struct svc *svc, struct svc_call *call, const struct item *item,
                                struct host_error *err)
{
    struct store_request row = {.first = 0};
    enum otter_status status = OTTER_OK;
    bool any = false;

    while (status == OTTER_OK && requests_next(svc, item->id, &row)) {
        if (!rights_see(call, row.product))
            continue;
        any = true;
        status = rights_need_or(call, row.product, err);
    }
    for (row.product[0] = '\0'; any && status == OTTER_OK && requests_next(svc, item->id, &row);)
        if (rights_see(call, row.product))
            status = request_settle(svc, call, item->id, row.product);
    if (any)
        return status;
    (void)host_fail(err, HOST_ERROR_FORMAT, "nobody asks to be device %s", item->id);
    return OTTER_NOT_FOUND;
}

typedef enum otter_status item_act(struct svc *svc, struct svc_call *call, const struct item *item,
                                   struct host_error *err);

struct tally {
    unsigned matched, changed;
    json_t *errors;
};

/* One item's refusal is an entry of errors; trouble of the store ends the whole. */
static enum otter_status act_on(struct svc *svc, struct svc_call *call, const json_t *json, item_act *act,
                                struct tally *t)
{
    struct host_error err = {0};
    struct item item;
    enum otter_status status = read_item(json, &item, &err);

    if (status != OTTER_OK) {
        call->out.error = err;
        return status;
    }
    status = act(svc, call, &item, &err);
    if (change_broken(status))
        return svc_stored(call, status);
    t->matched++;
    t->changed += status == OTTER_OK;
    if (status != OTTER_OK && json_array_size(t->errors) < ERRORS_MAX)
        (void)json_array_append_new(t->errors, json_pack("{s:s, s:s, s:s}", "id", item.id, "code",
                                                         otter_status_name(status), "detail", err.message));
    return OTTER_OK;
}

static enum otter_status act_on_all(struct svc *svc, struct svc_call *call, item_act *act)
{
    static const char *const members[] = {"*items", NULL};
    auto_json json_t *errors = json_array();
    enum otter_status status = svc_shape(call->in.json, members, &call->out.error);
    struct tally t = {.errors = errors};
    json_t *items = NULL;

    if (status != OTTER_OK)
        return status;
    if (!host_json_get_array(call->in.json, "items", HOST_JSON_REQUIRED, ITEMS_MAX, &items, &call->out.error))
        return svc_refuse_host(call);
    for (size_t i = 0; i < json_array_size(items) && status == OTTER_OK; i++)
        status = act_on(svc, call, json_array_get(items, i), act, &t);
    if (status != OTTER_OK)
        return status;
    call->out.json = json_pack("{s:I, s:I, s:O}", "matched", (json_int_t)t.matched, "changed",
                               (json_int_t)t.changed, "errors", errors);
    return call->out.json ? OTTER_OK : OTTER_INTERNAL;
}

enum otter_status op_request_accept(struct svc *svc, struct svc_call *call)
{
    return act_on_all(svc, call, accept);
}

enum otter_status op_request_reject(struct svc *svc, struct svc_call *call)
{
    return act_on_all(svc, call, reject);
}
