#include "host/jws.h"

#include "core/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAYLOAD_B64 OTTER_B64_LEN(OTTER_PAYLOAD_MAX)
#define SIG_B64     OTTER_B64_LEN(OTTER_SIG_LEN)

/* Hash of header '.' payload, both in base64url (RFC 7515, 5.1 step 8). */
static void signing_hash(const struct otter_digest *kid, const char *payload_b64, size_t len,
                         struct otter_digest *ret)
{
    const struct otter_crypto *crypto = &otter_crypto_openssl;
    char header[OTTER_JWS_HEADER_B64 + 1];
    struct otter_sha256 ctx;

    otter_jws_header(kid, header);
    crypto->sha256_init(&ctx);
    crypto->sha256_update(&ctx, header, strlen(header));
    crypto->sha256_update(&ctx, ".", 1);
    crypto->sha256_update(&ctx, payload_b64, len);
    crypto->sha256_final(&ctx, ret->b);
}

bool host_jws_hash_for(const struct otter_digest *kid, const char *payload, size_t len,
                       struct otter_digest *ret)
{
    char b64[PAYLOAD_B64 + 1];

    if (len > OTTER_PAYLOAD_MAX)
        return false;
    otter_b64_encode((const uint8_t *)payload, len, b64);
    signing_hash(kid, b64, strlen(b64), ret);
    return true;
}

/* {"protected":"..","signature":".."} */
#define ENTRY_MAX (32u + OTTER_JWS_HEADER_B64 + SIG_B64 + 4u)

static void format_entry(const struct otter_digest *kid, const uint8_t sig[OTTER_SIG_LEN],
                         char out[ENTRY_MAX])
{
    char header[OTTER_JWS_HEADER_B64 + 1], b64[SIG_B64 + 1];

    otter_jws_header(kid, header);
    otter_b64_encode(sig, OTTER_SIG_LEN, b64);
    (void)snprintf(out, ENTRY_MAX, "{\"protected\":\"%s\",\"signature\":\"%s\"}", header, b64);
}

int host_jws_sign_to(const struct host_key *key, const char *payload, size_t len, char *out, size_t cap)
{
    char b64[PAYLOAD_B64 + 1], entry[ENTRY_MAX];
    uint8_t sig[OTTER_SIG_LEN];
    struct otter_digest hash;
    int n;

    if (len > OTTER_PAYLOAD_MAX)
        return -1;
    otter_b64_encode((const uint8_t *)payload, len, b64);
    signing_hash(host_key_kid(key), b64, strlen(b64), &hash);
    if (!host_key_sign(key, &hash, sig))
        return -1;
    format_entry(host_key_kid(key), sig, entry);
    n = snprintf(out, cap, "{\"payload\":\"%s\",\"signatures\":[%s]}", b64, entry);
    return n < 0 || (size_t)n >= cap ? -1 : n;
}

bool host_jws_sign(const struct host_key *key, const char *payload, size_t len, char **ret_envelope,
                   size_t *ret_len, struct host_error *err)
{
    char out[OTTER_ENVELOPE_MAX + 1];
    char *copy;
    int n;

    if (len > OTTER_PAYLOAD_MAX)
        return host_fail(err, HOST_ERROR_FORMAT, "the payload has %zu bytes, at most %u are allowed", len,
                         OTTER_PAYLOAD_MAX);
    n = host_jws_sign_to(key, payload, len, out, sizeof out);
    if (n < 0)
        return host_fail(err, HOST_ERROR_CRYPTO, "OpenSSL does not sign");
    copy = strndup(out, (size_t)n);
    if (!copy)
        return host_fail(err, HOST_ERROR_MEMORY, "out of memory");
    *ret_envelope = copy;
    *ret_len = (size_t)n;
    return true;
}

static bool decode(const char *envelope, size_t len, struct otter_jws *ret, struct host_error *err)
{
    enum otter_status status = otter_jws_decode(envelope, len, ret);

    if (status == OTTER_OK)
        return true;
    return host_fail(err, HOST_ERROR_FORMAT, "not an envelope to add a signature to: %s (%s)",
                     otter_status_name(status), otter_status_meaning(status));
}

/* May a signature of this kid be added? */
static bool may_add(const struct otter_jws *jws, const struct otter_digest *kid, struct host_error *err)
{
    for (unsigned i = 0; i < jws->count; i++) {
        if (!memcmp(jws->signature[i].kid.b, kid->b, sizeof kid->b))
            return host_fail(err, HOST_ERROR_EXISTS, "the envelope holds a signature by this key already");
    }
    if (jws->count == OTTER_SIGNATURES_MAX)
        return host_fail(err, HOST_ERROR_FORMAT,
                         "the envelope holds %u signatures, which is the most allowed", OTTER_SIGNATURES_MAX);
    return true;
}

/* Where the array of signatures ends: the last ']' of a decoded envelope lies outside every string. */
static size_t end_of_signatures(const char *envelope, size_t len)
{
    size_t at = len;

    while (at > 0 && envelope[at - 1] != ']')
        at--;
    return at ? at - 1 : 0;
}

static bool insert(const struct otter_jws *jws, const struct otter_digest *kid,
                   const uint8_t sig[OTTER_SIG_LEN], const char *envelope, size_t len, char **ret_envelope,
                   size_t *ret_len, struct host_error *err)
{
    auto_free char *grown = malloc(OTTER_ENVELOPE_MAX + 1);
    char entry[ENTRY_MAX];
    size_t at;
    int n;

    if (!grown)
        return host_fail(err, HOST_ERROR_MEMORY, "out of memory");
    /* `signatures` may stand before `payload`, whose base64url holds no bracket: the last ']' is still its
     * end. */
    at = end_of_signatures(envelope, len);
    format_entry(kid, sig, entry);
    n = snprintf(grown, OTTER_ENVELOPE_MAX + 1, "%.*s%s%s%.*s", (int)at, envelope, jws->count ? "," : "",
                 entry, (int)(len - at), envelope + at);
    if (n < 0 || (size_t)n > OTTER_ENVELOPE_MAX)
        return host_fail(err, HOST_ERROR_FORMAT, "with this signature the envelope is longer than %u bytes",
                         OTTER_ENVELOPE_MAX);
    *ret_envelope = HOST_STEAL(grown);
    *ret_len = (size_t)n;
    return true;
}

bool host_jws_add(const struct host_key *key, const char *envelope, size_t len, char **ret_envelope,
                  size_t *ret_len, struct host_error *err)
{
    const struct otter_digest *kid = host_key_kid(key);
    uint8_t sig[OTTER_SIG_LEN];
    struct otter_digest hash;
    struct otter_jws jws;

    if (!decode(envelope, len, &jws, err) || !may_add(&jws, kid, err))
        return false;
    signing_hash(kid, envelope + jws.payload_at, jws.payload_b64_len, &hash);
    if (!host_key_sign(key, &hash, sig))
        return host_fail(err, HOST_ERROR_CRYPTO, "OpenSSL does not sign");
    return insert(&jws, kid, sig, envelope, len, ret_envelope, ret_len, err);
}

bool host_jws_attach(const struct otter_digest *kid, const uint8_t sig[OTTER_SIG_LEN], const char *envelope,
                     size_t len, char **ret_envelope, size_t *ret_len, struct host_error *err)
{
    struct otter_jws jws;

    return decode(envelope, len, &jws, err) && may_add(&jws, kid, err) &&
           insert(&jws, kid, sig, envelope, len, ret_envelope, ret_len, err);
}
