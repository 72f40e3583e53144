/*
 * A token that a device made for itself, and offers to the server (protocol.md, Tokens of their own): the
 * body of POST /v1/device/enrol and POST /v1/device/token. The new secret travels masked by the one under
 * which it is offered, so that a wire without TLS does not show it.
 */
#ifndef OTTER_CORE_TOKEN_H
#define OTTER_CORE_TOKEN_H

#include "core/bytes.h"
#include "core/crypto.h"
#include "core/documents.h"

#define OTTER_TOKEN_SECRET   32u  /* its token is the base64url of it */
#define OTTER_TOKEN_BODY_MAX 512u /* three names of 64 characters, nonce, secret, and what stands between */

struct otter_new_token {
    char device[OTTER_NAME_BUF];
    char product[OTTER_NAME_BUF];
    char hardware[OTTER_NAME_BUF];
    uint8_t nonce[OTTER_NONCE_LEN];
    uint8_t secret[OTTER_TOKEN_SECRET]; /* masked, on its way */
};

/* Masks a secret under another one, for one device and nonce; once more gives it back. */
void otter_new_token_mask(const struct otter_crypto *crypto, const uint8_t under[OTTER_TOKEN_SECRET],
                          struct otter_new_token *token);

/*
 * What a server says once it has the token: base64url of HMAC-SHA256(new secret, "otter-taken" LF device).
 * Who cannot unmask the secret cannot say it. token: not masked.
 */
#define OTTER_TOKEN_TAKEN OTTER_B64_LEN(OTTER_DIGEST_LEN)
void otter_new_token_taken(const struct otter_crypto *crypto, const struct otter_new_token *token,
                           char out[OTTER_TOKEN_TAKEN + 1]);

/* Length written (NUL-terminated), or -1 if cap is too small. */
int otter_new_token_encode(const struct otter_new_token *token, char *out, size_t cap);

/* OK or the status of what is wrong; *ret_at (may be NULL) is the offset of the place. */
enum otter_status otter_new_token_decode(const char *body, size_t len, struct otter_new_token *ret,
                                         size_t *ret_at);

#endif
