/* MCUboot images for tests, built from a short word for each TLV, and sources that read from memory. */
#ifndef OTTER_TESTS_CORE_IMAGES_H
#define OTTER_TESTS_CORE_IMAGES_H

#include "core/image.h"
#include "signing.h"

#define IMAGE_BUF 8192u

struct image_spec {
    struct otter_version version;
    uint32_t flags;
    uint32_t load_addr;
    uint16_t header_size;
    uint32_t payload_size;
    uint32_t counter;
    /*
     * One letter a TLV, the protected ones before '|'. c SEC_CNT, s SELFTEST (fail, 50 %), h SHA256, k
     * KEYHASH, g signature, d a dependency, v a vendor's. Wrong ones: C 3 bytes, S 1 byte, H 31 bytes, K 33
     * bytes, G no DER, L 73 bytes, M mode 3, N mode 0, P percent 0, Q percent 101, X a hash that is not the
     * image's, Y a signature of something else.
     */
    const char *tlvs;
    enum test_key key;
};

/* 1.2.3+4, ROM_FIXED at 0x08120000, counter 5, "c|khg" by KEY_RELEASE. */
void image_spec_sample(struct image_spec *spec);

/* Returns the file's length; out has IMAGE_BUF bytes. */
uint32_t image_build(const struct image_spec *spec, uint8_t *out);

/* The digest of the whole file. */
void image_file_digest(const uint8_t *image, uint32_t len, struct otter_digest *ret);

/* Reads from an exact copy of the bytes. fail_at: the number of the read that fails, from 1; 0: none. */
struct memory_source {
    struct otter_image_source source;
    struct memory_source *own; /* readers get a const source; the count below moves all the same */
    uint8_t *bytes;
    unsigned fail_at;
    unsigned reads;
};
void memory_source_open(struct memory_source *m, const uint8_t *bytes, uint32_t len);
void memory_source_close(struct memory_source *m);

#endif
