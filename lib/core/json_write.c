#include "core/bytes.h"
#include "core/json.h"
#include "core/utf8.h"

#include <string.h>

void otter_json_out_init(struct otter_json_out *o, char *buf, size_t cap)
{
    *o = (struct otter_json_out){.buf = buf, .cap = cap};
}

/* One byte is always kept for the NUL of otter_json_out_finish. */
static void put_bytes(struct otter_json_out *o, const char *s, size_t n)
{
    if (o->overflow || o->cap == 0 || n > o->cap - 1 - o->len) {
        o->overflow = true;
        return;
    }
    memcpy(o->buf + o->len, s, n);
    o->len += n;
}

static void put_char(struct otter_json_out *o, char c)
{
    put_bytes(o, &c, 1);
}

/* Characters that stand for themselves, up to one that may not, or the NUL at the end. */
static size_t plain_run(const char *s)
{
    size_t n = 0;

    while (s[n] >= 0x20 && s[n] < 0x7f && s[n] != '"' && s[n] != '\\')
        n++;
    return n;
}

static void put_quoted(struct otter_json_out *o, const char *s)
{
    size_t left = strlen(s);

    put_char(o, '"');
    while (left > 0) {
        size_t plain = plain_run(s), n;

        put_bytes(o, s, plain);
        s += plain;
        left -= plain;
        if (left == 0)
            break;
        n = otter_utf8_char(s, left);
        if (*s == '"' || *s == '\\')
            put_char(o, '\\');
        /* Control characters and broken UTF-8 would make the document malformed, and nobody misses them. */
        if (n == 0 || (n == 1 && (unsigned char)*s < 0x20))
            put_char(o, '?');
        else
            put_bytes(o, s, n);
        n = n == 0 ? 1 : n;
        s += n;
        left -= n;
    }
    put_char(o, '"');
}

static void put_key(struct otter_json_out *o, const char *key_or_null)
{
    if (o->comma)
        put_char(o, ',');
    o->comma = true;
    if (key_or_null != NULL) {
        put_quoted(o, key_or_null);
        put_char(o, ':');
    }
}

void otter_json_begin(struct otter_json_out *o, const char *key_or_null, char bracket)
{
    put_key(o, key_or_null);
    put_char(o, bracket);
    o->comma = false;
}

void otter_json_end(struct otter_json_out *o, char bracket)
{
    put_char(o, bracket);
    o->comma = true;
}

void otter_json_put_string(struct otter_json_out *o, const char *key_or_null, const char *value)
{
    put_key(o, key_or_null);
    put_quoted(o, value);
}

void otter_json_put_uint(struct otter_json_out *o, const char *key_or_null, uint64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + otter_divide(&value, 10));
    } while (value > 0);
    put_key(o, key_or_null);
    put_bytes(o, digits + at, sizeof(digits) - at);
}

void otter_json_put_bool(struct otter_json_out *o, const char *key_or_null, bool value)
{
    put_key(o, key_or_null);
    put_bytes(o, value ? "true" : "false", value ? 4 : 5);
}

void otter_json_put_hex(struct otter_json_out *o, const char *key_or_null, const uint8_t *b, size_t n)
{
    put_key(o, key_or_null);
    put_char(o, '"');
    for (size_t i = 0; i < n; i++) {
        char pair[3];

        otter_hex_encode(b + i, 1, pair);
        put_bytes(o, pair, 2);
    }
    put_char(o, '"');
}

void otter_json_put_b64(struct otter_json_out *o, const char *key_or_null, const uint8_t *b, size_t n)
{
    put_key(o, key_or_null);
    put_char(o, '"');
    /* Three bytes at a time are four characters, whatever follows. */
    for (size_t i = 0; i < n; i += 3) {
        char quad[5];
        size_t part = n - i < 3 ? n - i : 3;

        otter_b64_encode(b + i, part, quad);
        put_bytes(o, quad, OTTER_B64_LEN(part));
    }
    put_char(o, '"');
}

int otter_json_out_finish(struct otter_json_out *o)
{
    if (o->overflow || o->cap == 0 || o->len > INT32_MAX)
        return -1;
    o->buf[o->len] = '\0';
    return (int)o->len;
}
