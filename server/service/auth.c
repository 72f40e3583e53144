#include "service/internal.h"

#include "core/bytes.h"

#include <string.h>

#define TOKEN_MAX 256u

static bool hash_token(const char *token, struct otter_digest *ret)
{
    size_t len = strnlen(token, TOKEN_MAX + 1);

    if (len == 0 || len > TOKEN_MAX)
        return false;
    otter_sha256_of(&otter_crypto_openssl, token, len, ret);
    return true;
}

bool svc_auth_operator(struct svc *svc, const char *token)
{
    struct otter_digest hash;

    return hash_token(token, &hash) && otter_equal_ct(hash.b, svc->admin_hash.b, OTTER_DIGEST_LEN);
}

bool svc_auth_device(struct svc *svc, const char *device, const char *token)
{
    struct otter_digest hash;
    uint32_t index;

    if (!hash_token(token, &hash))
        return false;
    index = fleet_find(svc->fleet, device);
    return index != FLEET_NONE &&
           otter_equal_ct(fleet_peek(svc->fleet, index)->token_hash.b, hash.b, OTTER_DIGEST_LEN);
}

bool svc_auth_any_device(struct svc *svc, const char *token)
{
    struct otter_digest hash;

    return hash_token(token, &hash) && fleet_find_token(svc->fleet, &hash) != FLEET_NONE;
}
