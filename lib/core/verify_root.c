#include "core/verify.h"

#include <string.h>

/* The role's key with this id, or NULL. */
static const struct otter_root_key *role_key(const struct otter_root *root, enum otter_role role,
                                             const struct otter_digest *kid)
{
    const struct otter_root_role *r = &root->role[role];

    for (unsigned i = 0; i < r->count; i++) {
        const struct otter_root_key *key = &root->key[r->key[i]];

        if (memcmp(key->kid.b, kid->b, sizeof(kid->b)) == 0)
            return key;
    }
    return NULL;
}

enum otter_status otter_verify_role(const struct otter_crypto *crypto, const struct otter_root *root,
                                    enum otter_role role, const struct otter_jws *jws)
{
    unsigned valid = 0;

    for (unsigned i = 0; i < jws->count; i++) {
        const struct otter_root_key *key = role_key(root, role, &jws->signature[i].kid);
        struct otter_digest hash;

        if (key == NULL)
            continue;
        otter_jws_signing_hash(crypto, jws, i, &hash);
        if (!crypto->p256_verify(key->point, hash.b, jws->signature[i].sig))
            return OTTER_BAD_SIGNATURE;
        valid++; /* kids differ: otter_jws_decode refuses a second signature by one */
    }
    if (valid == 0)
        return OTTER_UNKNOWN_KEY;
    return valid >= root->role[role].threshold ? OTTER_OK : OTTER_THRESHOLD;
}

static enum otter_status open_root(const struct otter_crypto *crypto, const char *envelope, size_t len,
                                   struct otter_jws *scratch, struct otter_root *ret)
{
    enum otter_status status = otter_jws_decode(envelope, len, scratch);

    return status == OTTER_OK ? otter_root_decode(crypto, scratch->payload, scratch->payload_len, ret)
                              : status;
}

enum otter_status otter_verify_root_first(const struct otter_crypto *crypto, const char *envelope, size_t len,
                                          struct otter_jws *scratch, struct otter_root *ret)
{
    struct otter_root root;
    enum otter_status status = open_root(crypto, envelope, len, scratch, &root);

    if (status == OTTER_OK)
        status = otter_verify_role(crypto, &root, OTTER_ROLE_ROOT, scratch);
    if (status == OTTER_OK)
        *ret = root;
    return status;
}

enum otter_status otter_verify_root_next(const struct otter_crypto *crypto, const struct otter_root *current,
                                         const char *envelope, size_t len, struct otter_jws *scratch,
                                         struct otter_root *ret)
{
    struct otter_root root;
    enum otter_status status = open_root(crypto, envelope, len, scratch, &root);

    if (status != OTTER_OK)
        return status;
    if (root.version != current->version + 1) /* versions are below 2^53 */
        return OTTER_ROOT_VERSION;
    if (root.sequence_epoch < current->sequence_epoch)
        return OTTER_ROOT_EPOCH;
    status = otter_verify_role(crypto, current, OTTER_ROLE_ROOT, scratch);
    if (status == OTTER_OK)
        status = otter_verify_role(crypto, &root, OTTER_ROLE_ROOT, scratch);
    if (status == OTTER_OK)
        *ret = root;
    return status;
}
