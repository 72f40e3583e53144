/*
 * Accepted factory data come back as they were. The CRC is mended first, or no mutation would ever pass it;
 * the total length that says where it stands is the input's own.
 */
#include "fuzz.h"

#include "core/bytes.h"
#include "core/factory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct otter_factory factory;
    static struct otter_factory back;
    static uint8_t out[OTTER_FACTORY_MAX];
    uint8_t *in = malloc(size > 0 ? size : 1);
    size_t total;

    MUST(in != NULL);
    memcpy(in, data, size);
    if (size >= 60) {
        total = otter_le16(in + 6);
        if (total >= 60 && total <= size)
            otter_put_le32(in + total - 4, otter_crc32(0, in, total - 4));
    }
    if (otter_factory_decode(in, size, &factory) == OTTER_OK) {
        total = otter_factory_encode(&factory, out, sizeof(out));
        MUST(total > 0 && total <= size && memcmp(in, out, total) == 0);
        MUST(otter_factory_decode(out, total, &back) == OTTER_OK);
        MUST(memcmp(&factory, &back, sizeof(back)) == 0);
    }
    free(in);
    return 0;
}
