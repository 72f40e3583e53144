/*
 * The three signed documents: root, manifest, offer. Decoding checks shape and ranges, never signatures: that
 * is verify.h. Every decoder takes the payload of a JWS (NUL-terminated JSON without escapes, see jws.h),
 * refuses unknown, missing and duplicate members, and fills *ret only when it returns OK. Encoders write the
 * members in the order of protocol.md; a result <= cap - 1 bytes, else NO_SPACE.
 */
#ifndef OTTER_CORE_DOCUMENTS_H
#define OTTER_CORE_DOCUMENTS_H

#include "core/crypto.h"
#include "core/names.h"
#include "core/status.h"
#include "core/version.h"

#define OTTER_ROOT_KEYS_MAX 7u /* OTTER_ROOT_KEYS is a status */
#define OTTER_ROOT_KEYIDS   9u
#define OTTER_ROOT_REVOKED  3u
#define OTTER_HARDWARE_MAX  8u
#define OTTER_IMAGES_MAX    4u
#define OTTER_PAPER_MAX     (16u << 20) /* a bill of materials, or release notes, that a manifest names */
#define OTTER_NONCE_LEN     16u

enum otter_role { OTTER_ROLE_ROOT, OTTER_ROLE_RELEASE, OTTER_ROLE_OFFER, OTTER_ROLE_COUNT };

struct otter_root_key {
    struct otter_digest kid;
    uint8_t point[OTTER_POINT_LEN];
};

struct otter_root_role {
    uint8_t threshold;
    uint8_t count;
    uint8_t key[OTTER_ROOT_KEYS_MAX]; /* indices into otter_root.key */
};

struct otter_root {
    uint64_t version;
    uint64_t created;
    uint64_t expires;
    uint64_t sequence_epoch;
    uint8_t key_count;
    uint8_t revoked_count;
    struct otter_root_key key[OTTER_ROOT_KEYS_MAX];
    struct otter_root_role role[OTTER_ROLE_COUNT];
    struct otter_digest revoked[OTTER_ROOT_REVOKED];
};

/* "root", "release", "offer"; static. */
const char *otter_role_name(enum otter_role role);

/* OK, BAD_JSON, member statuses, BAD_VALUE, WRONG_TYPE, ROOT_KEYS (ids are recomputed), ROOT_ROLES. */
enum otter_status otter_root_decode(const struct otter_crypto *crypto, const char *payload, size_t len,
                                    struct otter_root *ret);
/*
 * The sequence epoch alone, for a program without a JSON parser: for each payload that otter_root_decode
 * takes, what it finds there, for no member of another kind can have this name and a payload has no escapes.
 * Of others it may find one all the same. False: there is none.
 */
bool otter_root_epoch(const char *payload, size_t len, uint64_t *ret);
enum otter_status otter_root_encode(const struct otter_root *root, char *out, size_t cap);

struct otter_manifest_image {
    enum otter_slot slot;
    uint64_t link;
    uint64_t size;
    struct otter_digest sha256;
};

struct otter_manifest {
    char product[OTTER_NAME_BUF];
    char hardware[OTTER_HARDWARE_MAX][OTTER_NAME_BUF];
    uint8_t hardware_count;
    uint8_t image_count;
    bool has_requires_from;
    bool has_requires_below;
    bool has_sbom; /* a bill of materials, and notes: of at most OTTER_PAPER_MAX bytes, never a device's */
    bool has_notes;
    struct otter_version version;
    struct otter_version requires_from;  /* inclusive */
    struct otter_version requires_below; /* exclusive */
    uint64_t epoch;
    uint64_t sequence;
    uint32_t security_counter;
    uint64_t created;
    uint64_t expires;
    struct otter_manifest_image image[OTTER_IMAGES_MAX];
    struct otter_digest sbom;
    struct otter_digest notes;
};

enum otter_status otter_manifest_decode(const char *payload, size_t len, struct otter_manifest *ret);
enum otter_status otter_manifest_encode(const struct otter_manifest *manifest, char *out, size_t cap);

/* A blob by its exact bytes. */
struct otter_blob_ref {
    struct otter_digest sha256;
    uint64_t size;
};

struct otter_offer {
    char device[OTTER_NAME_BUF];
    uint8_t nonce[OTTER_NONCE_LEN];
    uint64_t issued;
    bool empty; /* 'nothing for you': the members below are absent */
    bool has_delta;
    uint64_t deadline;
    uint64_t attempt;
    struct otter_blob_ref manifest;
    enum otter_slot slot;
    struct otter_blob_ref image;
    struct otter_digest delta_base;
    struct otter_blob_ref delta;
    char blobs[OTTER_URL_MAX + 1]; /* "" when absent: the default, /v1/blobs */
};

enum otter_status otter_offer_decode(const char *payload, size_t len, struct otter_offer *ret);
enum otter_status otter_offer_encode(const struct otter_offer *offer, char *out, size_t cap);

#endif
