/*
 * MCUboot's image format, bit for bit (MCUboot docs/design.md, "Image format"; bootutil/image.h).
 *
 *   +--------------------+ 0
 *   | header, 32 bytes   | padded to hdr_size
 *   +--------------------+ hdr_size
 *   | payload            | img_size
 *   +--------------------+
 *   | protected TLVs     | 0x6908, u16 total (info header included) | entries
 *   +--------------------+
 *   | TLVs               | 0x6907, u16 total | entries: u16 type, u16 len, data
 *   +--------------------+ end of the unpadded image file
 *   ..... erased .....
 *   | trailer            | at the end of the slot
 *   +--------------------+
 *
 * All functions read through a bounded source (flash or a file) with a small buffer on the stack.
 */
#ifndef OTTER_CORE_IMAGE_H
#define OTTER_CORE_IMAGE_H

#include "core/crypto.h"
#include "core/status.h"
#include "core/version.h"

#define OTTER_IMAGE_HEADER_MAGIC 0x96f3b83du /* OTTER_IMAGE_MAGIC is a status */
#define OTTER_IMAGE_HEADER_LEN   32u
#define OTTER_TLV_INFO_MAGIC     0x6907u
#define OTTER_TLV_PROT_MAGIC     0x6908u
#define OTTER_TLV_AREA_MAX       4096u /* bound on each of the two areas */

enum otter_image_flag {
    OTTER_IMAGE_ENCRYPTED_128 = 0x4,
    OTTER_IMAGE_ENCRYPTED_256 = 0x8,
    OTTER_IMAGE_NON_BOOTABLE = 0x10,
    OTTER_IMAGE_RAM_LOAD = 0x20,
    OTTER_IMAGE_ROM_FIXED = 0x100,
    OTTER_IMAGE_LZMA1 = 0x200,
    OTTER_IMAGE_LZMA2 = 0x400
};

enum otter_tlv_type {
    OTTER_TLV_KEYHASH = 0x01,
    OTTER_TLV_SHA256 = 0x10,
    OTTER_TLV_ECDSA_SIG = 0x22,
    OTTER_TLV_ED25519 = 0x24,
    OTTER_TLV_DEPENDENCY = 0x40,
    OTTER_TLV_SEC_CNT = 0x50,
    OTTER_TLV_SELFTEST = 0x4fa0 /* ours, protected: u8 mode, u8 percent */
};

struct otter_image_header {
    uint32_t load_addr;
    uint16_t header_size;
    uint16_t protected_size; /* of the protected TLV area, its info header included; 0 = none */
    uint32_t image_size;     /* payload alone */
    uint32_t flags;
    struct otter_version version;
};

/* Bytes at an offset. read fills buf wholly or returns IO_ERROR; it is called only with off + len <= size. */
struct otter_image_source {
    enum otter_status (*read)(const struct otter_image_source *self, uint32_t off, void *buf, uint32_t len);
    uint32_t size; /* bytes readable: the file's size, or the slot less its trailer */
};

/* OK or IMAGE_MAGIC, IMAGE_HEADER (sizes out of bounds, header under 32 or not a multiple of 4), IMAGE_FLAGS.
 */
enum otter_status otter_image_header_decode(const uint8_t b[OTTER_IMAGE_HEADER_LEN],
                                            struct otter_image_header *ret);
void otter_image_header_encode(const struct otter_image_header *h, uint8_t b[OTTER_IMAGE_HEADER_LEN]);

enum otter_selftest { OTTER_SELFTEST_NONE = 0, OTTER_SELFTEST_FAIL = 1, OTTER_SELFTEST_HANG = 2 };

/* What the header and the TLVs say, structure checked, nothing hashed yet. */
struct otter_image_info {
    struct otter_image_header header;
    uint32_t file_size;   /* header to the end of the last TLV: what the digest covers */
    uint32_t hashed_size; /* header + payload + protected TLVs */
    bool has_counter;
    bool has_key; /* KEYHASH and ECDSA_SIG both there */
    uint32_t counter;
    enum otter_selftest selftest;
    uint8_t selftest_percent;
    struct otter_digest hash; /* the SHA256 TLV */
    struct otter_digest key;  /* the KEYHASH TLV */
    uint8_t sig[OTTER_SIG_LEN];
};

/*
 * Reads and checks the structure: OK, IO_ERROR, header statuses, IMAGE_TOO_LARGE (does not end within
 * source->size), IMAGE_TLV (magic, lengths, entries over the edge, SHA256 absent, an entry of ours twice,
 * SEC_CNT outside the protected area), IMAGE_SIGNATURE (ECDSA_SIG is not strict DER).
 */
enum otter_status otter_image_inspect(const struct otter_image_source *source, struct otter_image_info *ret);

/* Hashes file_size bytes into the image's digest, and the first hashed_size into *ret_hash, in one pass. */
enum otter_status otter_image_digest(const struct otter_crypto *crypto,
                                     const struct otter_image_source *source,
                                     const struct otter_image_info *info, struct otter_digest *ret_digest,
                                     struct otter_digest *ret_hash);

/* Calls of one TLV after the other, for `image info`: false from visit stops. Areas are those checked by
 * inspect. */
struct otter_tlv_visitor {
    bool (*visit)(struct otter_tlv_visitor *self, bool is_protected, uint16_t type, uint16_t len,
                  uint32_t data_off);
};
enum otter_status otter_image_tlvs(const struct otter_image_source *source,
                                   const struct otter_image_info *info, struct otter_tlv_visitor *visitor);

/*
 * Does the self-test TLV apply to this device? (device.md: first 8 bytes, big endian, of SHA-256(image digest
 * || device id) mod 100 < percent.)
 */
bool otter_selftest_applies(const struct otter_crypto *crypto, const struct otter_digest *image,
                            const char *device, uint8_t percent);

/* Trailer, from the slot's end; write alignment up to 8 (F4) or 32 (H7). */
#define OTTER_TRAILER_MAGIC_LEN 16u
/* Bytes that imgtool reserves: 128*3*align + 4*max_align + align_up(16, max_align); 1,584 for align 4,
 * max_align 8. */
uint32_t otter_image_trailer_size(uint32_t align);

/* True if the 16 bytes at the slot's end are MCUboot's "good" magic for the alignment (<= 8, or 32). */
bool otter_image_trailer_good(const uint8_t magic[OTTER_TRAILER_MAGIC_LEN], uint32_t align);

/* Writes the magic that otter_image_trailer_good accepts. */
void otter_image_trailer_magic(uint32_t align, uint8_t ret[OTTER_TRAILER_MAGIC_LEN]);

#endif
