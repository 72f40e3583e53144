#include "boot/keys.h"

#include <string.h>

static bool same(const struct otter_digest *a, const struct otter_digest *b)
{
    return memcmp(a->b, b->b, OTTER_DIGEST_LEN) == 0;
}

void otter_image_keys_init(const struct otter_crypto *crypto, const struct otter_factory *factory,
                           struct otter_image_keys *ret)
{
    memset(ret, 0, sizeof(*ret));
    if (factory == NULL)
        return;
    ret->count = factory->key_count;
    for (unsigned i = 0; i < ret->count; i++) {
        memcpy(ret->point[i], factory->key[i], OTTER_POINT_LEN);
        otter_key_id(crypto, factory->key[i], &ret->kid[i]);
    }
}

bool otter_image_key_is_revoked(const struct otter_image_keys *keys, const struct otter_digest *kid)
{
    for (unsigned i = 0; i < keys->revoked_count; i++)
        if (same(&keys->revoked[i], kid))
            return true;
    return false;
}

static unsigned keys_left(const struct otter_image_keys *keys)
{
    unsigned left = 0;

    for (unsigned i = 0; i < keys->count; i++)
        left += !otter_image_key_is_revoked(keys, &keys->kid[i]);
    return left;
}

static bool is_ours(const struct otter_image_keys *keys, const struct otter_digest *kid)
{
    for (unsigned i = 0; i < keys->count; i++)
        if (same(&keys->kid[i], kid))
            return true;
    return false;
}

void otter_image_keys_revoke(struct otter_image_keys *keys, const struct otter_journal_live *live,
                             const struct otter_digest *confirmed_kid)
{
    for (unsigned i = 0; i < live->revoked_count; i++) {
        const struct otter_digest *kid = &live->revoked[i];

        if (!is_ours(keys, kid) || otter_image_key_is_revoked(keys, kid) || keys_left(keys) <= 1)
            continue;
        if (confirmed_kid != NULL && same(confirmed_kid, kid))
            continue;
        /* Ours and not yet in: at most OTTER_IMAGE_KEYS of them, beside the root's OTTER_ROOT_REVOKED. */
        keys->revoked[keys->revoked_count++] = *kid;
    }
}
