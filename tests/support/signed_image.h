/* Images for tests, in MCUboot's format, signed as `otter image sign` signs them. */
#ifndef OTTER_TESTS_SIGNED_IMAGE_H
#define OTTER_TESTS_SIGNED_IMAGE_H

#include "core/image.h"
#include "host/crypto.h"

struct signed_image_options {
    struct otter_version version;
    uint32_t load_addr; /* ROM_FIXED */
    uint32_t payload;
    uint32_t counter; /* SEC_CNT */
    uint8_t fill;     /* another one, another payload */
    const struct host_key *key;
    uint16_t header_size; /* 0 = 0x200 */
};

/* The file's bytes to out, its size returned. Aborts if cap is too small. */
uint32_t signed_image_build(const struct signed_image_options *o, uint8_t *out, uint32_t cap,
                            struct otter_digest *ret_digest);

#endif
