#include "core/verify.h"

#include <string.h>

static bool revoked(const struct otter_image_keys *keys, const struct otter_digest *kid)
{
    for (unsigned i = 0; i < keys->revoked_count; i++)
        if (memcmp(keys->revoked[i].b, kid->b, sizeof(kid->b)) == 0)
            return true;
    return false;
}

/* Key known, not revoked, signature over the hash. An image without key or signature lacks a needed entry. */
static enum otter_status check_signature(const struct otter_crypto *crypto,
                                         const struct otter_image_keys *keys,
                                         const struct otter_image_info *info)
{
    unsigned i = 0;

    if (!info->has_key)
        return OTTER_IMAGE_TLV;
    while (i < keys->count && memcmp(keys->kid[i].b, info->key.b, OTTER_DIGEST_LEN) != 0)
        i++;
    if (i == keys->count)
        return OTTER_IMAGE_KEY_UNKNOWN;
    if (revoked(keys, &info->key))
        return OTTER_IMAGE_KEY_REVOKED;
    return crypto->p256_verify(keys->point[i], info->hash.b, info->sig) ? OTTER_OK : OTTER_IMAGE_SIGNATURE;
}

static bool same(const struct otter_digest *a, const struct otter_digest *b)
{
    return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

enum otter_status otter_verify_image(const struct otter_crypto *crypto, const struct otter_image_keys *keys,
                                     const struct otter_image_source *source,
                                     struct otter_image_info *ret_info, struct otter_digest *ret_digest)
{
    struct otter_image_info info;
    struct otter_digest digest;
    struct otter_digest hash;
    enum otter_status status = otter_image_inspect(source, &info);

    if (status == OTTER_OK)
        status = otter_image_digest(crypto, source, &info, &digest, &hash);
    if (status == OTTER_OK && !same(&hash, &info.hash))
        status = OTTER_IMAGE_HASH;
    if (status == OTTER_OK)
        status = check_signature(crypto, keys, &info);
    if (status != OTTER_OK)
        return status;
    *ret_info = info;
    *ret_digest = digest;
    return OTTER_OK;
}

/*
 * Structure and digest in one pass over the image. Damaged flash mostly damages structure, too: so a
 * structure that does not hold is called IMAGE_REREAD where the digest disagrees, and by its own name only
 * where the bytes are those that the manifest names.
 */
static enum otter_status read_image(const struct otter_crypto *crypto,
                                    const struct otter_manifest_image *image,
                                    const struct otter_image_source *source, struct otter_image_info *info,
                                    struct otter_digest *hash)
{
    struct otter_image_info whole = {0};
    struct otter_digest digest;
    enum otter_status structure;
    enum otter_status status;

    if (image->size > source->size)
        return OTTER_IMAGE_LENGTH;
    structure = otter_image_inspect(source, info);
    if (structure == OTTER_OK && info->file_size != image->size)
        structure = OTTER_IMAGE_LENGTH;
    whole.file_size = (uint32_t)image->size; /* <= source->size */
    whole.hashed_size = structure == OTTER_OK ? info->hashed_size : 0;
    status = otter_image_digest(crypto, source, &whole, &digest, hash);
    if (status != OTTER_OK)
        return status;
    return same(&digest, &image->sha256) ? structure : OTTER_IMAGE_REREAD;
}

static enum otter_status check_against(const struct otter_manifest *manifest,
                                       const struct otter_manifest_image *image,
                                       const struct otter_image_info *info)
{
    if (otter_version_compare(&info->header.version, &manifest->version) != 0)
        return OTTER_IMAGE_VERSION;
    if (!info->has_counter || info->counter != manifest->security_counter)
        return OTTER_IMAGE_COUNTER;
    if (image->slot != OTTER_SLOT_ANY &&
        ((info->header.flags & OTTER_IMAGE_ROM_FIXED) == 0 || info->header.load_addr != image->link))
        return OTTER_IMAGE_LINK;
    return OTTER_OK;
}

enum otter_status otter_verify_manifest_image(const struct otter_crypto *crypto,
                                              const struct otter_image_keys *keys,
                                              const struct otter_manifest *manifest, unsigned image,
                                              const struct otter_image_source *source,
                                              struct otter_image_info *ret_info)
{
    const struct otter_manifest_image *want = &manifest->image[image];
    struct otter_image_info info;
    struct otter_digest hash;
    enum otter_status status = read_image(crypto, want, source, &info, &hash);

    if (status == OTTER_OK && !same(&hash, &info.hash))
        status = OTTER_IMAGE_HASH;
    if (status == OTTER_OK)
        status = check_against(manifest, want, &info);
    if (status == OTTER_OK && keys != NULL)
        status = check_signature(crypto, keys, &info);
    if (status == OTTER_OK)
        *ret_info = info;
    return status;
}
