/* An accepted manifest comes back as it was from its own encoding. */
#include "fuzz.h"

#include "core/documents.h"
#include "core/jws.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[OTTER_PAYLOAD_MAX + 1];
    struct otter_manifest manifest;
    struct otter_manifest back;

    if (otter_manifest_decode((const char *)data, size, &manifest) != OTTER_OK)
        return 0;
    MUST(manifest.hardware_count >= 1 && manifest.hardware_count <= OTTER_HARDWARE_MAX);
    MUST(manifest.image_count >= 1 && manifest.image_count <= OTTER_IMAGES_MAX);
    for (unsigned i = 0; i < manifest.image_count; i++)
        MUST(manifest.image[i].size > 0);
    MUST(otter_manifest_encode(&manifest, text, sizeof(text)) == OTTER_OK);
    MUST(otter_manifest_decode(text, strlen(text), &back) == OTTER_OK);
    MUST(memcmp(&manifest, &back, sizeof(manifest)) == 0);
    return 0;
}
