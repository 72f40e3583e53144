#include "service/credentials.h"

#include "core/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN_MAX 256u

static bool hash_token(const char *token, struct otter_digest *ret)
{
    size_t len = strnlen(token, TOKEN_MAX + 1);

    if (len == 0 || len > TOKEN_MAX)
        return false;
    otter_sha256_of(&otter_crypto_openssl, token, len, ret);
    return true;
}

/* Those of operators, and what was found. */
struct found {
    const struct operator_row *who;
    struct operator_token *token; /* NULL: the one of admin.token */
};

/*
 * All are compared, whichever it is, by their hashes: how long it takes says nothing of any. (Their number is
 * bounded; a look-up by hash would tell, bit by bit, the hash of admin.token, which somebody may have chosen
 * so that it can be guessed from that.)
 */
static struct found find(const struct svc *svc, const struct operators *o, const struct otter_digest *hash)
{
    struct found f = {.who = NULL};

    if (otter_equal_ct(hash->b, svc->admin_hash.b, OTTER_DIGEST_LEN))
        f.who = &o->all[0];
    for (size_t i = 0; i < o->token_count; i++)
        if (otter_equal_ct(hash->b, o->tokens[i].row.hash.b, OTTER_DIGEST_LEN))
            f = (struct found){&o->all[o->tokens[i].operator], &o->tokens[i]};
    return f;
}

/* NULL: the token counts. Whoever has it may know why it does not. */
static const char *why_not(const struct found *f, int64_t now)
{
    if (f->who->row.disabled)
        return "this operator is switched off: an admin can switch it on again (otter operator enable)";
    if (f->token && f->token->row.expires && f->token->row.expires <= now)
        return "this token has expired: an admin makes a new one (otter token new --operator NAME)";
    return NULL;
}

/* Roughly: so that asking costs no writing. */
#define USED_STEP_S 900

static void note_use(struct operator_token *token, int64_t now)
{
    int64_t used = atomic_load_explicit(&token->used, memory_order_relaxed);

    if (now - used >= USED_STEP_S)
        atomic_store_explicit(&token->used, now, memory_order_relaxed);
}

static struct svc_asker *asker_of(const struct found *f)
{
    struct svc_asker *asker = calloc(1, sizeof(*asker));

    if (!asker)
        return NULL;
    memcpy(asker->name, f->who->row.name, sizeof(asker->name));
    asker->token = f->token ? f->token->row.num : 0;
    asker->expires = f->token ? f->token->row.expires : 0;
    asker->rights = f->who->rights;
    return asker;
}

enum otter_status svc_auth_operator(struct svc *svc, const char *token, struct svc_asker **ret,
                                    const char **ret_why)
{
    auto_catalog struct catalog *c = NULL;
    int64_t now = svc_now(svc);
    struct otter_digest hash;
    struct found f;

    *ret = NULL;
    *ret_why = NULL;
    if (!hash_token(token, &hash))
        return OTTER_UNAUTHORIZED;
    c = catalog_get(svc);
    f = find(svc, &c->operators, &hash);
    if (!f.who || (*ret_why = why_not(&f, now)) != NULL)
        return OTTER_UNAUTHORIZED;
    if (f.token)
        note_use(f.token, now);
    *ret = asker_of(&f);
    return *ret ? OTTER_OK : OTTER_INTERNAL;
}

void svc_asker_free(struct svc_asker *asker)
{
    free(asker);
}

/* A new token is shown for the first time: the old one is nobody's from now on (credentials_run stores it).
 */
static bool uses_second(struct svc *svc, uint32_t index, const struct otter_digest *hash)
{
    if (!fleet_second_is(svc->fleet, index, hash))
        return false;
    fleet_use_second(svc->fleet, index);
    return true;
}

bool svc_auth_device(struct svc *svc, const char *device, const char *token, uint32_t *ret_number)
{
    struct otter_digest hash;
    uint32_t index;

    if (!hash_token(token, &hash))
        return false;
    index = fleet_find(svc->fleet, device);
    *ret_number = index + 1;
    return index != FLEET_NONE && !fleet_is_retired(svc->fleet, index) &&
           (fleet_token_is(svc->fleet, index, &hash) || uses_second(svc, index, &hash));
}

bool auth_hold_secret(const struct svc *svc, struct fleet_device *d, const uint8_t sealed[STORE_SEALED_LEN])
{
    uint8_t secret[FLEET_SECRET];
    bool ok = false;

    _Static_assert(STORE_SEALED_LEN == FLEET_SECRET + HOST_SEAL_OVERHEAD, "a sealed secret");
    if (!svc->config.plain_devices)
        return true;
    if (host_open(svc->secret_key, d->id, strlen(d->id), sealed, STORE_SEALED_LEN, secret))
        ok = fleet_set_secret(d, secret);
    host_wipe(secret, sizeof(secret));
    return ok;
}

#define METHOD_MAX 8u
#define TARGET_MAX 1024u
#define NONCE_TEXT OTTER_B64_LEN(OTTER_NONCE_LEN)

/* METHOD LF target LF nonce LF hex SHA-256(body): its length, or 0 if it is longer than any that we serve. */
static size_t proof_text(const struct svc_proof *proof, char *out, size_t cap)
{
    char hex[OTTER_DIGEST_HEX + 1];
    struct otter_digest digest;
    int len;

    otter_sha256_of(&otter_crypto_openssl, proof->body_len ? proof->body : "", proof->body_len, &digest);
    otter_hex_encode(digest.b, sizeof(digest.b), hex);
    len = snprintf(out, cap, "%s\n%s\n%.*s\n%s", proof->method, proof->target, (int)NONCE_TEXT, proof->nonce,
                   hex);
    return len > 0 && (size_t)len < cap ? (size_t)len : 0;
}

static bool proof_right(const uint8_t secret[FLEET_SECRET], const struct svc_proof *proof)
{
    char text[METHOD_MAX + TARGET_MAX + NONCE_TEXT + OTTER_DIGEST_HEX + 4];
    struct otter_digest want, given;
    size_t len = proof_text(proof, text, sizeof(text));

    if (len == 0 ||
        otter_b64_decode(proof->mac, proof->mac_len, given.b, sizeof(given.b)) != (int)sizeof(given.b))
        return false;
    otter_hmac_sha256(&otter_crypto_openssl, secret, FLEET_SECRET, text, len, &want);
    return otter_equal_ct(want.b, given.b, sizeof(want.b));
}

enum otter_status svc_auth_device_hmac(struct svc *svc, const struct svc_proof *proof, uint32_t *ret_number)
{
    uint8_t nonce[OTTER_NONCE_LEN], secret[FLEET_SECRET];
    uint32_t index = fleet_find(svc->fleet, proof->device);
    bool held, right, fresh;

    if (!svc->config.plain_devices)
        return OTTER_UNAUTHORIZED;
    if (index == FLEET_NONE || fleet_is_retired(svc->fleet, index) || proof->nonce_len != NONCE_TEXT ||
        otter_b64_decode(proof->nonce, proof->nonce_len, nonce, sizeof(nonce)) != (int)sizeof(nonce))
        return OTTER_UNKNOWN_DEVICE;
    held = fleet_secret(fleet_lock(svc->fleet, index), secret);
    fleet_unlock(svc->fleet, index);
    right = held && proof_right(secret, proof);
    if (!right && fleet_second_secret(svc->fleet, index, secret) && proof_right(secret, proof)) {
        fleet_use_second(svc->fleet, index);
        right = true;
    }
    host_wipe(secret, sizeof(secret));
    if (!right)
        return OTTER_UNKNOWN_DEVICE;
    *ret_number = index + 1;
    /* Only a right proof uses its nonce up: nobody else can push a device's nonces out of memory. */
    fresh = fleet_take_nonce(fleet_lock(svc->fleet, index), otter_le64(nonce));
    fleet_unlock(svc->fleet, index);
    return fresh ? OTTER_OK : OTTER_UNAUTHORIZED;
}

bool svc_auth_any_device(struct svc *svc, const char *token, uint32_t *ret_number)
{
    struct otter_digest hash;
    uint32_t index = hash_token(token, &hash) ? fleet_find_token(svc->fleet, &hash) : FLEET_NONE;

    if (index == FLEET_NONE)
        return false;
    if (!fleet_token_is(svc->fleet, index, &hash))
        (void)uses_second(svc, index, &hash);
    *ret_number = index + 1;
    return true;
}

enum otter_status svc_auth_fleet_key(struct svc *svc, const struct svc_proof *proof, const char *product,
                                     struct otter_digest *ret_key)
{
    auto_catalog struct catalog *c = catalog_get(svc);
    enum otter_status status = OTTER_UNAUTHORIZED;
    uint8_t secret[FLEET_SECRET];

    for (size_t i = 0; svc->config.enrol_fleet_key && i < c->fleet_key_count; i++) {
        const struct store_fleet_key *key = &c->fleet_keys[i];

        if (strcmp(key->product, product) != 0 || !fleet_key_open(svc, key, secret) ||
            !proof_right(secret, proof))
            continue;
        *ret_key = key->id;
        status = OTTER_OK;
    }
    host_wipe(secret, sizeof(secret));
    return status;
}

bool svc_auth_certified(struct svc *svc, const char *device, uint32_t *ret_number)
{
    uint32_t index = fleet_find(svc->fleet, device);
    bool revoked;

    if (index == FLEET_NONE || fleet_is_retired(svc->fleet, index))
        return false;
    revoked = (fleet_lock(svc->fleet, index)->marks & FLEET_REVOKED) != 0;
    fleet_unlock(svc->fleet, index);
    *ret_number = index + 1;
    return !revoked;
}

bool svc_takes_asking(const struct svc *svc)
{
    return svc->config.enrol_ask;
}

bool svc_takes_certified(const struct svc *svc, const char *device)
{
    return svc->config.enrol_certificate && fleet_find(svc->fleet, device) == FLEET_NONE;
}
