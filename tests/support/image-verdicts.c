/*
 * Judges images by the thousand: what otter_verify_image says of each, by both crypto adapters.
 *
 *   image-verdicts SPKI-HEX...       image keys, as hex of their 91-byte SubjectPublicKeyInfo
 *
 * Standard input: u32 little endian length and so many bytes, again and again. Standard output: a status's
 * name a line. If the adapters disagree, both names with a slash between them: no test expects such a line.
 */
#include "core/bytes.h"
#include "core/verify.h"
#include "crypto/crypto_bearssl.h"
#include "host/crypto.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IMAGE_MAX (4u << 20)

struct memory {
    struct otter_image_source source;
    const uint8_t *bytes;
};

static enum otter_status read_memory(const struct otter_image_source *self, uint32_t off, void *buf,
                                     uint32_t len)
{
    const struct memory *m = OTTER_CONTAINER_OF_CONST(self, struct memory, source);

    if (off > self->size || len > self->size - off)
        return OTTER_INTERNAL; /* a defect of lib/core: the name is in no table of a test */
    memcpy(buf, m->bytes + off, len);
    return OTTER_OK;
}

static bool take_key(const char *hex, struct otter_image_keys *keys)
{
    uint8_t spki[OTTER_SPKI_LEN];
    const uint8_t *point;

    if (keys->count == OTTER_IMAGE_KEYS || !otter_hex_decode(hex, strlen(hex), spki, sizeof(spki)))
        return false;
    point = otter_spki_point(spki, sizeof(spki));
    if (point == NULL)
        return false;
    memcpy(keys->point[keys->count], point, OTTER_POINT_LEN);
    otter_key_id(&otter_crypto_openssl, point, &keys->kid[keys->count]);
    keys->count++;
    return true;
}

static const char *judge(const struct otter_crypto *crypto, const struct otter_image_keys *keys,
                         const uint8_t *bytes, uint32_t len)
{
    const struct memory m = {{read_memory, len}, bytes};
    struct otter_image_info info;
    struct otter_digest digest;

    return otter_status_name(otter_verify_image(crypto, keys, &m.source, &info, &digest));
}

/* One image: memory of its own, so that ASan sees every read behind it. False at the end of the input. */
static bool judge_next(const struct otter_image_keys *keys)
{
    const char *by_bearssl, *by_openssl;
    uint8_t head[4];
    uint8_t *bytes;
    uint32_t len;

    if (fread(head, 1, sizeof(head), stdin) != sizeof(head))
        return false;
    len = otter_le32(head);
    bytes = len <= IMAGE_MAX ? malloc(len > 0 ? len : 1) : NULL;
    if (bytes == NULL || fread(bytes, 1, len, stdin) != len)
        abort(); /* the caller's framing is broken */
    by_bearssl = judge(&otter_crypto_bearssl, keys, bytes, len);
    by_openssl = judge(&otter_crypto_openssl, keys, bytes, len);
    free(bytes);
    if (strcmp(by_bearssl, by_openssl) == 0)
        puts(by_bearssl);
    else
        printf("%s/%s\n", by_bearssl, by_openssl);
    return true;
}

int main(int argc, char **argv)
{
    struct otter_image_keys keys = {0};

    for (int i = 1; i < argc; i++) {
        if (!take_key(argv[i], &keys)) {
            fprintf(stderr, "image-verdicts: %s: no P-256 key\n", argv[i]);
            return 2;
        }
    }
    while (judge_next(&keys))
        ;
    return 0;
}
