/* Entries and heads of the audit log: their bytes, one way and back. */
#include "host/audit.h"

#include "core/bytes.h"
#include "core/json.h"
#include "host/jws.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define HEAD_TYPE "otter-audit-head"

/* What ends a line, and is as long in each. */
#define PREV     ",\"prev\":\""
#define HASH     "\",\"hash\":\""
#define END      "\"}"
#define TAIL_LEN (sizeof(PREV) - 1 + sizeof(HASH) - 1 + sizeof(END) - 1 + 2 * OTTER_DIGEST_HEX)

/* Text into a bounded buffer; too much is remembered, never written. */
struct writer {
    char *out;
    size_t len;
    bool over;
};

static void put_bytes(struct writer *w, const char *s, size_t n)
{
    w->over = w->over || n >= AUDIT_LINE_MAX - w->len;
    if (w->over)
        return;
    memcpy(w->out + w->len, s, n);
    w->len += n;
}

static void put(struct writer *w, const char *s)
{
    put_bytes(w, s, strlen(s));
}

/* Escaped where JSON must, and nowhere else: a text has one form. */
static void put_text(struct writer *w, const char *s, size_t max)
{
    size_t n = strlen(s);

    w->over = w->over || n > max;
    for (size_t i = 0; i < n && !w->over; i++) {
        unsigned char c = (unsigned char)s[i];
        char escaped[8];

        if (c == '"' || c == '\\')
            (void)snprintf(escaped, sizeof escaped, "\\%c", c);
        else if (c < ' ')
            (void)snprintf(escaped, sizeof escaped, "\\u%04x", c);
        else
            (void)snprintf(escaped, sizeof escaped, "%c", c);
        put(w, escaped);
    }
}

static void put_number(struct writer *w, uint64_t n)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%" PRIu64, n);
    put(w, text);
}

static void put_digest(struct writer *w, const struct otter_digest *digest)
{
    char hex[OTTER_DIGEST_HEX + 1];

    otter_hex_encode(digest->b, OTTER_DIGEST_LEN, hex);
    put(w, hex);
}

/* All before `","hash":`. */
static void put_body(struct writer *w, const struct audit_entry *e)
{
    put(w, "{\"num\":");
    put_number(w, e->num);
    put(w, ",\"at\":");
    put_number(w, e->at > 0 ? (uint64_t)e->at : 0);
    put(w, ",\"who\":\"");
    put_text(w, e->who, AUDIT_WHO_MAX);
    put(w, "\",\"act\":\"");
    put_text(w, e->act, AUDIT_ACT_MAX);
    put(w, "\",\"subject\":\"");
    put_text(w, e->subject, AUDIT_SUBJECT_MAX);
    put(w, "\",\"detail\":");
    w->over = w->over || strlen(e->detail) > AUDIT_DETAIL_MAX;
    put(w, e->detail);
    put(w, PREV);
    put_digest(w, &e->prev);
}

size_t audit_line(const struct audit_entry *entry, char out[AUDIT_LINE_MAX])
{
    struct writer w = {.out = out};

    put_body(&w, entry);
    put(&w, HASH);
    put_digest(&w, &entry->hash);
    put(&w, END);
    out[w.over ? 0 : w.len] = '\0';
    return w.over ? 0 : w.len;
}

/* Of all before `","hash":`, and what closes it. */
static void hash_body(const char *body, size_t len, struct otter_digest *ret)
{
    const struct otter_crypto *crypto = &otter_crypto_openssl;
    struct otter_sha256 sha;

    crypto->sha256_init(&sha);
    crypto->sha256_update(&sha, body, len);
    crypto->sha256_update(&sha, END, sizeof(END) - 1);
    crypto->sha256_final(&sha, ret->b);
}

bool audit_seal(struct audit_entry *entry)
{
    char line[AUDIT_LINE_MAX];
    struct writer w = {.out = line};

    put_body(&w, entry);
    if (w.over || w.len + TAIL_LEN >= AUDIT_LINE_MAX)
        return false;
    hash_body(line, w.len, &entry->hash);
    return true;
}

/* ---- back ---- */

struct reader {
    const char *s, *end;
};

static bool take(struct reader *r, const char *word)
{
    size_t n = strlen(word);

    if ((size_t)(r->end - r->s) < n || memcmp(r->s, word, n) != 0)
        return false;
    r->s += n;
    return true;
}

static bool take_number(struct reader *r, uint64_t *ret)
{
    size_t n = 0;

    while (r->s + n < r->end && r->s[n] >= '0' && r->s[n] <= '9')
        n++;
    if (!otter_parse_uint(r->s, n, OTTER_INT_MAX, ret))
        return false;
    r->s += n;
    return true;
}

/* One character of a text; -1: none that we write. */
static int take_character(struct reader *r)
{
    uint8_t byte = 0;

    if (*r->s != '\\')
        return (unsigned char)*r->s < ' ' ? -1 : (unsigned char)*r->s++;
    if (r->end - r->s >= 2 && (r->s[1] == '"' || r->s[1] == '\\')) {
        r->s += 2;
        return (unsigned char)r->s[-1];
    }
    if (!take(r, "\\u00") || r->end - r->s < 2 || !otter_hex_decode(r->s, 2, &byte, 1) || byte == 0 ||
        byte >= ' ')
        return -1;
    r->s += 2;
    return byte;
}

/* Up to and with the quote that ends it. */
static bool take_text(struct reader *r, char *out, size_t max)
{
    size_t n = 0;

    while (r->s < r->end && *r->s != '"') {
        int c = take_character(r);

        if (c < 0 || n == max)
            return false;
        out[n++] = (char)c;
    }
    out[n] = '\0';
    return take(r, "\"");
}

static bool take_front(struct reader *r, struct audit_record *ret)
{
    uint64_t at = 0;
    bool ok = take(r, "{\"num\":") && take_number(r, &ret->entry.num) && ret->entry.num > 0 &&
              take(r, ",\"at\":") && take_number(r, &at) && take(r, ",\"who\":\"") &&
              take_text(r, ret->who, AUDIT_WHO_MAX) && take(r, ",\"act\":\"") &&
              take_text(r, ret->act, AUDIT_ACT_MAX) && take(r, ",\"subject\":\"") &&
              take_text(r, ret->subject, AUDIT_SUBJECT_MAX) && take(r, ",\"detail\":");

    ret->entry.at = (int64_t)at;
    return ok;
}

static bool take_digest(struct reader *r, struct otter_digest *ret)
{
    if (r->end - r->s < (ptrdiff_t)OTTER_DIGEST_HEX ||
        !otter_hex_decode(r->s, OTTER_DIGEST_HEX, ret->b, OTTER_DIGEST_LEN))
        return false;
    r->s += OTTER_DIGEST_HEX;
    return true;
}

bool audit_read(const char *line, size_t len, struct audit_record *ret)
{
    struct reader r = {line, line + len}, tail;
    size_t detail;

    if (len <= TAIL_LEN || len >= AUDIT_LINE_MAX || memchr(line, '\0', len))
        return false;
    tail = (struct reader){line + len - TAIL_LEN, line + len};
    r.end = tail.s;
    if (!take_front(&r, ret) || !take(&tail, PREV) || !take_digest(&tail, &ret->entry.prev) ||
        !take(&tail, HASH) || !take_digest(&tail, &ret->entry.hash) || !take(&tail, END))
        return false;
    detail = (size_t)(r.end - r.s);
    if (detail < 2 || detail > AUDIT_DETAIL_MAX || r.s[0] != '{' || r.end[-1] != '}')
        return false;
    memcpy(ret->detail, r.s, detail);
    ret->detail[detail] = '\0';
    ret->entry.who = ret->who;
    ret->entry.act = ret->act;
    ret->entry.subject = ret->subject;
    ret->entry.detail = ret->detail;
    hash_body(line, len - OTTER_DIGEST_HEX - (sizeof(HASH) - 1) - (sizeof(END) - 1), &ret->made);
    return true;
}

/* ---- heads ---- */

int audit_head_sign(const struct host_key *key, const struct audit_head *head, char *out, size_t cap)
{
    char payload[256];
    struct otter_json_out o;
    int len;

    otter_json_out_init(&o, payload, sizeof payload);
    otter_json_begin(&o, NULL, '{');
    otter_json_put_string(&o, "type", HEAD_TYPE);
    otter_json_put_uint(&o, "num", head->num);
    otter_json_put_hex(&o, "hash", head->hash.b, OTTER_DIGEST_LEN);
    otter_json_put_uint(&o, "at", (uint64_t)head->at);
    otter_json_end(&o, '}');
    len = otter_json_out_finish(&o);
    return len < 0 ? -1 : host_jws_sign_to(key, payload, (size_t)len, out, cap);
}

bool audit_head_read(const char *envelope, size_t len, struct otter_jws *jws, struct audit_head *ret)
{
    enum { TYPE, NUM, HASH_, AT, COUNT };
    struct otter_json_field fields[COUNT] = {[TYPE] = {"type", OTTER_JSON_STRING, false, 0},
                                             [NUM] = {"num", OTTER_JSON_NUMBER, false, 0},
                                             [HASH_] = {"hash", OTTER_JSON_STRING, false, 0},
                                             [AT] = {"at", OTTER_JSON_NUMBER, false, 0}};
    struct otter_json json;
    char type[32];
    uint64_t at = 0;

    if (otter_jws_decode(envelope, len, jws) != OTTER_OK || jws->count != 1 ||
        otter_json_parse(&json, jws->payload, jws->payload_len) != OTTER_OK ||
        otter_json_fields(&json, 0, fields, COUNT, false) != OTTER_OK ||
        !otter_json_string(&json, fields[TYPE].index, type, sizeof type) || strcmp(type, HEAD_TYPE) != 0 ||
        !otter_json_uint(&json, fields[NUM].index, OTTER_INT_MAX, &ret->num) ||
        !otter_json_hex(&json, fields[HASH_].index, ret->hash.b, OTTER_DIGEST_LEN) ||
        !otter_json_uint(&json, fields[AT].index, OTTER_INT_MAX, &at))
        return false;
    ret->at = (int64_t)at;
    ret->kid = jws->signature[0].kid;
    return true;
}
