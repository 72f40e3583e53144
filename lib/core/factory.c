#include "core/factory.h"

#include "core/bytes.h"

#include <string.h>

#define FORMAT    1u
#define FIXED_LEN 56u /* up to the image keys; factory.h draws the layout */
#define CRC_LEN   4u

#define FLAG_FLEET_KEY                                                                                       \
    1u /* a program that knows no flag refuses the data: it would show the key as its token */

_Static_assert(FIXED_LEN + OTTER_IMAGE_KEYS * OTTER_POINT_LEN + 3 * (1 + OTTER_NAME_MAX) +
                       2 * (1 + OTTER_URL_MAX + 1 + OTTER_NAME_MAX) + 2 + OTTER_CA_MAX + 2 +
                       OTTER_PAYLOAD_MAX + CRC_LEN <=
                   OTTER_FACTORY_MAX,
               "the largest factory data fit");
_Static_assert(OTTER_FACTORY_MAX <= UINT16_MAX, "the total length is a u16");

static bool empty_or_name(const char *s, size_t len)
{
    return len == 0 || otter_name_valid(s, len);
}

/* "" or http(s)://host[:port], visible ASCII. */
static bool url_valid(const char *s, size_t len)
{
    static const char http[] = "http://";
    static const char https[] = "https://";

    for (size_t i = 0; i < len; i++)
        if (s[i] <= ' ' || s[i] > '~')
            return false;
    return len == 0 || (len > sizeof(http) - 1 && memcmp(s, http, sizeof(http) - 1) == 0) ||
           (len > sizeof(https) - 1 && memcmp(s, https, sizeof(https) - 1) == 0);
}

/* The strings in their order: one table for reading and writing. */
static const struct {
    uint16_t at; /* in struct otter_factory */
    uint16_t max;
} strings[] = {
    {offsetof(struct otter_factory, device), OTTER_NAME_MAX},
    {offsetof(struct otter_factory, product), OTTER_NAME_MAX},
    {offsetof(struct otter_factory, hardware), OTTER_NAME_MAX},
    {offsetof(struct otter_factory, url[0]), OTTER_URL_MAX},
    {offsetof(struct otter_factory, tls_name[0]), OTTER_NAME_MAX},
    {offsetof(struct otter_factory, url[1]), OTTER_URL_MAX},
    {offsetof(struct otter_factory, tls_name[1]), OTTER_NAME_MAX},
};

/* In the same order: apart, so that a program which only reads has them not. */
static bool (*const valid[])(const char *s, size_t len) = {
    otter_device_id_valid, otter_name_valid, otter_name_valid, url_valid,
    empty_or_name,         url_valid,        empty_or_name,
};
_Static_assert(OTTER_ARRAY_LEN(valid) == OTTER_ARRAY_LEN(strings), "each string has its alphabet");

static size_t bounded_len(const char *s, size_t max)
{
    size_t n = 0;

    while (n <= max && s[n] != '\0') /* each string has max + 1 bytes */
        n++;
    return n;
}

/* Points at the next n bytes of out and moves on, or NULL when they do not fit. */
static uint8_t *claim(uint8_t *out, size_t cap, size_t *at, size_t n)
{
    uint8_t *p = out + *at;

    if (n > cap - *at) /* at <= cap */
        return NULL;
    *at += n;
    return p;
}

static bool put_strings(const struct otter_factory *f, uint8_t *out, size_t cap, size_t *at)
{
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(strings); i++) {
        const char *s = (const char *)f + strings[i].at;
        size_t len = bounded_len(s, strings[i].max);
        uint8_t *p;

        if (len > strings[i].max || !valid[i](s, len))
            return false;
        p = claim(out, cap, at, 1 + len);
        if (p == NULL)
            return false;
        p[0] = (uint8_t)len;
        memcpy(p + 1, s, len);
    }
    return true;
}

static bool put_blob(const void *data, size_t len, size_t max, uint8_t *out, size_t cap, size_t *at)
{
    uint8_t *p = len <= max ? claim(out, cap, at, 2 + len) : NULL;

    if (p == NULL)
        return false;
    otter_put_le16(p, (uint16_t)len);
    memcpy(p + 2, data, len);
    return true;
}

/* Uncompressed points; whether they lie on the curve is asked when they verify. */
static bool keys_valid(const struct otter_factory *f)
{
    for (unsigned i = 0; i < f->key_count; i++)
        if (f->key[i][0] != 0x04)
            return false;
    return true;
}

size_t otter_factory_encode(const struct otter_factory *f, uint8_t *out, size_t cap)
{
    size_t at = FIXED_LEN;
    size_t keys_len;
    uint8_t *p;

    if (cap < FIXED_LEN || f->key_count > OTTER_IMAGE_KEYS || f->sequence > OTTER_INT_MAX)
        return 0;
    cap = cap < OTTER_FACTORY_MAX ? cap : OTTER_FACTORY_MAX;
    keys_len = (size_t)f->key_count * OTTER_POINT_LEN;
    p = claim(out, cap, &at, keys_len);
    if (p == NULL || !keys_valid(f))
        return 0;
    memcpy(p, f->key, keys_len);
    if (!put_strings(f, out, cap, &at) || !put_blob(f->ca, f->ca_len, OTTER_CA_MAX, out, cap, &at) ||
        !put_blob(f->root, f->root_len, OTTER_PAYLOAD_MAX, out, cap, &at))
        return 0;
    p = claim(out, cap, &at, CRC_LEN);
    if (p == NULL)
        return 0;
    memcpy(out, "OTTF", 4);
    otter_put_le16(out + 4, FORMAT);
    otter_put_le16(out + 6, (uint16_t)at);
    otter_put_le64(out + 8, f->sequence);
    memcpy(out + 16, f->secret, OTTER_SECRET_LEN);
    memcpy(out + 48, f->mac, sizeof(f->mac));
    out[54] = f->key_count;
    out[55] = f->fleet_key ? FLAG_FLEET_KEY : 0;
    otter_put_le32(p, otter_crc32(0, out, at - CRC_LEN));
    return at;
}

/* What is left to read: [at, end), end <= the region's length. */
struct reader {
    const uint8_t *in;
    size_t at;
    size_t end;
};

static const uint8_t *take(struct reader *r, size_t n)
{
    const uint8_t *p = r->in + r->at;

    if (n > r->end - r->at) /* at <= end */
        return NULL;
    r->at += n;
    return p;
}

static enum otter_status get_strings(struct reader *r, struct otter_factory *f)
{
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(strings); i++) {
        char *to = (char *)f + strings[i].at;
        const uint8_t *len = take(r, 1);
        const uint8_t *s = len != NULL && *len <= strings[i].max ? take(r, *len) : NULL;

        if (s == NULL)
            return OTTER_BAD_ENCODING;
        if (memchr(s, '\0', *len) != NULL)
            return OTTER_BAD_VALUE; /* what is behind it could not be seen any more */
        memcpy(to, s, *len);
        to[*len] = '\0';
    }
    return OTTER_OK;
}

static bool get_blob(struct reader *r, void *to, size_t max, uint16_t *ret_len)
{
    const uint8_t *p = take(r, 2);
    uint16_t len = p != NULL ? otter_le16(p) : 0;

    if (p == NULL || len > max)
        return false;
    p = take(r, len);
    if (p == NULL)
        return false;
    memcpy(to, p, len);
    *ret_len = len;
    return true;
}

static enum otter_status get_keys(struct reader *r, struct otter_factory *f)
{
    for (unsigned i = 0; i < f->key_count; i++) {
        const uint8_t *p = take(r, OTTER_POINT_LEN);

        if (p == NULL)
            return OTTER_BAD_ENCODING;
        if (p[0] != 0x04)
            return OTTER_BAD_VALUE;
        memcpy(f->key[i], p, OTTER_POINT_LEN);
    }
    return OTTER_OK;
}

/* Magic, format, lengths and CRC; then the fixed part. */
static enum otter_status open_factory(const uint8_t *in, size_t len, struct reader *r,
                                      struct otter_factory *f)
{
    size_t total;

    if (len < FIXED_LEN + CRC_LEN || memcmp(in, "OTTF", 4) != 0 || otter_le16(in + 4) != FORMAT)
        return OTTER_BAD_ENCODING;
    total = otter_le16(in + 6);
    if (total < FIXED_LEN + CRC_LEN || total > OTTER_FACTORY_MAX || total > len ||
        otter_le32(in + total - CRC_LEN) != otter_crc32(0, in, total - CRC_LEN))
        return OTTER_BAD_ENCODING;
    f->sequence = otter_le64(in + 8);
    memcpy(f->secret, in + 16, OTTER_SECRET_LEN);
    memcpy(f->mac, in + 48, sizeof(f->mac));
    f->key_count = in[54];
    if (f->key_count > OTTER_IMAGE_KEYS || (in[55] & ~FLAG_FLEET_KEY) != 0)
        return OTTER_BAD_ENCODING;
    f->fleet_key = in[55] != 0;
    *r = (struct reader){in, FIXED_LEN, total - CRC_LEN};
    return f->sequence <= OTTER_INT_MAX ? OTTER_OK : OTTER_BAD_VALUE;
}

static enum otter_status get_rest(struct reader *r, struct otter_factory *f)
{
    enum otter_status status = get_keys(r, f);

    if (status == OTTER_OK)
        status = get_strings(r, f);
    if (status != OTTER_OK)
        return status;
    if (!get_blob(r, f->ca, OTTER_CA_MAX, &f->ca_len) ||
        !get_blob(r, f->root, OTTER_PAYLOAD_MAX, &f->root_len) || r->at != r->end)
        return OTTER_BAD_ENCODING;
    f->root[f->root_len] = '\0';
    return OTTER_OK;
}

enum otter_status otter_factory_read(const uint8_t *in, size_t len, struct otter_factory *ret)
{
    struct reader r;
    enum otter_status status;

    /* 5 KB: filled in place, for a stack could not hold a second one; all zero unless it is OK. */
    memset(ret, 0, sizeof(*ret));
    status = open_factory(in, len, &r, ret);
    if (status == OTTER_OK)
        status = get_rest(&r, ret);
    if (status != OTTER_OK)
        memset(ret, 0, sizeof(*ret));
    return status;
}

static bool strings_valid(const struct otter_factory *f)
{
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(strings); i++) {
        const char *s = (const char *)f + strings[i].at;

        if (!valid[i](s, bounded_len(s, strings[i].max)))
            return false;
    }
    return true;
}

enum otter_status otter_factory_decode(const uint8_t *in, size_t len, struct otter_factory *ret)
{
    enum otter_status status = otter_factory_read(in, len, ret);

    if (status == OTTER_OK && !strings_valid(ret)) {
        memset(ret, 0, sizeof(*ret));
        status = OTTER_BAD_VALUE;
    }
    return status;
}
