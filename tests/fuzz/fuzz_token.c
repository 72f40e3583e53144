/* Tokens that devices offer: what is accepted comes back as it was, and masked twice is what it was. */
#include "fuzz.h"

#include "core/token.h"
#include "host/crypto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t under[OTTER_TOKEN_SECRET] = {7};
    static struct otter_new_token token, back;
    char text[OTTER_TOKEN_BODY_MAX];
    size_t at = 0;
    int len;

    if (otter_new_token_decode((const char *)data, size, &token, &at) != OTTER_OK) {
        MUST(at <= size);
        return 0;
    }
    MUST(token.device[0] != '\0' && token.product[0] != '\0' && token.hardware[0] != '\0');
    len = otter_new_token_encode(&token, text, sizeof(text));
    MUST(len > 0 && (size_t)len < sizeof(text));
    MUST(otter_new_token_decode(text, (size_t)len, &back, NULL) == OTTER_OK);
    MUST(memcmp(&token, &back, sizeof(token)) == 0);
    otter_new_token_mask(&otter_crypto_openssl, under, &back);
    MUST(memcmp(token.secret, back.secret, sizeof(token.secret)) != 0);
    otter_new_token_mask(&otter_crypto_openssl, under, &back);
    MUST(memcmp(&token, &back, sizeof(token)) == 0);
    return 0;
}
