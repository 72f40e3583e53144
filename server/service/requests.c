#include "service/credentials.h"

#include "core/bytes.h"
#include "policy/pace.h"
#include "service/rights.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

struct requests *requests_new(void)
{
    struct requests *r = calloc(1, sizeof(*r));

    if (r)
        (void)pthread_mutex_init(&r->lock, NULL);
    return r;
}

void requests_free(struct requests *r)
{
    if (!r)
        return;
    free(r->all);
    (void)pthread_mutex_destroy(&r->lock);
    free(r);
}

static bool same(const struct store_request *a, const struct store_request *b)
{
    return strcmp(a->id, b->id) == 0 && memcmp(a->token.hash.b, b->token.hash.b, OTTER_DIGEST_LEN) == 0;
}

static bool over(const struct store_request *row, int64_t now)
{
    return row->last < now - REQUEST_KEPT_S;
}

/* Who has a network of IPv6 has addresses without end: its /64 is one. */
static bool same_place(const char *a, const char *b)
{
    struct in6_addr one, other;

    if (!strchr(a, ':') || inet_pton(AF_INET6, a, &one) != 1 || IN6_IS_ADDR_V4MAPPED(&one) ||
        inet_pton(AF_INET6, b, &other) != 1)
        return strcmp(a, b) == 0;
    return memcmp(one.s6_addr, other.s6_addr, 8) == 0;
}

static bool room_for(const struct requests *r, const struct store_request *row, int64_t now)
{
    unsigned all = 0, of_address = 0, of_id = 0;

    for (size_t i = 0; i < r->count; i++) {
        const struct store_request *other = &r->all[i];

        if (over(other, now))
            continue;
        all++;
        of_address += same_place(other->address, row->address);
        of_id += strcmp(other->id, row->id) == 0;
    }
    return all < REQUESTS_MAX && of_address < REQUESTS_PER_ADDRESS && of_id < REQUESTS_PER_ID;
}

static enum request_fate judge(const struct requests *r, struct store_request *row, int64_t now)
{
    row->first = row->last = now;
    row->times = 1;
    for (size_t i = 0; i < r->count; i++) {
        if (!same(&r->all[i], row) || over(&r->all[i], now))
            continue;
        row->first = r->all[i].first;
        row->times = r->all[i].times + 1;
        row->fleet_key = row->fleet_key || r->all[i].fleet_key;
        return now - r->all[i].last < REQUEST_STEP_S && now >= r->all[i].last ? REQUEST_FRESH : REQUEST_KNOWN;
    }
    return room_for(r, row, now) ? REQUEST_NEW : REQUEST_NO_ROOM;
}

enum request_fate requests_judge(struct svc *svc, struct store_request *row, int64_t now)
{
    enum request_fate fate;

    (void)pthread_mutex_lock(&svc->requests->lock);
    fate = judge(svc->requests, row, now);
    (void)pthread_mutex_unlock(&svc->requests->lock);
    return fate;
}

static bool begins(const struct otter_digest *hash, const char *hex)
{
    char text[OTTER_DIGEST_HEX + 1];

    otter_hex_encode(hash->b, OTTER_DIGEST_LEN, text);
    return strncmp(text, hex, strlen(hex)) == 0;
}

unsigned requests_find(struct svc *svc, const struct svc_call *call, const char *id, const char *token,
                       struct store_request *ret)
{
    int64_t now = svc_now(svc);
    unsigned n = 0;

    (void)pthread_mutex_lock(&svc->requests->lock);
    for (size_t i = 0; i < svc->requests->count; i++) {
        const struct store_request *row = &svc->requests->all[i];

        if (over(row, now) || strcmp(row->id, id) != 0 || !begins(&row->token.hash, token) ||
            !rights_see(call, row->product))
            continue;
        *ret = *row;
        n++;
    }
    (void)pthread_mutex_unlock(&svc->requests->lock);
    return n;
}

bool requests_next(struct svc *svc, const char *id, struct store_request *ret)
{
    const struct store_request *found = NULL;
    int64_t now = svc_now(svc);

    (void)pthread_mutex_lock(&svc->requests->lock);
    for (size_t i = 0; i < svc->requests->count; i++) {
        const struct store_request *row = &svc->requests->all[i];

        if (!over(row, now) && strcmp(row->id, id) == 0 && strcmp(row->product, ret->product) > 0 &&
            (!found || strcmp(row->product, found->product) < 0))
            found = row;
    }
    if (found)
        *ret = *found;
    (void)pthread_mutex_unlock(&svc->requests->lock);
    return found != NULL;
}

/* Where it is, or where it belongs: by id, then first. */
static size_t place(const struct requests *r, const struct store_request *row, bool *ret_there)
{
    size_t at = 0;

    for (size_t i = 0; i < r->count; i++) {
        int order = strcmp(r->all[i].id, row->id);

        *ret_there = same(&r->all[i], row);
        if (*ret_there)
            return i;
        if (order < 0 || (order == 0 && r->all[i].first <= row->first))
            at = i + 1;
    }
    return at;
}

static bool put(struct requests *r, const struct store_request *row)
{
    bool there = false;
    size_t at = place(r, row, &there);

    if (!there && r->count == r->room) {
        size_t room = r->room ? r->room * 2 : 16;
        struct store_request *all = realloc(r->all, room * sizeof(*all));

        if (!all)
            return false;
        r->all = all;
        r->room = room;
    }
    if (!there) {
        memmove(&r->all[at + 1], &r->all[at], (r->count - at) * sizeof(*r->all));
        r->count++;
    }
    r->all[at] = *row;
    return true;
}

bool requests_put(struct svc *svc, const struct store_request *row)
{
    bool ok;

    (void)pthread_mutex_lock(&svc->requests->lock);
    ok = put(svc->requests, row);
    (void)pthread_mutex_unlock(&svc->requests->lock);
    return ok;
}

static bool is_of(const struct store_request *row, const char *id, const char *product)
{
    return strcmp(row->id, id) == 0 && (!*product || strcmp(row->product, product) == 0);
}

static void drop(struct svc *svc, const char *id, const char *product, int64_t before)
{
    struct requests *r = svc->requests;
    size_t kept = 0;

    (void)pthread_mutex_lock(&r->lock);
    for (size_t i = 0; i < r->count; i++)
        if (id ? !is_of(&r->all[i], id, product) : r->all[i].last >= before)
            r->all[kept++] = r->all[i];
    r->count = kept;
    (void)pthread_mutex_unlock(&r->lock);
}

void requests_drop(struct svc *svc, const char *id, const char *product)
{
    drop(svc, id, product, 0);
}

void requests_forget(struct svc *svc, int64_t before)
{
    drop(svc, NULL, NULL, before);
}

struct loader {
    struct store_request_visitor visitor;
    struct svc *svc;
    bool ok;
};

static bool load(struct store_request_visitor *self, const struct store_request *row)
{
    struct loader *l = OTTER_CONTAINER_OF(self, struct loader, visitor);

    l->ok = requests_put(l->svc, row);
    return l->ok;
}

bool requests_load(struct svc *svc, enum otter_status *ret_status)
{
    struct loader l = {.visitor.row = load, .svc = svc, .ok = true};

    *ret_status = svc->writer->ops->requests(svc->writer, &l.visitor);
    return l.ok;
}

/* ---- taking one down ---- */

/* What its sender is told. The words are the same whoever has the id: a stranger learns nothing by them. */
static void tell(struct svc *svc, struct svc_call *call, const struct store_request *row)
{
    uint32_t index = fleet_find(svc->fleet, row->id);
    bool revoked = false;

    if (index != FLEET_NONE) {
        revoked = (fleet_lock(svc->fleet, index)->marks & FLEET_REVOKED) != 0;
        fleet_unlock(svc->fleet, index);
    }
    call->out.retry_after = policy_poll_after(REQUEST_AGAIN_S, row->id);
    if (index == FLEET_NONE || revoked)
        call->out.verdict = svc_refuse(call, OTTER_DEVICE_PENDING, "an operator has to accept the device");
    else if (call->op == SVC_DEVICE_ENROL)
        call->out.verdict =
            svc_refuse(call, OTTER_ALREADY_EXISTS, "there is a device of this id, with another token");
    else
        call->out.verdict = OTTER_UNKNOWN_DEVICE;
}

/* Who could not be taken anyhow is told that. */
static void refuse_room(struct svc *svc, struct svc_call *call, const struct store_request *row)
{
    tell(svc, call, row);
    if (call->out.verdict != OTTER_DEVICE_PENDING)
        return;
    call->out.retry_after = policy_poll_after(4 * REQUEST_AGAIN_S, row->id);
    call->out.verdict = svc_refuse(call, OTTER_TOO_BUSY,
                                   "too many wait to be accepted, of this id, from this address, or at all");
}

enum otter_status request_take(struct svc *svc, struct svc_call *call, struct store_request *row)
{
    int64_t now = svc_now(svc);
    enum otter_status status = OTTER_OK;

    switch (requests_judge(svc, row, now)) {
    case REQUEST_NO_ROOM:
        refuse_room(svc, call, row);
        return OTTER_OK;
    case REQUEST_NEW:
        status = svc->writer->ops->requests_forget(svc->writer, now - REQUEST_KEPT_S);
        __attribute__((fallthrough));
    case REQUEST_KNOWN:
        if (status == OTTER_OK)
            status = svc->writer->ops->request_put(svc->writer, row);
        if (status != OTTER_OK)
            return svc_stored(call, status);
        if (!effects_request(call, row, true))
            return OTTER_INTERNAL;
        break;
    case REQUEST_FRESH:
        break;
    }
    tell(svc, call, row);
    return OTTER_OK;
}

enum otter_status request_settle(struct svc *svc, struct svc_call *call, const char *id, const char *product)
{
    struct store_request row = {.first = 0};
    enum otter_status status = svc->writer->ops->request_delete(svc->writer, id, product);

    if (status == OTTER_NOT_FOUND)
        return OTTER_OK;
    memcpy(row.id, id, strlen(id) + 1);
    if (product)
        memcpy(row.product, product, strlen(product) + 1);
    if (status == OTTER_OK && !effects_request(call, &row, false))
        return OTTER_INTERNAL;
    return svc_stored(call, status);
}

/* ---- a poll of somebody unknown ---- */

/* *ret_token: it came with one. False: nothing that could be accepted, or no memory to seal it. */
static bool read_ask(const struct svc *svc, const struct svc_call *call, struct store_request *row,
                     bool *ret_token)
{
    const struct otter_poll *poll = &call->in.poll;
    uint8_t secret[FLEET_SECRET];
    bool ok;

    memset(row, 0, sizeof(*row));
    memcpy(row->id, poll->device, sizeof(row->id));
    memcpy(row->product, poll->product, sizeof(row->product));
    memcpy(row->hardware, poll->hardware, sizeof(row->hardware));
    memcpy(row->address, call->in.address, strnlen(call->in.address, STORE_ADDRESS_MAX));
    *ret_token = otter_b64_decode(call->in.bearer, strlen(call->in.bearer), secret, sizeof(secret)) ==
                 (int)sizeof(secret);
    ok = *ret_token && credentials_make(svc, row->id, secret, &row->token);
    host_wipe(secret, sizeof(secret));
    return ok;
}

bool ask_try(struct svc *svc, struct svc_call *call)
{
    struct store_request row;
    enum request_fate fate;
    bool token;

    call->out.status = OTTER_OK;
    if (!read_ask(svc, call, &row, &token)) {
        call->out.verdict = OTTER_UNKNOWN_DEVICE;
        return !token; /* the writer tries once more to seal it, and says what is wrong */
    }
    fate = requests_judge(svc, &row, svc_now(svc));
    if (fate == REQUEST_NO_ROOM)
        refuse_room(svc, call, &row);
    else if (fate == REQUEST_FRESH)
        tell(svc, call, &row);
    return fate == REQUEST_NO_ROOM || fate == REQUEST_FRESH;
}

enum otter_status op_device_ask(struct svc *svc, struct svc_call *call)
{
    struct store_request row;
    bool token;

    call->out.verdict = OTTER_OK;
    if (call->in.certified)
        return ask_certified(svc, call);
    return read_ask(svc, call, &row, &token) ? request_take(svc, call, &row) : OTTER_INTERNAL;
}
