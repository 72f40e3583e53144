/* An accepted offer comes back as it was from its own encoding. */
#include "fuzz.h"

#include "core/documents.h"
#include "core/jws.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[OTTER_PAYLOAD_MAX + 1];
    struct otter_offer offer;
    struct otter_offer back;

    if (otter_offer_decode((const char *)data, size, &offer) != OTTER_OK)
        return 0;
    MUST(offer.empty ||
         (offer.manifest.size > 0 && offer.manifest.size <= OTTER_ENVELOPE_MAX && offer.image.size > 0));
    MUST(otter_offer_encode(&offer, text, sizeof(text)) == OTTER_OK);
    MUST(otter_offer_decode(text, strlen(text), &back) == OTTER_OK);
    MUST(memcmp(&offer, &back, sizeof(offer)) == 0);
    return 0;
}
