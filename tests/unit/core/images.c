#include "check.h"

#include "images.h"

#include "core/bytes.h"

#include <stdlib.h>

void image_spec_sample(struct image_spec *spec)
{
    *spec = (struct image_spec){
        .version = {1, 2, 3, 4},
        .flags = OTTER_IMAGE_ROM_FIXED,
        .load_addr = 0x08120000,
        .header_size = 64,
        .payload_size = 1000,
        .counter = 5,
        .tlvs = "c|khg",
        .key = KEY_RELEASE,
    };
}

void image_file_digest(const uint8_t *image, uint32_t len, struct otter_digest *ret)
{
    otter_sha256_of(&otter_crypto_openssl, image, len, ret);
}

static uint32_t put_tlv(uint8_t *out, uint16_t type, const void *data, uint16_t len)
{
    otter_put_le16(out, type);
    otter_put_le16(out + 2, len);
    memcpy(out + 4, data, len);
    return 4u + len;
}

static uint32_t put_signature(uint8_t *out, enum test_key key, const struct otter_digest *hash)
{
    uint8_t sig[OTTER_SIG_LEN];
    uint8_t der[OTTER_SIG_DER_MAX];
    size_t len;

    key_sign(key, hash, sig);
    len = host_sig_to_der(sig, der);
    assert_in_range(len, 8, sizeof(der));
    return put_tlv(out, OTTER_TLV_ECDSA_SIG, der, (uint16_t)len);
}

/* One letter of image_spec.tlvs. */
static uint32_t put_letter(uint8_t *out, char letter, const struct image_spec *spec,
                           const struct otter_digest *hash)
{
    static const uint8_t zeros[80];
    const struct otter_digest other = {{0x66}};
    uint8_t counter[4];
    uint8_t selftest[2] = {1, 50};

    otter_put_le32(counter, spec->counter);
    switch (letter) {
    case 'c':
        return put_tlv(out, OTTER_TLV_SEC_CNT, counter, 4);
    case 'C':
        return put_tlv(out, OTTER_TLV_SEC_CNT, counter, 3);
    case 'h':
        return put_tlv(out, OTTER_TLV_SHA256, hash->b, 32);
    case 'H':
        return put_tlv(out, OTTER_TLV_SHA256, hash->b, 31);
    case 'X':
        return put_tlv(out, OTTER_TLV_SHA256, other.b, 32);
    case 'k':
        return put_tlv(out, OTTER_TLV_KEYHASH, key_kid(spec->key)->b, 32);
    case 'K':
        return put_tlv(out, OTTER_TLV_KEYHASH, zeros, 33);
    case 'g':
        return put_signature(out, spec->key, hash);
    case 'Y':
        return put_signature(out, spec->key, &other);
    case 'G':
        return put_tlv(out, OTTER_TLV_ECDSA_SIG, zeros, 70);
    case 'L':
        return put_tlv(out, OTTER_TLV_ECDSA_SIG, zeros, 73);
    case 'd':
        return put_tlv(out, OTTER_TLV_DEPENDENCY, zeros, 12);
    case 'v':
        return put_tlv(out, 0x12a1, zeros, 0);
    case 'S':
        return put_tlv(out, OTTER_TLV_SELFTEST, selftest, 1);
    case 'M':
        selftest[0] = 3;
        break;
    case 'N':
        selftest[0] = 0;
        break;
    case 'P':
        selftest[1] = 0;
        break;
    case 'Q':
        selftest[1] = 101;
        break;
    default:
        assert_int_equal(letter, 's');
        break;
    }
    return put_tlv(out, OTTER_TLV_SELFTEST, selftest, 2);
}

uint32_t image_build(const struct image_spec *spec, uint8_t *out)
{
    struct otter_image_header h = {.load_addr = spec->load_addr,
                                   .header_size = spec->header_size,
                                   .image_size = spec->payload_size,
                                   .flags = spec->flags,
                                   .version = spec->version};
    const struct otter_digest none = {{0}};
    struct otter_digest hash;
    const char *letter = spec->tlvs;
    uint32_t at = spec->header_size + spec->payload_size;
    uint32_t area = at;

    assert_in_range(at, 32, IMAGE_BUF - 1024);
    memset(out, 0xff, spec->header_size);
    for (uint32_t i = spec->header_size; i < at; i++)
        out[i] = (uint8_t)(i * 7 + i / 251);
    if (*letter != '|') {
        for (at += 4; *letter != '|'; letter++)
            at += put_letter(out + at, *letter, spec, &none);
        h.protected_size = (uint16_t)(at - area);
        otter_put_le16(out + area, OTTER_TLV_PROT_MAGIC);
        otter_put_le16(out + area + 2, h.protected_size);
    }
    otter_image_header_encode(&h, out);
    otter_sha256_of(&otter_crypto_openssl, out, at, &hash);
    area = at;
    at += 4;
    for (letter++; *letter != '\0'; letter++)
        at += put_letter(out + at, *letter, spec, &hash);
    otter_put_le16(out + area, OTTER_TLV_INFO_MAGIC);
    otter_put_le16(out + area + 2, (uint16_t)(at - area));
    return at;
}

static enum otter_status memory_read(const struct otter_image_source *self, uint32_t off, void *buf,
                                     uint32_t len)
{
    struct memory_source *m = OTTER_CONTAINER_OF_CONST(self, struct memory_source, source)->own;

    assert_true(off <= self->size && len <= self->size - off); /* image.h promises it */
    if (++m->reads == m->fail_at)
        return OTTER_IO_ERROR;
    memcpy(buf, m->bytes + off, len);
    return OTTER_OK;
}

void memory_source_open(struct memory_source *m, const uint8_t *bytes, uint32_t len)
{
    *m = (struct memory_source){.source = {memory_read, len}, .own = m, .bytes = malloc(len > 0 ? len : 1)};
    assert_non_null(m->bytes);
    memcpy(m->bytes, bytes, len);
}

void memory_source_close(struct memory_source *m)
{
    free(m->bytes);
}
