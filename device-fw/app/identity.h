/* Who this device is and what it runs, read from flash, which is memory to the application. */
#ifndef OTTER_APP_IDENTITY_H
#define OTTER_APP_IDENTITY_H

#include "port/flash.h"

#include "core/factory.h"
#include "core/image.h"
#include "core/wire.h"

struct identity {
    const struct otter_flash_map *map; /* NULL: a board without one */
    enum otter_slot slot;              /* that this image is linked for */
    enum otter_status image;           /* OK, or what is wrong with the image around this code */
    struct otter_image_info info;      /* while image is OK */
    bool has_factory;
    struct otter_factory factory; /* while has_factory */
};

void identity_read(struct identity *ret);

/* The image's digest, read by way of memory. OK or the image's own defect. */
enum otter_status identity_image_digest(const struct identity *id, const struct otter_crypto *crypto,
                                        struct otter_digest *ret);

/* CRC-32 of the running image's file, header to last TLV: it must not change while the code runs. */
uint32_t identity_image_crc(const struct identity *id);

/*
 * The poll that the updater would send: device, product, hardware, what runs. Its length, or -1 if it does
 * not fit or there is no factory data. The digest is left zero: hashing is the updater's work.
 */
int identity_poll(const struct identity *id, char *out, size_t cap);

#endif
