#include "crypto/crypto_bearssl.h"

#include "crypto/ecdsa_p256.h"

#include <bearssl.h>
#include <string.h>

_Static_assert(sizeof(br_sha256_context) <= sizeof(struct otter_sha256),
               "otter_sha256 holds BearSSL's state");

/* The state is copied in and out: some 110 bytes, less than hashing one block, and no cast between types. */
static void sha256_init(struct otter_sha256 *ctx)
{
    br_sha256_context c;

    br_sha256_init(&c);
    memcpy(ctx->opaque, &c, sizeof c);
}

static void sha256_update(struct otter_sha256 *ctx, const void *data, size_t len)
{
    br_sha256_context c;

    memcpy(&c, ctx->opaque, sizeof c);
    br_sha256_update(&c, data, len);
    memcpy(ctx->opaque, &c, sizeof c);
}

static void sha256_final(const struct otter_sha256 *ctx, uint8_t out[OTTER_DIGEST_LEN])
{
    br_sha256_context c;

    memcpy(&c, ctx->opaque, sizeof c);
    br_sha256_out(&c, out);
}

const struct otter_crypto otter_crypto_bearssl = {
    .sha256_init = sha256_init,
    .sha256_update = sha256_update,
    .sha256_final = sha256_final,
    .p256_verify = otter_ecdsa_p256_verify,
};
