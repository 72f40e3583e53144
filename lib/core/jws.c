#include "core/jws.h"

#include "core/bytes.h"
#include "core/json.h"

#include <string.h>

/*
 * The protected header is compared as bytes. JSON would allow white space, another order of members and
 * escapes; protocol.md asks for "exactly {alg, kid}", and a single spelling leaves nothing to two parsers'
 * judgement.
 */
#define HEADER_HEAD "{\"alg\":\"ES256\",\"kid\":\""
#define HEADER_TAIL "\"}"
#define HEAD_LEN    (sizeof(HEADER_HEAD) - 1)
#define TAIL_LEN    (sizeof(HEADER_TAIL) - 1)
#define KID_B64     OTTER_B64_LEN(OTTER_DIGEST_LEN)
#define HEADER_LEN  (HEAD_LEN + KID_B64 + TAIL_LEN)

_Static_assert(OTTER_B64_LEN(HEADER_LEN) == OTTER_JWS_HEADER_B64, "jws.h counts the same header");

void otter_jws_header(const struct otter_digest *kid, char *out)
{
    char header[HEADER_LEN + 1];

    memcpy(header, HEADER_HEAD, HEAD_LEN);
    otter_b64_encode(kid->b, sizeof(kid->b), header + HEAD_LEN);
    memcpy(header + HEAD_LEN + KID_B64, HEADER_TAIL, TAIL_LEN);
    otter_b64_encode((const uint8_t *)header, HEADER_LEN, out);
}

static enum otter_status decode_header(const struct otter_json *json, unsigned token,
                                       struct otter_digest *ret_kid)
{
    char header[HEADER_LEN];
    struct otter_digest kid;

    if (json->token[token].end - json->token[token].start != (int)OTTER_JWS_HEADER_B64)
        return OTTER_BAD_HEADER;
    if (!otter_json_b64(json, token, (uint8_t *)header, HEADER_LEN))
        return OTTER_BAD_ENCODING;
    if (memcmp(header, HEADER_HEAD, HEAD_LEN) != 0 ||
        memcmp(header + HEAD_LEN + KID_B64, HEADER_TAIL, TAIL_LEN) != 0 ||
        otter_b64_decode(header + HEAD_LEN, KID_B64, kid.b, sizeof(kid.b)) != (int)sizeof(kid.b))
        return OTTER_BAD_HEADER;
    *ret_kid = kid;
    return OTTER_OK;
}

static bool kid_known(const struct otter_jws *jws, const struct otter_digest *kid)
{
    for (unsigned i = 0; i < jws->count; i++)
        if (memcmp(jws->signature[i].kid.b, kid->b, sizeof(kid->b)) == 0)
            return true;
    return false;
}

/* Appends one signature object to jws. */
static enum otter_status decode_signature(struct otter_json *json, unsigned token, struct otter_jws *jws)
{
    struct otter_json_field f[] = {{"protected", OTTER_JSON_STRING, false, 0},
                                   {"signature", OTTER_JSON_STRING, false, 0}};
    struct otter_jws_signature *sig = &jws->signature[jws->count];
    struct otter_digest kid;
    enum otter_status status;

    if (otter_json_fields(json, token, f, OTTER_ARRAY_LEN(f), false) != OTTER_OK)
        return OTTER_BAD_ENVELOPE;
    status = decode_header(json, f[0].index, &kid);
    if (status != OTTER_OK)
        return status;
    if (kid_known(jws, &kid))
        return OTTER_DUPLICATE_SIGNATURE;
    if (!otter_json_b64(json, f[1].index, sig->sig, sizeof(sig->sig)))
        return OTTER_BAD_ENCODING;
    sig->kid = kid;
    sig->protected_at = json->token[f[0].index].start;
    sig->protected_len = OTTER_JWS_HEADER_B64;
    jws->count++;
    return OTTER_OK;
}

static enum otter_status decode_payload(const struct otter_json *json, unsigned token, struct otter_jws *jws)
{
    const struct otter_json_token *t = &json->token[token];
    unsigned b64_len = (unsigned)(t->end - t->start);
    int len;

    if (b64_len > OTTER_B64_LEN(OTTER_PAYLOAD_MAX))
        return OTTER_TOO_LARGE;
    len = otter_b64_decode(json->text + t->start, b64_len, (uint8_t *)jws->payload, OTTER_PAYLOAD_MAX);
    if (len < 0)
        return OTTER_BAD_ENCODING;
    jws->payload[len] = '\0';
    jws->payload_at = t->start;
    jws->payload_b64_len = (uint16_t)b64_len;
    jws->payload_len = (uint16_t)len;
    return OTTER_OK;
}

static enum otter_status decode_members(struct otter_json *json, struct otter_jws *ret)
{
    struct otter_json_field f[] = {{"payload", OTTER_JSON_STRING, false, 0},
                                   {"signatures", OTTER_JSON_ARRAY, false, 0}};
    enum otter_status status;
    unsigned token;

    if (otter_json_fields(json, 0, f, OTTER_ARRAY_LEN(f), false) != OTTER_OK)
        return OTTER_BAD_ENVELOPE;
    if (json->token[f[1].index].size == 0)
        return OTTER_BAD_ENVELOPE;
    if (json->token[f[1].index].size > OTTER_SIGNATURES_MAX)
        return OTTER_TOO_MANY_SIGNATURES;
    status = decode_payload(json, f[0].index, ret);
    if (status != OTTER_OK)
        return status;
    token = f[1].index + 1u;
    for (unsigned n = json->token[f[1].index].size; n > 0; n--, token = json->token[token].next) {
        status = decode_signature(json, token, ret);
        if (status != OTTER_OK)
            return status;
    }
    return OTTER_OK;
}

enum otter_status otter_jws_decode(const char *envelope, size_t len, struct otter_jws *ret)
{
    struct otter_json json;
    enum otter_status status;

    /* *ret is scratch of 3 KB and filled in place; it holds no signature unless all goes well. */
    ret->envelope = envelope;
    ret->count = 0;
    if (len > OTTER_ENVELOPE_MAX)
        return OTTER_TOO_LARGE;
    status = otter_json_parse(&json, envelope, len);
    if (status != OTTER_OK)
        return status;
    status = decode_members(&json, ret);
    if (status != OTTER_OK)
        ret->count = 0;
    return status;
}

void otter_jws_signing_hash(const struct otter_crypto *crypto, const struct otter_jws *jws, unsigned i,
                            struct otter_digest *ret)
{
    const struct otter_jws_signature *sig = &jws->signature[i];
    struct otter_sha256 ctx;

    /* RFC 7515, 5.1: BASE64URL(protected) || '.' || BASE64URL(payload), as they stand in the envelope. */
    crypto->sha256_init(&ctx);
    crypto->sha256_update(&ctx, jws->envelope + sig->protected_at, sig->protected_len);
    crypto->sha256_update(&ctx, ".", 1);
    crypto->sha256_update(&ctx, jws->envelope + jws->payload_at, jws->payload_b64_len);
    crypto->sha256_final(&ctx, ret->b);
}
