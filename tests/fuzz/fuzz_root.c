/* An accepted root keeps its rules, and comes back as it was from its own encoding. */
#include "fuzz.h"

#include "core/documents.h"
#include "core/jws.h"
#include "host/crypto.h"

/* Key numbers, 1 bit each. */
static unsigned role_keys(const struct otter_root *root, enum otter_role role)
{
    unsigned keys = 0;

    for (unsigned i = 0; i < root->role[role].count; i++) {
        MUST(root->role[role].key[i] < root->key_count);
        MUST((keys >> root->role[role].key[i] & 1u) == 0);
        keys |= 1u << root->role[role].key[i];
    }
    MUST(root->role[role].threshold >= 1 && root->role[role].threshold <= root->role[role].count);
    return keys;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[OTTER_PAYLOAD_MAX + 1];
    struct otter_root root;
    struct otter_root back;
    unsigned others;

    if (otter_root_decode(&otter_crypto_openssl, (const char *)data, size, &root) != OTTER_OK)
        return 0;
    others = role_keys(&root, OTTER_ROLE_ROOT) | role_keys(&root, OTTER_ROLE_RELEASE);
    MUST((role_keys(&root, OTTER_ROLE_OFFER) & others) == 0);
    MUST(otter_root_encode(&root, text, sizeof(text)) == OTTER_OK);
    MUST(otter_root_decode(&otter_crypto_openssl, text, strlen(text), &back) == OTTER_OK);
    MUST(memcmp(&root, &back, sizeof(root)) == 0);
    return 0;
}
