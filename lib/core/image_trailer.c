#include "core/bytes.h"
#include "core/image.h"

#include <string.h>

/* MCUboot's BOOT_MAX_ALIGN: 8 wherever that is enough. */
static uint32_t max_align(uint32_t align)
{
    return align <= 8 ? 8 : align;
}

uint32_t otter_image_trailer_size(uint32_t align)
{
    uint32_t max = max_align(align);
    uint32_t magic = (OTTER_TRAILER_MAGIC_LEN + max - 1) / max * max;

    /* 128 sectors of swap status in three states, four flags of one write each, the magic. */
    return 128 * 3 * align + 4 * max + magic;
}

void otter_image_trailer_magic(uint32_t align, uint8_t ret[OTTER_TRAILER_MAGIC_LEN])
{
    static const uint8_t upto8[OTTER_TRAILER_MAGIC_LEN] = {0x77, 0xc2, 0x95, 0xf3, 0x60, 0xd2, 0xef, 0x7f,
                                                           0x35, 0x52, 0x50, 0x0f, 0x2c, 0xb6, 0x79, 0x80};
    static const uint8_t above8[OTTER_TRAILER_MAGIC_LEN - 2] = {0x2d, 0xe1, 0x5d, 0x29, 0x41, 0x0b, 0x8d,
                                                                0x77, 0x67, 0x9c, 0x11, 0x0f, 0x1f, 0x8a};

    if (align <= 8) {
        memcpy(ret, upto8, sizeof(upto8));
        return;
    }
    /* Above 8 the alignment itself stands in front (bootutil_public.c, boot_img_magic). */
    otter_put_le16(ret, (uint16_t)align);
    memcpy(ret + 2, above8, sizeof(above8));
}

bool otter_image_trailer_good(const uint8_t magic[OTTER_TRAILER_MAGIC_LEN], uint32_t align)
{
    uint8_t good[OTTER_TRAILER_MAGIC_LEN];

    otter_image_trailer_magic(align, good);
    return memcmp(magic, good, sizeof(good)) == 0;
}
