/* An accepted envelope has one spelling of each part. */
#include "fuzz.h"

#include "core/bytes.h"
#include "core/jws.h"

static void check_signature(const struct otter_jws *jws, unsigned i)
{
    const struct otter_jws_signature *sig = &jws->signature[i];
    char header[OTTER_JWS_HEADER_B64 + 1];

    otter_jws_header(&sig->kid, header);
    MUST(sig->protected_len == OTTER_JWS_HEADER_B64);
    MUST(memcmp(jws->envelope + sig->protected_at, header, OTTER_JWS_HEADER_B64) == 0);
    for (unsigned other = 0; other < i; other++)
        MUST(memcmp(jws->signature[other].kid.b, sig->kid.b, OTTER_DIGEST_LEN) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct otter_jws jws;
    static char payload[OTTER_B64_LEN(OTTER_PAYLOAD_MAX) + 1];

    if (otter_jws_decode((const char *)data, size, &jws) != OTTER_OK) {
        MUST(jws.count == 0);
        return 0;
    }
    MUST(jws.count >= 1 && jws.count <= OTTER_SIGNATURES_MAX && jws.payload_len <= OTTER_PAYLOAD_MAX);
    MUST(jws.payload[jws.payload_len] == '\0');
    otter_b64_encode((const uint8_t *)jws.payload, jws.payload_len, payload);
    MUST(strlen(payload) == jws.payload_b64_len);
    MUST(memcmp(payload, jws.envelope + jws.payload_at, jws.payload_b64_len) == 0);
    for (unsigned i = 0; i < jws.count; i++)
        check_signature(&jws, i);
    return 0;
}
