#include "core/bytes.h"
#include "core/verify.h"

#include <string.h>

/* Envelope, signatures, shape. */
static enum otter_status open_manifest(const struct otter_crypto *crypto, const struct otter_root *root,
                                       const char *envelope, size_t len, struct otter_jws *scratch,
                                       struct otter_manifest *ret)
{
    enum otter_status status = otter_jws_decode(envelope, len, scratch);

    if (status == OTTER_OK)
        status = otter_verify_role(crypto, root, OTTER_ROLE_RELEASE, scratch);
    if (status == OTTER_OK)
        status = otter_manifest_decode(scratch->payload, scratch->payload_len, ret);
    return status;
}

static enum otter_status check_time_and_epoch(const struct otter_root *root, uint64_t now,
                                              const struct otter_manifest *manifest)
{
    if (now >= manifest->expires)
        return OTTER_MANIFEST_EXPIRED;
    return manifest->epoch == root->sequence_epoch ? OTTER_OK : OTTER_WRONG_EPOCH;
}

enum otter_status otter_verify_release(const struct otter_crypto *crypto, const struct otter_root *root,
                                       uint64_t now, const char *envelope, size_t len,
                                       struct otter_jws *scratch, struct otter_manifest *ret)
{
    struct otter_manifest manifest;
    enum otter_status status = open_manifest(crypto, root, envelope, len, scratch, &manifest);

    if (status == OTTER_OK)
        status = check_time_and_epoch(root, now, &manifest);
    if (status == OTTER_OK)
        *ret = manifest;
    return status;
}

static enum otter_status check_product(const struct otter_device_facts *facts,
                                       const struct otter_manifest *manifest)
{
    if (strcmp(manifest->product, facts->product) != 0)
        return OTTER_WRONG_PRODUCT;
    for (unsigned i = 0; i < manifest->hardware_count; i++)
        if (strcmp(manifest->hardware[i], facts->hardware) == 0)
            return OTTER_OK;
    return OTTER_WRONG_HARDWARE;
}

/* Never back: the pair above the confirmed one, the counter not below, the running version within its bounds.
 */
static enum otter_status check_progress(const struct otter_device_facts *facts,
                                        const struct otter_manifest *manifest)
{
    const struct otter_version *running = &facts->running.version;

    if (manifest->epoch < facts->epoch ||
        (manifest->epoch == facts->epoch && manifest->sequence <= facts->sequence))
        return OTTER_SEQUENCE;
    if (manifest->security_counter < facts->counter_floor)
        return OTTER_COUNTER;
    if (manifest->has_requires_from && otter_version_compare(running, &manifest->requires_from) < 0)
        return OTTER_REQUIRES_FROM;
    if (manifest->has_requires_below && otter_version_compare(running, &manifest->requires_below) >= 0)
        return OTTER_REQUIRES_BELOW;
    return OTTER_OK;
}

/* The offer's image among the manifest's: at most one has its slot. */
static enum otter_status find_image(const struct otter_manifest *manifest, const struct otter_offer *offer,
                                    unsigned *ret)
{
    for (unsigned i = 0; i < manifest->image_count; i++) {
        const struct otter_manifest_image *image = &manifest->image[i];

        if (image->slot != offer->slot || image->size != offer->image.size ||
            memcmp(image->sha256.b, offer->image.sha256.b, OTTER_DIGEST_LEN) != 0)
            continue;
        *ret = i;
        return OTTER_OK;
    }
    return OTTER_IMAGE_MISMATCH;
}

static enum otter_status check_slot(const struct otter_device_facts *facts,
                                    const struct otter_manifest_image *image)
{
    const struct otter_slot_layout *layout;

    if ((unsigned)image->slot >= OTTER_ARRAY_LEN(facts->slot) || facts->slot[image->slot].size == 0)
        return OTTER_SLOT_UNSUPPORTED;
    if (image->slot == facts->running.slot)
        return OTTER_SLOT_RUNNING;
    layout = &facts->slot[image->slot];
    if (image->link != layout->base)
        return OTTER_WRONG_LINK;
    /* size - trailer only where it does not wrap */
    if (layout->trailer_size > layout->size || image->size > layout->size - layout->trailer_size)
        return OTTER_IMAGE_TOO_LARGE;
    return OTTER_OK;
}

static enum otter_status check_delta(const struct otter_device_facts *facts, const struct otter_offer *offer)
{
    if (!offer->has_delta)
        return OTTER_OK;
    if (!facts->takes_delta)
        return OTTER_DELTA_UNSUPPORTED;
    if (memcmp(offer->delta_base.b, facts->running.sha256.b, OTTER_DIGEST_LEN) != 0)
        return OTTER_DELTA_BASE;
    return offer->delta.size < offer->image.size ? OTTER_OK : OTTER_DELTA_SIZE;
}

/* The order of protocol.md, from the signed manifest on. */
static enum otter_status check_manifest(const struct otter_root *root, const struct otter_device_facts *facts,
                                        const struct otter_offer *offer,
                                        const struct otter_manifest *manifest, unsigned *ret_image)
{
    unsigned image = 0;
    enum otter_status status = check_product(facts, manifest);

    if (status == OTTER_OK)
        status = check_time_and_epoch(root, offer->issued, manifest);
    if (status == OTTER_OK)
        status = check_progress(facts, manifest);
    if (status == OTTER_OK)
        status = find_image(manifest, offer, &image);
    if (status == OTTER_OK)
        status = check_slot(facts, &manifest->image[image]);
    if (status == OTTER_OK)
        status = check_delta(facts, offer);
    if (status == OTTER_OK)
        *ret_image = image;
    return status;
}

enum otter_status otter_verify_manifest(const struct otter_crypto *crypto, const struct otter_root *root,
                                        const struct otter_device_facts *facts,
                                        const struct otter_offer *offer, const char *envelope, size_t len,
                                        struct otter_jws *scratch, struct otter_manifest *ret,
                                        unsigned *ret_image)
{
    struct otter_manifest manifest;
    struct otter_digest digest;
    enum otter_status status;

    if (len != offer->manifest.size)
        return OTTER_MANIFEST_SIZE;
    otter_sha256_of(crypto, envelope, len, &digest);
    if (memcmp(digest.b, offer->manifest.sha256.b, OTTER_DIGEST_LEN) != 0)
        return OTTER_MANIFEST_DIGEST;
    status = open_manifest(crypto, root, envelope, len, scratch, &manifest);
    if (status == OTTER_OK)
        status = check_manifest(root, facts, offer, &manifest, ret_image);
    if (status == OTTER_OK)
        *ret = manifest;
    return status;
}
