/*
 * Factory data: what `otter device provision` writes and the device finds at its factory region.
 * Little endian; strings are length-prefixed (u8) and checked; every blob is length-prefixed (u16).
 *
 *   0  "OTTF"            magic
 *   4  u16 format (1)    u16 total length, CRC included
 *   8  u64 sequence      floor before the first confirm
 *  16  32 bytes          device secret
 *  48  6 bytes MAC, u8 image keys (0..4), u8 flags: 1 = the secret is the product's fleet key
 *  56  image keys        65 bytes each
 *      u8 len, string    device id, product, hardware, url 1, url 1's TLS name, url 2, url 2's TLS name
 *      u16 len, bytes    CA (DER, <= 2,048; may be empty), root payload (<= 2,048)
 *  -4  u32 CRC-32        of all before it
 */
#ifndef OTTER_CORE_FACTORY_H
#define OTTER_CORE_FACTORY_H

#include "core/documents.h"
#include "core/verify.h"

#define OTTER_FACTORY_MAX 6144u
#define OTTER_SECRET_LEN  32u
#define OTTER_CA_MAX      2048u
#define OTTER_CA_NAME_MAX 256u /* bytes of the CA's subject in DER, less one: what a device keeps of it */

struct otter_factory {
    char device[OTTER_NAME_BUF];
    char product[OTTER_NAME_BUF];
    char hardware[OTTER_NAME_BUF];
    uint8_t secret[OTTER_SECRET_LEN];
    bool fleet_key; /* the secret is what all devices of the product have: never a token, never shown */
    uint8_t mac[6];
    uint64_t sequence;
    uint8_t key_count;
    uint8_t key[OTTER_IMAGE_KEYS][OTTER_POINT_LEN];
    char url[2][OTTER_URL_MAX + 1];   /* http://host[:port] or https://...; "" = none */
    char tls_name[2][OTTER_NAME_BUF]; /* "" = the URL's host */
    uint16_t ca_len;
    uint16_t root_len;
    uint8_t ca[OTTER_CA_MAX];
    char root[OTTER_PAYLOAD_MAX + 1]; /* the payload, NUL-terminated */
};

/* Bytes written to out (OTTER_FACTORY_MAX), or 0 if a member is out of range. */
size_t otter_factory_encode(const struct otter_factory *f, uint8_t *out, size_t cap);

/* OK, BAD_ENCODING (magic, format, CRC, lengths) or BAD_VALUE (a string out of its alphabet). Reads at most
 * len. */
enum otter_status otter_factory_decode(const uint8_t *in, size_t len, struct otter_factory *ret);

/*
 * The same without a look at the strings' alphabets: for a bootloader, which needs the keys, and must not
 * strand a device whose URL is wrong.
 */
enum otter_status otter_factory_read(const uint8_t *in, size_t len, struct otter_factory *ret);

#endif
