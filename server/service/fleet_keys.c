/*
 * Fleet keys: what all devices of a product have from the factory, and prove at their first boot. Such a
 * proof gets a device that nobody knows yet its own token, and nothing else.
 */
#include "service/audit.h"
#include "service/credentials.h"
#include "service/rights.h"

#include "core/bytes.h"

#include <stdio.h>
#include <string.h>

/* Sealed for its product: a row that is moved to another one opens nothing. */
#define PLACE_MAX (sizeof("fleet-key ") + OTTER_NAME_BUF)

static int place_of(const char *product, char out[PLACE_MAX])
{
    return snprintf(out, PLACE_MAX, "fleet-key %s", product);
}

bool fleet_key_open(const struct svc *svc, const struct store_fleet_key *key, uint8_t ret[FLEET_SECRET])
{
    char place[PLACE_MAX];
    int len = place_of(key->product, place);

    return host_open(svc->secret_key, place, (size_t)len, key->sealed, STORE_SEALED_LEN, ret);
}

const struct store_fleet_key *fleet_key_by_id(const struct catalog *c, const struct otter_digest *id)
{
    for (size_t i = 0; i < c->fleet_key_count; i++)
        if (memcmp(c->fleet_keys[i].id.b, id->b, OTTER_DIGEST_LEN) == 0)
            return &c->fleet_keys[i];
    return NULL;
}

static enum otter_status read_secret(struct svc_call *call, uint8_t ret[FLEET_SECRET])
{
    const char *text;

    if (!host_json_get_string(call->in.json, "secret", HOST_JSON_REQUIRED, OTTER_B64_LEN(FLEET_SECRET), &text,
                              &call->out.error))
        return svc_refuse_host(call);
    if (otter_b64_decode(text, strlen(text), ret, FLEET_SECRET) != (int)FLEET_SECRET)
        return svc_refuse(call, OTTER_BAD_VALUE, "secret: 32 bytes in base64url");
    return OTTER_OK;
}

static enum otter_status read_key(struct svc *svc, struct svc_call *call, struct store_fleet_key *row)
{
    static const char *const members[] = {"*product", "*secret", NULL};
    enum otter_status status = svc_shape(call->in.json, members, &call->out.error);
    uint8_t secret[FLEET_SECRET];
    char place[PLACE_MAX];
    const char *product;
    int len;

    if (status != OTTER_OK)
        return status;
    if (!host_json_get_string(call->in.json, "product", HOST_JSON_REQUIRED, OTTER_NAME_MAX, &product,
                              &call->out.error))
        return svc_refuse_host(call);
    if (!otter_name_valid(product, strlen(product)))
        return svc_refuse(call, OTTER_BAD_VALUE, "product: [A-Za-z0-9._+-]{1,64}");
    status = read_secret(call, secret);
    if (status != OTTER_OK)
        return status;
    memcpy(row->product, product, strlen(product) + 1);
    row->created = svc_now(svc);
    otter_sha256_of(&otter_crypto_openssl, secret, sizeof(secret), &row->id);
    len = place_of(product, place);
    if (!host_seal(svc->secret_key, place, (size_t)len, secret, sizeof(secret), row->sealed))
        status = OTTER_INTERNAL;
    host_wipe(secret, sizeof(secret));
    return status;
}

static enum otter_status check_room(struct svc *svc, struct svc_call *call, const char *product)
{
    const struct catalog *c = svc->catalog;
    unsigned n = 0;

    for (size_t i = 0; i < c->fleet_key_count; i++)
        n += strcmp(c->fleet_keys[i].product, product) == 0;
    if (n < FLEET_KEYS_PER_PRODUCT && c->fleet_key_count < FLEET_KEYS_MAX)
        return OTTER_OK;
    return svc_refuse(call, OTTER_CONFLICT,
                      "product %s has %u fleet keys, or there are %u in all: remove one", product,
                      FLEET_KEYS_PER_PRODUCT, FLEET_KEYS_MAX);
}

static enum otter_status changed(struct svc_call *call)
{
    struct svc_effects *effects = effects_of(call);

    if (!effects)
        return OTTER_INTERNAL;
    effects->catalog = true;
    return OTTER_OK;
}

static json_t *json_key(const struct store_fleet_key *row)
{
    char id[OTTER_DIGEST_HEX + 1];

    otter_hex_encode(row->id.b, OTTER_DIGEST_LEN, id);
    return json_pack("{s:s, s:s, s:I}", "id", id, "product", row->product, "created",
                     (json_int_t)row->created);
}

enum otter_status op_fleet_key_add(struct svc *svc, struct svc_call *call)
{
    struct store_fleet_key row;
    enum otter_status status = read_key(svc, call, &row);

    if (status == OTTER_OK)
        status = rights_need(call, row.product);
    if (status != OTTER_OK)
        return status;
    status =
        fleet_key_by_id(svc->catalog, &row.id) ? OTTER_ALREADY_EXISTS : check_room(svc, call, row.product);
    if (status == OTTER_OK)
        status = svc->writer->ops->fleet_key_add(svc->writer, &row);
    if (status == OTTER_ALREADY_EXISTS)
        return svc_refuse(call, status, "the server has this fleet key already");
    if (status != OTTER_OK)
        return svc_stored(call, status);
    call->out.json = json_key(&row);
    call->out.created = true;
    return call->out.json ? changed(call) : OTTER_INTERNAL;
}

enum otter_status op_fleet_key_remove(struct svc *svc, struct svc_call *call)
{
    const struct store_fleet_key *key = fleet_key_by_id(svc->catalog, &call->in.digest);
    enum otter_status status = OTTER_NOT_FOUND;

    if (key && rights_see(call, key->product)) {
        status = rights_need(call, key->product);
        if (status != OTTER_OK)
            return status;
        status = svc->writer->ops->fleet_key_delete(svc->writer, &key->id);
    }
    if (status == OTTER_NOT_FOUND)
        return svc_refuse(call, status, "there is no fleet key %s", call->in.id);
    return status == OTTER_OK ? changed(call) : svc_stored(call, status);
}

enum otter_status op_fleet_key_list(struct svc *svc, struct svc_call *call)
{
    static const char *const sorts[] = {"product", "created", NULL};
    auto_catalog struct catalog *c = catalog_get(svc);
    auto_json json_t *items = json_array();
    struct list_page page;
    enum otter_status status = list_begin(&page, call, sorts);

    if (status != OTTER_OK)
        return status;
    for (size_t i = 0; i < c->fleet_key_count; i++) {
        const struct policy_subject subject = {.product = c->fleet_keys[i].product};

        if (rights_may(call, POLICY_ADMINISTER, subject.product) && list_wants(&page, &subject) &&
            json_array_append_new(items, json_key(&c->fleet_keys[i])) != 0)
            return list_drop(&page, OTTER_INTERNAL);
    }
    return list_end_small(&page, items);
}

/* ---- a device's first boot ---- */

static enum otter_status take_new(struct svc *svc, struct svc_call *call, const struct otter_new_token *token)
{
    struct enrolment e = {.id = token->device, .product = token->product, .hardware = token->hardware};
    struct store_token_row made;
    enum otter_status status = OTTER_INTERNAL;

    memcpy(e.secret, token->secret, sizeof(e.secret));
    if (credentials_make(svc, e.id, e.secret, &made)) {
        e.token_hash = made.hash;
        status = enrol(svc, call, &e, &call->out.created);
    }
    host_wipe(e.secret, sizeof(e.secret));
    return status;
}

/* The id is somebody's: that is for an operator to see, and nothing changes by itself. */
static enum otter_status note_rival(struct svc *svc, struct svc_call *call,
                                    const struct otter_new_token *token)
{
    struct store_request row = {.fleet_key = true};

    memcpy(row.id, token->device, sizeof(row.id));
    memcpy(row.product, token->product, sizeof(row.product));
    memcpy(row.hardware, token->hardware, sizeof(row.hardware));
    memcpy(row.address, call->in.address, strnlen(call->in.address, STORE_ADDRESS_MAX));
    if (!credentials_make(svc, row.id, token->secret, &row.token))
        return OTTER_INTERNAL;
    return request_take(svc, call, &row);
}

enum otter_status op_device_enrol(struct svc *svc, struct svc_call *call)
{
    const struct store_fleet_key *key = fleet_key_by_id(svc->catalog, &call->in.digest);
    struct otter_new_token token = call->in.token;
    uint8_t secret[FLEET_SECRET];
    enum otter_status status;

    if (!key) /* removed since it was proved */
        return svc_refuse(call, OTTER_UNAUTHORIZED, "no fleet key of this product makes that proof");
    if (!fleet_key_open(svc, key, secret))
        return OTTER_INTERNAL;
    otter_new_token_mask(&otter_crypto_openssl, secret, &token);
    host_wipe(secret, sizeof(secret));
    status = take_new(svc, call, &token);
    otter_new_token_taken(&otter_crypto_openssl, &token, call->out.id);
    if (status == OTTER_ALREADY_EXISTS)
        status = note_rival(svc, call, &token);
    else if (status == OTTER_OK)
        status = request_settle(svc, call, token.device, NULL);
    if (status == OTTER_OK && call->out.created)
        status =
            audit_note(svc, "", "device-enrol", token.device, json_pack("{s:s}", "product", token.product));
    host_wipe(&token, sizeof(token));
    return svc_stored(call, status);
}
