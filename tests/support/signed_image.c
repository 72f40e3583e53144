#include "signed_image.h"

#include "core/bytes.h"

#include <stdlib.h>
#include <string.h>

#define TLVS_MAX 256u /* of both areas */

static void must(bool ok)
{
    if (!ok)
        abort();
}

static uint32_t put_tlv(uint8_t *p, uint16_t type, const void *data, size_t len)
{
    otter_put_le16(p, type);
    otter_put_le16(p + 2, (uint16_t)len);
    memcpy(p + 4, data, len);
    return 4 + (uint32_t)len;
}

static uint32_t put_protected(uint8_t *p, uint32_t counter)
{
    uint8_t value[4];

    otter_put_le32(value, counter);
    otter_put_le16(p, OTTER_TLV_PROT_MAGIC);
    otter_put_le16(p + 2, 12);
    return 4 + put_tlv(p + 4, OTTER_TLV_SEC_CNT, value, sizeof(value));
}

/* Over the first `hashed` bytes of the image, behind them. */
static uint32_t put_signature(uint8_t *image, uint32_t hashed, const struct host_key *key)
{
    uint8_t sig[OTTER_SIG_LEN], der[OTTER_SIG_DER_MAX];
    uint8_t *p = image + hashed;
    struct otter_digest hash;
    uint32_t at = 4;

    otter_sha256_of(&otter_crypto_openssl, image, hashed, &hash);
    must(host_key_sign(key, &hash, sig));
    at += put_tlv(p + at, OTTER_TLV_SHA256, hash.b, sizeof(hash.b));
    at += put_tlv(p + at, OTTER_TLV_KEYHASH, host_key_kid(key)->b, OTTER_DIGEST_LEN);
    at += put_tlv(p + at, OTTER_TLV_ECDSA_SIG, der, host_sig_to_der(sig, der));
    otter_put_le16(p, OTTER_TLV_INFO_MAGIC);
    otter_put_le16(p + 2, (uint16_t)at);
    return at;
}

uint32_t signed_image_build(const struct signed_image_options *o, uint8_t *out, uint32_t cap,
                            struct otter_digest *ret_digest)
{
    uint16_t header_size = o->header_size != 0 ? o->header_size : 0x200;
    struct otter_image_header header = {o->load_addr, header_size,           12,
                                        o->payload,   OTTER_IMAGE_ROM_FIXED, o->version};
    uint32_t at = header_size + o->payload;

    must(at + TLVS_MAX <= cap);
    memset(out, 0, cap);
    otter_image_header_encode(&header, out);
    for (uint32_t i = 0; i < o->payload; i++)
        out[header_size + i] = (uint8_t)(i * 7 + i / 251 + o->fill);
    at += put_protected(out + at, o->counter);
    at += put_signature(out, at, o->key);
    otter_sha256_of(&otter_crypto_openssl, out, at, ret_digest);
    return at;
}
