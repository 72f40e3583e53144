/*
 * JWS JSON general serialization (RFC 7515, 7.2.1), exactly as protocol.md's Signed documents allows it:
 * {"payload":"..","signatures":[{"protected":"..","signature":".."},..]}, protected header exactly
 * {"alg":"ES256","kid":".."}, no unprotected header, 1..8 signatures, envelope <= 4,608, payload <= 2,048
 * bytes.
 */
#ifndef OTTER_CORE_JWS_H
#define OTTER_CORE_JWS_H

#include "core/crypto.h"
#include "core/status.h"

#define OTTER_ENVELOPE_MAX   4608u
#define OTTER_PAYLOAD_MAX    2048u
#define OTTER_SIGNATURES_MAX 8u

struct otter_jws_signature {
    struct otter_digest kid;
    uint16_t protected_at; /* offset and length of the base64url header in the envelope */
    uint16_t protected_len;
    uint8_t sig[OTTER_SIG_LEN];
};

struct otter_jws {
    const char *envelope; /* not owned; must outlive this struct */
    uint16_t payload_at;  /* the base64url payload in the envelope */
    uint16_t payload_b64_len;
    uint16_t payload_len;
    uint8_t count;
    struct otter_jws_signature signature[OTTER_SIGNATURES_MAX];
    char payload[OTTER_PAYLOAD_MAX + 1]; /* decoded, NUL-terminated */
};

/*
 * OK, TOO_LARGE, BAD_JSON, BAD_ENVELOPE, BAD_HEADER, BAD_ENCODING, TOO_MANY_SIGNATURES, DUPLICATE_SIGNATURE.
 * *ret is filled in place: after a refusal its count is 0 and the rest undefined.
 */
enum otter_status otter_jws_decode(const char *envelope, size_t len, struct otter_jws *ret);

/* SHA-256 of the signing input of signature i: what the key signs. */
void otter_jws_signing_hash(const struct otter_crypto *crypto, const struct otter_jws *jws, unsigned i,
                            struct otter_digest *ret);

/* The protected header for a kid in base64url, NUL-terminated: out has OTTER_JWS_HEADER_B64 + 1 bytes. */
#define OTTER_JWS_HEADER_B64 OTTER_B64_LEN(22 + 43 + 2)
void otter_jws_header(const struct otter_digest *kid, char *out);

#endif
