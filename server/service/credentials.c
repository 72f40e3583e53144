#include "service/credentials.h"
#include "service/audit.h"

#include "core/bytes.h"

#include <string.h>

#define TOKEN_TEXT OTTER_B64_LEN(FLEET_SECRET)
#define AT_ONCE    256u /* second tokens stored in one transaction */

bool credentials_make(const struct svc *svc, const char *id, const uint8_t secret[FLEET_SECRET],
                      struct store_token_row *ret)
{
    char text[TOKEN_TEXT + 1];
    bool ok;

    otter_b64_encode(secret, FLEET_SECRET, text);
    otter_sha256_of(&otter_crypto_openssl, text, TOKEN_TEXT, &ret->hash);
    ok = host_seal(svc->secret_key, id, strlen(id), secret, FLEET_SECRET, ret->sealed);
    host_wipe(text, sizeof(text));
    return ok;
}

bool credentials_make_none(const struct svc *svc, const char *id, struct store_token_row *ret)
{
    uint8_t secret[FLEET_SECRET];
    bool ok;

    host_random(secret, sizeof(secret));
    ok = credentials_make(svc, id, secret, ret);
    host_wipe(secret, sizeof(secret));
    return ok;
}

bool credentials_open(const struct svc *svc, const char *id, const struct store_token_row *row,
                      uint8_t ret[FLEET_SECRET])
{
    return host_open(svc->secret_key, id, strlen(id), row->sealed, STORE_SEALED_LEN, ret);
}

enum otter_status credentials_set(struct svc *svc, struct svc_call *call, uint32_t index,
                                  const struct store_token_row *row)
{
    const struct store_ops *ops = svc->writer->ops;
    enum otter_status status = ops->device_token(svc->writer, (int64_t)index + 1, row);

    if (status == OTTER_OK)
        status = ops->second_delete(svc->writer, (int64_t)index + 1);
    if (status != OTTER_OK && status != OTTER_NOT_FOUND)
        return svc_stored(call, status);
    return effects_token(call, index, row) && effects_rotate(call, index, false) ? OTTER_OK : OTTER_INTERNAL;
}

enum otter_status credentials_return(struct svc *svc, struct svc_call *call, uint32_t index,
                                     const struct store_token_row *row, const char *how)
{
    struct store_marks marks;
    enum otter_status status = device_marks(svc, call, svc->writer, index, &marks);

    if (status == OTTER_OK)
        status = credentials_set(svc, call, index, row);
    if (status != OTTER_OK)
        return status;
    marks.revoked = 0;
    status = svc_stored(call, svc->writer->ops->marks_put(svc->writer, &marks));
    if (status == OTTER_OK)
        status = device_note(svc, call, index, "token-returned", how);
    if (status == OTTER_OK && !effects_marks(call, index, &marks))
        status = OTTER_INTERNAL;
    return status;
}

/* ---- second tokens that were used ---- */

static enum otter_status store_used(struct svc *svc, uint32_t index)
{
    const struct store_ops *ops = svc->writer->ops;
    int64_t device = (int64_t)index + 1;
    const struct store_device_event note = {
        .device = device, .at = svc_now(svc), .kind = "token-rotated", .detail = ""};
    struct store_second row;
    enum otter_status status = ops->second_get(svc->writer, device, &row);

    if (status != OTTER_OK)
        return status == OTTER_NOT_FOUND ? OTTER_OK : status;
    status = ops->device_token(svc->writer, device, &row.token);
    if (status == OTTER_OK)
        status = ops->second_delete(svc->writer, device);
    if (status == OTTER_OK)
        status = ops->device_event_add(svc->writer, &note);
    if (status == OTTER_OK)
        status =
            audit_note(svc, "", "device-token-rotated", fleet_peek(svc->fleet, index)->id, json_object());
    return status;
}

static enum otter_status store_all(struct svc *svc, const uint32_t *index, unsigned n)
{
    enum otter_status status = svc->writer->ops->begin(svc->writer, true);

    if (status != OTTER_OK)
        return status;
    for (unsigned i = 0; i < n && status == OTTER_OK; i++)
        status = store_used(svc, index[i]);
    if (status == OTTER_OK)
        return svc->writer->ops->commit(svc->writer);
    svc->writer->ops->rollback(svc->writer);
    return status;
}

/*
 * The first token is nobody's since the second one was used. Should a crash come before that is stored, both
 * are good again after it, until the second one is used again: the device has no other any more.
 */
void credentials_run(struct svc *svc)
{
    uint32_t index[AT_ONCE];
    unsigned n;

    while ((n = fleet_used_seconds(svc->fleet, index, AT_ONCE)) > 0) {
        enum otter_status status = store_all(svc, index, n);

        if (status != OTTER_OK) {
            trouble_note(svc, status, 0);
            return;
        }
        for (unsigned i = 0; i < n; i++)
            (void)fleet_drop_second(svc->fleet, index[i]); /* out of memory: blobs ask by it in vain */
    }
}

/* ---- a new token, offered under the one that it is to follow ---- */

static bool same_token(const struct store_second *second, const struct store_token_row *token)
{
    return second->offered && otter_equal_ct(second->token.hash.b, token->hash.b, OTTER_DIGEST_LEN);
}

struct unmasker {
    struct store_device_visitor visitor;
    struct svc *svc;
    struct otter_new_token *token;
    uint32_t index;
    enum otter_status status;
};

/* By the secret that the store has. If a second one was used and that is not stored yet, it is an old one. */
static bool unmask(struct store_device_visitor *self, const struct store_device *row)
{
    struct unmasker *u = OTTER_CONTAINER_OF(self, struct unmasker, visitor);
    struct store_token_row under = {.hash = row->token_hash};
    uint8_t secret[FLEET_SECRET];

    memcpy(under.sealed, row->sealed, STORE_SEALED_LEN);
    u->status = OTTER_TOO_BUSY;
    if (!fleet_token_is(u->svc->fleet, u->index, &row->token_hash))
        return false;
    u->status = OTTER_INTERNAL;
    if (!credentials_open(u->svc, row->id, &under, secret))
        return false;
    otter_new_token_mask(&otter_crypto_openssl, secret, u->token);
    host_wipe(secret, sizeof(secret));
    u->status = OTTER_OK;
    return false;
}

static enum otter_status keep_second(struct svc *svc, struct svc_call *call, uint32_t index,
                                     struct store_second *second, const struct store_token_row *token)
{
    enum otter_status status;

    second->offered = true;
    second->token = *token;
    status = svc_stored(call, svc->writer->ops->second_put(svc->writer, second));
    if (status == OTTER_OK && !effects_second(call, index, token))
        status = OTTER_INTERNAL;
    return status;
}

enum otter_status op_device_token(struct svc *svc, struct svc_call *call)
{
    struct otter_new_token offered = call->in.token;
    struct unmasker u = {.visitor.row = unmask, .svc = svc, .token = &offered};
    uint32_t index = u.index = fleet_find(svc->fleet, call->in.device);
    struct store_token_row token;
    struct store_second second;
    enum otter_status status;

    if (index == FLEET_NONE || fleet_is_retired(svc->fleet, index))
        return svc_refuse(call, OTTER_UNKNOWN_DEVICE, "no such device");
    status = svc->writer->ops->second_get(svc->writer, (int64_t)index + 1, &second);
    if (status == OTTER_NOT_FOUND)
        return svc_refuse(call, OTTER_CONFLICT, "no new token was asked for");
    if (status == OTTER_OK)
        status = svc->writer->ops->device_get(svc->writer, call->in.device, &u.visitor);
    if (status != OTTER_OK || u.status != OTTER_OK)
        return svc_stored(call, status != OTTER_OK ? status : u.status);
    status = credentials_make(svc, call->in.device, offered.secret, &token) ? OTTER_OK : OTTER_INTERNAL;
    otter_new_token_taken(&otter_crypto_openssl, &offered, call->out.id);
    host_wipe(&offered, sizeof(offered));
    if (status == OTTER_OK && !same_token(&second, &token))
        status = keep_second(svc, call, index, &second, &token);
    return status;
}

/* ---- acts of operators ---- */

static enum otter_status refuse_act(struct host_error *err, const char *why)
{
    (void)host_fail(err, HOST_ERROR_FORMAT, "%s", why);
    return OTTER_CONFLICT;
}

/* One that has offered a token already is about to use it. */
enum otter_status act_rotate(struct device_change *c, uint32_t index, bool *ret_changed,
                             struct host_error *err)
{
    const struct store_ops *ops = c->svc->writer->ops;
    struct store_second second = {.device = (int64_t)index + 1, .asked = svc_now(c->svc)}, old;
    struct store_marks marks;
    enum otter_status status = device_marks(c->svc, c->call, c->svc->writer, index, &marks);

    if (status != OTTER_OK)
        return status;
    if (marks.retired || marks.revoked)
        return refuse_act(err, marks.retired ? "the device was retired: reinstate it first"
                                             : "its token was revoked: it has none that could be changed");
    status = ops->second_get(c->svc->writer, second.device, &old);
    if (status != OTTER_NOT_FOUND)
        return svc_stored(c->call, status);
    status = svc_stored(c->call, ops->second_put(c->svc->writer, &second));
    if (status == OTTER_OK)
        status = device_note(c->svc, c->call, index, "token-rotate", "");
    if (status == OTTER_OK && !effects_rotate(c->call, index, true))
        status = OTTER_INTERNAL;
    *ret_changed = status == OTTER_OK;
    return status;
}

enum otter_status act_revoke(struct device_change *c, uint32_t index, bool *ret_changed,
                             struct host_error *err)
{
    const char *id = fleet_peek(c->svc->fleet, index)->id;
    struct store_token_row none;
    struct store_marks marks;
    enum otter_status status = device_marks(c->svc, c->call, c->svc->writer, index, &marks);

    (void)err;
    if (status != OTTER_OK || marks.revoked)
        return status;
    if (!credentials_make_none(c->svc, id, &none))
        return OTTER_INTERNAL;
    status = credentials_set(c->svc, c->call, index, &none);
    marks.revoked = svc_now(c->svc);
    if (status == OTTER_OK)
        status = svc_stored(c->call, c->svc->writer->ops->marks_put(c->svc->writer, &marks));
    if (status == OTTER_OK)
        status = device_note(c->svc, c->call, index, "token-revoked", c->reason);
    if (status == OTTER_OK && !effects_marks(c->call, index, &marks))
        status = OTTER_INTERNAL;
    *ret_changed = status == OTTER_OK;
    return status;
}

/* ---- memory ---- */

/* The secret where memory holds any (plain_devices): in `room`; NULL where it does not. *ret_ok: could it be
 * had? */
static const uint8_t *held_secret(const struct svc *svc, const char *id, const struct store_token_row *row,
                                  uint8_t room[FLEET_SECRET], bool *ret_ok)
{
    *ret_ok = !svc->config.plain_devices || credentials_open(svc, id, row, room);
    return svc->config.plain_devices && *ret_ok ? room : NULL;
}

static bool publish(struct svc *svc, uint32_t index, const struct store_token_row *row,
                    bool (*put)(struct fleet *, uint32_t, const struct otter_digest *, const uint8_t *))
{
    uint8_t room[FLEET_SECRET];
    bool ok;
    const uint8_t *secret = held_secret(svc, fleet_peek(svc->fleet, index)->id, row, room, &ok);

    ok = ok && put(svc->fleet, index, &row->hash, secret);
    host_wipe(room, sizeof(room));
    return ok;
}

static void set_rotate(struct svc *svc, uint32_t index, bool rotate)
{
    fleet_set_rotate(fleet_lock(svc->fleet, index), rotate);
    fleet_unlock(svc->fleet, index);
}

bool credentials_publish_token(struct svc *svc, const struct effect *e)
{
    return publish(svc, e->index, e->token, fleet_set_token);
}

bool credentials_publish_second(struct svc *svc, const struct effect *e)
{
    set_rotate(svc, e->index, false);
    return publish(svc, e->index, e->token, fleet_put_second);
}

bool credentials_publish_rotate(struct svc *svc, const struct effect *e)
{
    set_rotate(svc, e->index, e->rotate);
    return true;
}

struct loader {
    struct store_second_visitor visitor;
    struct svc *svc;
    bool ok;
};

static bool load(struct store_second_visitor *self, const struct store_second *row)
{
    struct loader *l = OTTER_CONTAINER_OF(self, struct loader, visitor);
    uint32_t index = (uint32_t)(row->device - 1);

    l->ok = row->device >= 1 && row->device <= (int64_t)fleet_count(l->svc->fleet);
    if (l->ok && row->offered)
        l->ok = publish(l->svc, index, &row->token, fleet_put_second);
    else if (l->ok)
        set_rotate(l->svc, index, true);
    return l->ok;
}

bool credentials_load(struct svc *svc, enum otter_status *ret_status)
{
    struct loader l = {.visitor.row = load, .svc = svc, .ok = true};

    *ret_status = svc->writer->ops->seconds(svc->writer, &l.visitor);
    return l.ok;
}
