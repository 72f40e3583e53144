/* MCUboot images in memory, built as `imgtool sign` builds them (core/image.h draws the format). Pure but for
 * malloc. */
#ifndef OTTER_CLI_IMAGE_BUILD_H
#define OTTER_CLI_IMAGE_BUILD_H

#include "core/image.h"
#include "core/verify.h"
#include "host/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cli_image_spec {
    struct otter_version version;
    uint32_t header_size;
    uint32_t slot_size;
    uint32_t align;  /* of the trailer: 1, 2, 4, 8 or 32 */
    bool pad_header; /* put the header before the input even where it begins with header_size zero bytes */
    bool rom_fixed;
    uint32_t load_addr;
    bool has_counter;
    uint32_t counter;
    enum otter_selftest selftest;
    uint8_t selftest_percent;
};

struct cli_image {
    uint8_t *data; /* malloc'ed, with room for all TLVs */
    size_t len;
    struct otter_digest hash; /* of header, payload, protected TLVs: what is signed */
};

/* Header, payload and protected TLVs, and their hash. False where a number is out of its bounds. */
bool cli_image_begin(const struct cli_image_spec *spec, const void *bin, size_t len, struct cli_image *ret,
                     struct host_error *err);

/*
 * Adds SHA256, KEYHASH and ECDSA_SIG for a signature (R || S) over image->hash by `point`. Refuses a
 * signature that does not verify, and an image that is larger than the slot less its trailer
 * (image-too-large).
 */
bool cli_image_finish(const struct cli_image_spec *spec, struct cli_image *image,
                      const uint8_t point[OTTER_POINT_LEN], const uint8_t sig[OTTER_SIG_LEN],
                      struct host_error *err);

/* Fills up to the slot's size, with the trailer's magic at its end: asks the bootloader for a trial boot. */
bool cli_image_pad(const struct cli_image_spec *spec, struct cli_image *image, struct host_error *err);

void cli_image_free(struct cli_image *image);

/* An image file as a source of lib/core. The bytes are not owned. */
struct cli_image_source {
    struct otter_image_source source;
    const uint8_t *data;
};
void cli_image_source_init(struct cli_image_source *s, const void *data, size_t len);

#endif
