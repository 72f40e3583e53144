#include "image_build.h"

#include "core/bytes.h"
#include "host/crypto.h"

#include <stdlib.h>
#include <string.h>

#define TLV_INFO_LEN  4u
#define TLV_ENTRY_LEN 4u
/* SHA256, KEYHASH, the longest signature. */
#define TLVS_MAX (TLV_INFO_LEN + 3 * TLV_ENTRY_LEN + 2 * OTTER_DIGEST_LEN + OTTER_SIG_DER_MAX)
/* SEC_CNT, self-test. */
#define PROTECTED_MAX (TLV_INFO_LEN + 2 * TLV_ENTRY_LEN + 4 + 2)

static enum otter_status read_memory(const struct otter_image_source *self, uint32_t off, void *buf,
                                     uint32_t len)
{
    const struct cli_image_source *s = OTTER_CONTAINER_OF_CONST(self, struct cli_image_source, source);

    memcpy(buf, s->data + off, len); /* off + len <= size: the contract of read */
    return OTTER_OK;
}

void cli_image_source_init(struct cli_image_source *s, const void *data, size_t len)
{
    *s = (struct cli_image_source){
        .source = {.read = read_memory, .size = len > UINT32_MAX ? UINT32_MAX : (uint32_t)len},
        .data = data,
    };
}

static void put(struct cli_image *image, const void *data, size_t len)
{
    memcpy(image->data + image->len, data, len);
    image->len += len;
}

static void put_pair(struct cli_image *image, uint16_t first, size_t second)
{
    uint8_t b[4];

    otter_put_le16(b, first);
    otter_put_le16(b + 2, (uint16_t)second);
    put(image, b, sizeof(b));
}

static void put_tlv(struct cli_image *image, uint16_t type, const void *data, size_t len)
{
    put_pair(image, type, len);
    put(image, data, len);
}

static uint16_t protected_size(const struct cli_image_spec *spec)
{
    unsigned size = (spec->has_counter ? TLV_ENTRY_LEN + 4 : 0) +
                    (spec->selftest != OTTER_SELFTEST_NONE ? TLV_ENTRY_LEN + 2 : 0);

    return (uint16_t)(size > 0 ? size + TLV_INFO_LEN : 0);
}

static void put_protected(const struct cli_image_spec *spec, struct cli_image *image)
{
    const uint8_t selftest[2] = {(uint8_t)spec->selftest, spec->selftest_percent};
    uint8_t counter[4];

    if (protected_size(spec) == 0)
        return;
    put_pair(image, OTTER_TLV_PROT_MAGIC, protected_size(spec));
    otter_put_le32(counter, spec->counter);
    if (spec->has_counter)
        put_tlv(image, OTTER_TLV_SEC_CNT, counter, sizeof(counter));
    if (spec->selftest != OTTER_SELFTEST_NONE)
        put_tlv(image, OTTER_TLV_SELFTEST, selftest, sizeof(selftest));
}

static bool check_spec(const struct cli_image_spec *spec, struct host_error *err)
{
    static const uint32_t aligns[] = {1, 2, 4, 8, 16, 32};
    size_t i = 0;

    while (i < OTTER_ARRAY_LEN(aligns) && aligns[i] != spec->align)
        i++;
    if (i == OTTER_ARRAY_LEN(aligns))
        return host_fail(err, HOST_ERROR_FORMAT, "an alignment of %u is none of 1, 2, 4, 8, 16, 32",
                         spec->align);
    if (spec->header_size < OTTER_IMAGE_HEADER_LEN || spec->header_size > UINT16_MAX ||
        spec->header_size % 4 != 0)
        return host_fail(err, HOST_ERROR_FORMAT,
                         "image-header: a header of %u bytes: expected a multiple of 4 from %u to 65532",
                         spec->header_size, OTTER_IMAGE_HEADER_LEN);
    if (spec->slot_size <= otter_image_trailer_size(spec->align) + spec->header_size)
        return host_fail(err, HOST_ERROR_FORMAT,
                         "image-too-large: a slot of %u bytes has no room beside header and "
                         "trailer",
                         spec->slot_size);
    return true;
}

/* Does the input hold room for the header already (as imgtool expects without --pad-header)? */
static bool has_header_room(const struct cli_image_spec *spec, const uint8_t *bin, size_t len)
{
    size_t zeros = 0;

    while (zeros < len && zeros < spec->header_size && bin[zeros] == 0)
        zeros++;
    return !spec->pad_header && zeros == spec->header_size && len > zeros;
}

bool cli_image_begin(const struct cli_image_spec *spec, const void *bin, size_t len, struct cli_image *ret,
                     struct host_error *err)
{
    struct otter_image_header header = {.load_addr = spec->rom_fixed ? spec->load_addr : 0,
                                        .header_size = (uint16_t)spec->header_size,
                                        .protected_size = protected_size(spec),
                                        .flags = spec->rom_fixed ? OTTER_IMAGE_ROM_FIXED : 0,
                                        .version = spec->version};
    struct cli_image image = {0};
    const uint8_t *payload = bin;

    if (!check_spec(spec, err))
        return false;
    if (has_header_room(spec, payload, len)) {
        payload += spec->header_size;
        len -= spec->header_size;
    }
    if (len == 0)
        return host_fail(err, HOST_ERROR_FORMAT, "image-length: the input is empty");
    if (len > spec->slot_size) /* first of the two bounds, so that sizes below stay under 2^32 */
        return host_fail(err, HOST_ERROR_FORMAT, "image-too-large: %zu bytes do not fit a slot of %u", len,
                         spec->slot_size);
    header.image_size = (uint32_t)len;
    image.data = calloc(1, (size_t)spec->header_size + len + PROTECTED_MAX + TLVS_MAX);
    if (image.data == NULL)
        return host_fail(err, HOST_ERROR_MEMORY, "out of memory");
    otter_image_header_encode(&header, image.data);
    /* What lies between header and firmware reads as erased flash where we made the room, as imgtool has it.
     */
    if (payload == bin)
        memset(image.data + OTTER_IMAGE_HEADER_LEN, 0xff, spec->header_size - OTTER_IMAGE_HEADER_LEN);
    image.len = spec->header_size;
    put(&image, payload, len);
    put_protected(spec, &image);
    otter_sha256_of(&otter_crypto_openssl, image.data, image.len, &image.hash);
    *ret = image;
    return true;
}

bool cli_image_finish(const struct cli_image_spec *spec, struct cli_image *image,
                      const uint8_t point[OTTER_POINT_LEN], const uint8_t sig[OTTER_SIG_LEN],
                      struct host_error *err)
{
    uint32_t trailer = otter_image_trailer_size(spec->align);
    uint8_t der[OTTER_SIG_DER_MAX];
    size_t der_len = host_sig_to_der(sig, der);
    struct otter_digest kid;

    if (der_len == 0)
        return host_fail(err, HOST_ERROR_MEMORY, "out of memory");
    if (!otter_crypto_openssl.p256_verify(point, image->hash.b, sig))
        return host_fail(err, HOST_ERROR_CRYPTO,
                         "image-signature: the signature does not verify with the public key");
    otter_key_id(&otter_crypto_openssl, point, &kid);
    put_pair(image, OTTER_TLV_INFO_MAGIC, TLV_INFO_LEN + 3 * TLV_ENTRY_LEN + 2 * OTTER_DIGEST_LEN + der_len);
    put_tlv(image, OTTER_TLV_SHA256, image->hash.b, OTTER_DIGEST_LEN);
    put_tlv(image, OTTER_TLV_KEYHASH, kid.b, OTTER_DIGEST_LEN);
    put_tlv(image, OTTER_TLV_ECDSA_SIG, der, der_len);
    if (image->len > spec->slot_size - trailer)
        return host_fail(
            err, HOST_ERROR_FORMAT,
            "image-too-large: the image has %zu bytes; a slot of %u less its trailer of %u holds %u",
            image->len, spec->slot_size, trailer, spec->slot_size - trailer);
    return true;
}

bool cli_image_pad(const struct cli_image_spec *spec, struct cli_image *image, struct host_error *err)
{
    uint8_t *padded = malloc(spec->slot_size);

    if (padded == NULL)
        return host_fail(err, HOST_ERROR_MEMORY, "out of memory");
    memcpy(padded, image->data, image->len); /* len <= slot_size: finish checked it */
    memset(padded + image->len, 0xff, spec->slot_size - image->len);
    otter_image_trailer_magic(spec->align, padded + spec->slot_size - OTTER_TRAILER_MAGIC_LEN);
    free(image->data);
    image->data = padded;
    image->len = spec->slot_size;
    return true;
}

void cli_image_free(struct cli_image *image)
{
    free(image->data);
    image->data = NULL;
}
