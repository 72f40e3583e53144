#include "core/image.h"

#include "core/bytes.h"

#include <string.h>

/*
 * What direct-XIP can run: position-independent code (0x1, which MCUboot only carries) and ROM_FIXED. A bit
 * that is not known here may change how the payload is to be read, as 0x200 once did; so unknown ones are
 * refused, too.
 */
#define FLAG_PIC      0x1u
#define FLAGS_ALLOWED (FLAG_PIC | OTTER_IMAGE_ROM_FIXED)

#define TLV_INFO_LEN 4u

enum otter_status otter_image_header_decode(const uint8_t b[OTTER_IMAGE_HEADER_LEN],
                                            struct otter_image_header *ret)
{
    struct otter_image_header h = {
        .load_addr = otter_le32(b + 4),
        .header_size = otter_le16(b + 8),
        .protected_size = otter_le16(b + 10),
        .image_size = otter_le32(b + 12),
        .flags = otter_le32(b + 16),
        .version = {b[20], b[21], otter_le16(b + 22), otter_le32(b + 24)},
    };

    if (otter_le32(b) != OTTER_IMAGE_HEADER_MAGIC)
        return OTTER_IMAGE_MAGIC;
    if (h.header_size < OTTER_IMAGE_HEADER_LEN || h.header_size % 4 != 0 || h.image_size == 0)
        return OTTER_IMAGE_HEADER;
    if (h.protected_size > OTTER_TLV_AREA_MAX || (h.protected_size > 0 && h.protected_size < TLV_INFO_LEN))
        return OTTER_IMAGE_HEADER;
    /* The one sum of sizes, in 64 bits: from here on header + image + protected area fit 32 bits. */
    if ((uint64_t)h.header_size + h.image_size + h.protected_size > UINT32_MAX)
        return OTTER_IMAGE_HEADER;
    if ((h.flags & ~FLAGS_ALLOWED) != 0)
        return OTTER_IMAGE_FLAGS;
    *ret = h;
    return OTTER_OK;
}

void otter_image_header_encode(const struct otter_image_header *h, uint8_t b[OTTER_IMAGE_HEADER_LEN])
{
    otter_put_le32(b, OTTER_IMAGE_HEADER_MAGIC);
    otter_put_le32(b + 4, h->load_addr);
    otter_put_le16(b + 8, h->header_size);
    otter_put_le16(b + 10, h->protected_size);
    otter_put_le32(b + 12, h->image_size);
    otter_put_le32(b + 16, h->flags);
    b[20] = h->version.major;
    b[21] = h->version.minor;
    otter_put_le16(b + 22, h->version.revision);
    otter_put_le32(b + 24, h->version.build);
    otter_put_le32(b + 28, 0);
}

/* Hashes the bytes [from, to) of the source on; from <= to <= source->size. */
static enum otter_status hash_range(const struct otter_crypto *crypto,
                                    const struct otter_image_source *source, uint32_t from, uint32_t to,
                                    struct otter_sha256 *ctx)
{
    uint8_t buf[512];

    while (from < to) {
        uint32_t n = to - from < sizeof(buf) ? to - from : (uint32_t)sizeof(buf);
        enum otter_status status = source->read(source, from, buf, n);

        if (status != OTTER_OK)
            return status;
        crypto->sha256_update(ctx, buf, n);
        from += n; /* n <= to - from */
    }
    return OTTER_OK;
}

enum otter_status otter_image_digest(const struct otter_crypto *crypto,
                                     const struct otter_image_source *source,
                                     const struct otter_image_info *info, struct otter_digest *ret_digest,
                                     struct otter_digest *ret_hash)
{
    struct otter_sha256 ctx;
    struct otter_digest hash;
    enum otter_status status;

    if (info->file_size > source->size || info->hashed_size > info->file_size)
        return OTTER_IMAGE_TOO_LARGE;
    crypto->sha256_init(&ctx);
    status = hash_range(crypto, source, 0, info->hashed_size, &ctx);
    if (status != OTTER_OK)
        return status;
    /* The hash TLV's bytes are a prefix of the digest's: sha256_final leaves ctx as it was. */
    crypto->sha256_final(&ctx, hash.b);
    status = hash_range(crypto, source, info->hashed_size, info->file_size, &ctx);
    if (status != OTTER_OK)
        return status;
    crypto->sha256_final(&ctx, ret_digest->b);
    *ret_hash = hash;
    return OTTER_OK;
}

bool otter_selftest_applies(const struct otter_crypto *crypto, const struct otter_digest *image,
                            const char *device, uint8_t percent)
{
    struct otter_sha256 ctx;
    struct otter_digest draw;

    crypto->sha256_init(&ctx);
    crypto->sha256_update(&ctx, image->b, sizeof(image->b));
    crypto->sha256_update(&ctx, device, strlen(device));
    crypto->sha256_final(&ctx, draw.b);
    return otter_be64(draw.b) % 100 < percent;
}
