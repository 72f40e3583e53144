#include "host/jws.h"

#include "core/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAYLOAD_B64 OTTER_B64_LEN(OTTER_PAYLOAD_MAX)
#define SIG_B64     OTTER_B64_LEN(OTTER_SIG_LEN)

/* The envelope's fixed text. */
#define PAYLOAD    "{\"payload\":\""
#define SIGNATURES "\",\"signatures\":["
#define PROTECTED  "{\"protected\":\""
#define SIGNATURE  "\",\"signature\":\""
#define ENTRY_END  "\"}"
#define END        "]}"

#define TEXT_LEN(text) (sizeof(text) - 1)
#define ENTRY_LEN                                                                                            \
    (TEXT_LEN(PROTECTED) + OTTER_JWS_HEADER_B64 + TEXT_LEN(SIGNATURE) + SIG_B64 + TEXT_LEN(ENTRY_END))

/* Each returns the place behind what it has put at `at`; the caller has counted the room. */
static char *put(char *at, const char *text, size_t len)
{
    memcpy(at, text, len);
    return at + len;
}
#define PUT(at, text) put(at, text, TEXT_LEN(text))

static char *put_b64(char *at, const void *data, size_t len)
{
    otter_b64_encode(data, len, at);
    return at + OTTER_B64_LEN(len);
}

static char *put_entry(char *at, const char *header, const uint8_t sig[OTTER_SIG_LEN])
{
    at = PUT(at, PROTECTED);
    at = put(at, header, OTTER_JWS_HEADER_B64);
    at = PUT(at, SIGNATURE);
    at = put_b64(at, sig, OTTER_SIG_LEN);
    return PUT(at, ENTRY_END);
}

/* Hash of header '.' payload, both in base64url (RFC 7515, 5.1 step 8). */
static void signing_hash(const char *header, const char *payload_b64, size_t len, struct otter_digest *ret)
{
    const struct otter_crypto *crypto = &otter_crypto_openssl;
    struct otter_sha256 ctx;

    crypto->sha256_init(&ctx);
    crypto->sha256_update(&ctx, header, OTTER_JWS_HEADER_B64);
    crypto->sha256_update(&ctx, ".", 1);
    crypto->sha256_update(&ctx, payload_b64, len);
    crypto->sha256_final(&ctx, ret->b);
}

bool host_jws_hash_for(const struct otter_digest *kid, const char *payload, size_t len,
                       struct otter_digest *ret)
{
    char header[OTTER_JWS_HEADER_B64 + 1], b64[PAYLOAD_B64 + 1];

    if (len > OTTER_PAYLOAD_MAX)
        return false;
    otter_jws_header(kid, header);
    otter_b64_encode((const uint8_t *)payload, len, b64);
    signing_hash(header, b64, OTTER_B64_LEN(len), ret);
    return true;
}

char *host_jws_input_for(const struct otter_digest *kid, const char *payload, size_t len)
{
    char *input = len <= OTTER_PAYLOAD_MAX ? malloc(OTTER_JWS_HEADER_B64 + 1 + PAYLOAD_B64 + 1) : NULL;

    if (!input)
        return NULL;
    otter_jws_header(kid, input);
    input[OTTER_JWS_HEADER_B64] = '.';
    otter_b64_encode((const uint8_t *)payload, len, input + OTTER_JWS_HEADER_B64 + 1);
    return input;
}

size_t host_jws_len(size_t payload_len)
{
    return TEXT_LEN(PAYLOAD) + OTTER_B64_LEN(payload_len) + TEXT_LEN(SIGNATURES) + ENTRY_LEN + TEXT_LEN(END);
}

static int sign_to(const struct host_key *key, const char *payload, size_t len, char *out, size_t cap,
                   struct host_error *err)
{
    const char *header = host_key_header(key);
    uint8_t sig[OTTER_SIG_LEN];
    struct otter_digest hash;
    char *b64, *at;

    if (len > OTTER_PAYLOAD_MAX || host_jws_len(len) >= cap)
        return -1;
    b64 = PUT(out, PAYLOAD);
    at = put_b64(b64, payload, len);
    signing_hash(header, b64, OTTER_B64_LEN(len), &hash);
    if (!host_key_sign_why(key, &hash, sig, err))
        return -1;
    at = PUT(at, SIGNATURES);
    at = put_entry(at, header, sig);
    at = PUT(at, END);
    *at = '\0';
    return (int)(at - out);
}

int host_jws_sign_to(const struct host_key *key, const char *payload, size_t len, char *out, size_t cap)
{
    return sign_to(key, payload, len, out, cap, NULL);
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
    n = sign_to(key, payload, len, out, sizeof out, err); /* `out` is long enough: only a signer says no */
    if (n < 0)
        return false;
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
    char header[OTTER_JWS_HEADER_B64 + 1], entry[ENTRY_LEN];
    size_t at;
    int n;

    if (!grown)
        return host_fail(err, HOST_ERROR_MEMORY, "out of memory");
    /* `signatures` may stand before `payload`, whose base64url holds no bracket: the last ']' is still its
     * end. */
    at = end_of_signatures(envelope, len);
    otter_jws_header(kid, header);
    (void)put_entry(entry, header, sig);
    n = snprintf(grown, OTTER_ENVELOPE_MAX + 1, "%.*s%s%.*s%.*s", (int)at, envelope, jws->count ? "," : "",
                 (int)sizeof entry, entry, (int)(len - at), envelope + at);
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
    signing_hash(host_key_header(key), envelope + jws.payload_at, jws.payload_b64_len, &hash);
    if (!host_key_sign_why(key, &hash, sig, err))
        return false;
    return insert(&jws, kid, sig, envelope, len, ret_envelope, ret_len, err);
}

bool host_jws_attach(const struct otter_digest *kid, const uint8_t sig[OTTER_SIG_LEN], const char *envelope,
                     size_t len, char **ret_envelope, size_t *ret_len, struct host_error *err)
{
    struct otter_jws jws;

    return decode(envelope, len, &jws, err) && may_add(&jws, kid, err) &&
           insert(&jws, kid, sig, envelope, len, ret_envelope, ret_len, err);
}

bool host_jws_begin(const struct otter_digest *kid, const uint8_t sig[OTTER_SIG_LEN], const char *payload,
                    size_t len, char **ret_envelope, size_t *ret_len, struct host_error *err)
{
    char header[OTTER_JWS_HEADER_B64 + 1];
    char *out, *at;

    if (len > OTTER_PAYLOAD_MAX)
        return host_fail(err, HOST_ERROR_FORMAT, "the payload has %zu bytes, at most %u are allowed", len,
                         OTTER_PAYLOAD_MAX);
    out = malloc(host_jws_len(len) + 1);
    if (!out)
        return host_fail(err, HOST_ERROR_MEMORY, "out of memory");
    otter_jws_header(kid, header);
    at = PUT(out, PAYLOAD);
    at = put_b64(at, payload, len);
    at = PUT(at, SIGNATURES);
    at = put_entry(at, header, sig);
    at = PUT(at, END);
    *at = '\0';
    *ret_envelope = out;
    *ret_len = (size_t)(at - out);
    return true;
}
