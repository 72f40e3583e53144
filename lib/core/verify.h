/*
 * THE order of checks (protocol.md, "The device's order of checks"), once, for device, server and CLI.
 * Each function returns the first refusal in that order, and fills ret_* only on OK.
 * All are pure: crypto, time and facts are passed in. `struct otter_jws` is scratch of 3 KB, given by the
 * caller so that a small device can place it where it likes.
 */
#ifndef OTTER_CORE_VERIFY_H
#define OTTER_CORE_VERIFY_H

#include "core/documents.h"
#include "core/image.h"
#include "core/jws.h"
#include "core/wire.h"

/*
 * Counts the valid signatures of a role. Signatures by kids outside the role are skipped unverified.
 * UNKNOWN_KEY if there is none by the role, BAD_SIGNATURE at the first one by the role that does not verify,
 * THRESHOLD.
 */
enum otter_status otter_verify_role(const struct otter_crypto *crypto, const struct otter_root *root,
                                    enum otter_role role, const struct otter_jws *jws);

/* A root standing alone (version 1 at bootstrap, or in factory data): signed by its own root role. */
enum otter_status otter_verify_root_first(const struct otter_crypto *crypto, const char *envelope, size_t len,
                                          struct otter_jws *scratch, struct otter_root *ret);

/*
 * The link from `current` to its successor: ROOT_VERSION unless version + 1, ROOT_EPOCH if its sequence_epoch
 * falls, thresholds of both, by both. Expiry is ignored. On OK scratch->payload holds its payload. `ret` may
 * not be `current`.
 */
enum otter_status otter_verify_root_next(const struct otter_crypto *crypto, const struct otter_root *current,
                                         const char *envelope, size_t len, struct otter_jws *scratch,
                                         struct otter_root *ret);

/* What the device knows about itself when it judges. */
struct otter_slot_layout {
    uint32_t base;
    uint32_t size;         /* whole slot */
    uint32_t trailer_size; /* reserved at its end */
};

struct otter_device_facts {
    const char *device;
    const char *product;
    const char *hardware;
    struct otter_running running;
    uint64_t epoch;    /* of the confirmed image */
    uint64_t sequence; /* of the confirmed image */
    uint32_t counter_floor;
    uint64_t time_floor; /* latest `created` accepted */
    bool takes_delta;
    struct otter_slot_layout slot[2]; /* A, B */
};

/* Envelope, signature by the offer role, device, nonce, issued >= time floor, root not expired at issued,
 * deadline. */
enum otter_status otter_verify_offer(const struct otter_crypto *crypto, const struct otter_root *root,
                                     const struct otter_device_facts *facts,
                                     const uint8_t nonce[OTTER_NONCE_LEN], const char *envelope, size_t len,
                                     struct otter_jws *scratch, struct otter_offer *ret);

/*
 * The part of the manifest's checks that does not depend on a device, which the server and `otter release
 * verify` run too: envelope, release signatures, shape, expiry against `now`, epoch = root's.
 */
enum otter_status otter_verify_release(const struct otter_crypto *crypto, const struct otter_root *root,
                                       uint64_t now, const char *envelope, size_t len,
                                       struct otter_jws *scratch, struct otter_manifest *ret);

/*
 * All checks of a manifest on the device, in order: size and digest as offered, otter_verify_release against
 * offer->issued, with product and hardware before expiry, then epoch and sequence, counter, requires, and the
 * offer's image and delta. *ret_image is the index of the image in the manifest.
 */
enum otter_status otter_verify_manifest(const struct otter_crypto *crypto, const struct otter_root *root,
                                        const struct otter_device_facts *facts,
                                        const struct otter_offer *offer, const char *envelope, size_t len,
                                        struct otter_jws *scratch, struct otter_manifest *ret,
                                        unsigned *ret_image);

/* Keys that may sign images (factory data), less the revoked ones. */
#define OTTER_IMAGE_KEYS 4u
struct otter_image_keys {
    uint8_t count;
    uint8_t revoked_count;
    uint8_t point[OTTER_IMAGE_KEYS][OTTER_POINT_LEN];
    struct otter_digest kid[OTTER_IMAGE_KEYS];
    struct otter_digest revoked[OTTER_ROOT_REVOKED + OTTER_IMAGE_KEYS];
};

/* Is the image authentic? Structure, hash, key known and not revoked, signature: what the bootloader asks. */
enum otter_status otter_verify_image(const struct otter_crypto *crypto, const struct otter_image_keys *keys,
                                     const struct otter_image_source *source,
                                     struct otter_image_info *ret_info, struct otter_digest *ret_digest);

/*
 * Is it the manifest's image? After the re-read of flash: digest (IMAGE_REREAD) and size, structure, version,
 * SEC_CNT, ROM_FIXED address = link of the manifest's image (unless slot "any"), then otter_verify_image's
 * signature part. keys == NULL checks everything but key and signature: for a server that was told no image
 * keys.
 */
enum otter_status otter_verify_manifest_image(const struct otter_crypto *crypto,
                                              const struct otter_image_keys *keys,
                                              const struct otter_manifest *manifest, unsigned image,
                                              const struct otter_image_source *source,
                                              struct otter_image_info *ret_info);

#endif
