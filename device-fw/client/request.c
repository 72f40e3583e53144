#include "client/internal.h"

#include "core/bytes.h"

#include <string.h>

/* Text into a bounded buffer; too much is remembered, never written. */
struct text {
    char *buf;
    size_t cap, len;
    bool overflow;
};

static void put(struct text *t, const char *s)
{
    size_t n = strlen(s);

    if (t->overflow || n >= t->cap - t->len) {
        t->overflow = true;
        return;
    }
    memcpy(t->buf + t->len, s, n + 1);
    t->len += n;
}

const char *otter_request_digits(uint32_t v, char buf[OTTER_DIGITS])
{
    size_t i = OTTER_DIGITS - 1;

    buf[i] = '\0';
    do {
        buf[--i] = (char)('0' + v % 10);
        v /= 10;
    } while (v != 0);
    return buf + i;
}

static void put_uint(struct text *t, uint32_t v)
{
    char digits[OTTER_DIGITS];

    put(t, otter_request_digits(v, digits));
}

void otter_request_init(const struct otter_client *c, struct otter_request *r, const char *method,
                        const char *target)
{
    const struct otter_url *url = &c->server[c->server_at];
    const char *tls_name = c->config.factory->tls_name[c->server_at];
    struct text t = {r->target, sizeof(r->target), 0, false};

    memset(r, 0, sizeof(*r));
    r->url = url;
    r->tls_name = tls_name[0] != '\0' ? tls_name : url->host;
    r->method = method;
    r->authorize = true;
    put(&t, url->path);
    put(&t, target);
}

bool otter_request_blob(const struct otter_client *c, struct otter_request *r, struct otter_url *url,
                        const struct otter_digest *digest)
{
    char hex[OTTER_DIGEST_HEX + 1];
    const char *blobs = c->offer.blobs[0] != '\0' ? c->offer.blobs : "/v1/blobs";
    struct text t = {r->target, sizeof(r->target), 0, false};

    otter_request_init(c, r, "GET", blobs[0] == '/' ? blobs : "");
    if (blobs[0] != '/') {
        if (!otter_url_parse(blobs, url))
            return false;
        r->target[0] = '\0';
        put(&t, url->path);
        /* Another origin must never see the device's secret; the server's own keeps its TLS name. */
        if (!otter_url_same_origin(url, r->url)) {
            r->authorize = false;
            r->tls_name = url->host;
        }
        r->url = url;
    }
    t.len = strlen(r->target);
    while (t.len > 0 && r->target[t.len - 1] == '/')
        r->target[--t.len] = '\0';
    otter_hex_encode(digest->b, sizeof(digest->b), hex);
    put(&t, "/");
    put(&t, hex);
    return !t.overflow;
}

char *otter_request_body(struct otter_client *c, size_t *ret_cap)
{
    *ret_cap = sizeof(c->buf) - OTTER_REQUEST_HEAD;
    return c->buf + OTTER_REQUEST_HEAD;
}

void otter_request_secret(const struct otter_client *c, uint8_t ret[OTTER_SECRET_LEN])
{
    const char *token = c->config.journal->live.token;

    if (otter_b64_decode(token, strlen(token), ret, OTTER_SECRET_LEN) != (int)OTTER_SECRET_LEN)
        memcpy(ret, c->config.factory->secret, OTTER_SECRET_LEN);
}

/* The device's token: the journal's if there is one, else the factory secret. */
static void put_bearer(struct text *t, struct otter_client *c)
{
    char secret[OTTER_B64_LEN(OTTER_SECRET_LEN) + 1];

    put(t, "Authorization: Bearer ");
    if (c->config.journal->live.token[0] != '\0') {
        put(t, c->config.journal->live.token);
    } else {
        otter_b64_encode(c->config.factory->secret, OTTER_SECRET_LEN, secret);
        put(t, secret);
    }
    put(t, "\r\n");
}

/* May the token be shown here? A fleet key never is: it proves. */
static bool shows_token(const struct otter_client *c, const struct otter_url *url)
{
    return !c->config.always_hmac && !otter_token_lacks(c) && (url->tls || otter_url_is_loopback(url));
}

#define NONCE_TEXT OTTER_B64_LEN(OTTER_NONCE_LEN)
#define MAC_TEXT   OTTER_B64_LEN(OTTER_DIGEST_LEN)
#define PROOF_TEXT (NONCE_TEXT + 1 + MAC_TEXT) /* nonce:mac, always as long */
#define SIGNED_MAX (16 + OTTER_REQUEST_TARGET + NONCE_TEXT + OTTER_DIGEST_HEX + 4)

/*
 * In the clear, to a host that is not this one: the secret proves itself without being shown (protocol.md,
 * Auth). The proof itself is filled in when the request stands.
 */
static void put_hmac(struct text *t, struct otter_client *c)
{
    char room[PROOF_TEXT + 1];

    memset(room, '.', PROOF_TEXT);
    room[PROOF_TEXT] = '\0';
    put(t, "Authorization: Otter-HMAC ");
    put(t, c->config.factory->device);
    put(t, ":");
    c->ex.proof_at = (uint32_t)t->len;
    put(t, room);
    put(t, "\r\n");
}

/* "METHOD LF target LF nonce LF hex SHA-256(body)" of the request in c->buf: its length. */
static size_t signed_text(const struct otter_client *c, const char *nonce, uint32_t body_at,
                          char out[SIGNED_MAX])
{
    char hex[OTTER_DIGEST_HEX + 1];
    struct otter_digest digest;
    struct text m = {out, SIGNED_MAX, 0, false};
    size_t spaces = 0, n = 0;

    /* Of the request line "METHOD target HTTP/1.1"; the target is bounded by OTTER_REQUEST_TARGET. */
    for (; spaces < 2; n++) {
        spaces += c->buf[n] == ' ';
        out[n] = c->buf[n] == ' ' ? '\n' : c->buf[n];
    }
    m.len = n;
    otter_sha256_of(c->config.crypto, c->buf + body_at, c->ex.out_len - body_at, &digest);
    otter_hex_encode(digest.b, sizeof(digest.b), hex);
    put(&m, nonce);
    put(&m, "\n");
    put(&m, hex);
    return m.len;
}

void otter_request_renew(struct otter_client *c)
{
    char message[SIGNED_MAX];
    char nonce[NONCE_TEXT + 1];
    char mac[MAC_TEXT + 1];
    struct otter_digest digest;
    uint8_t random[OTTER_NONCE_LEN], secret[OTTER_SECRET_LEN];
    uint32_t body_at = 0;
    size_t len;

    if (c->ex.proof_at == 0)
        return;
    /* otter_request_write() has put an empty line behind the head. */
    while (memcmp(c->buf + body_at, "\r\n\r\n", 4) != 0)
        body_at++;
    body_at += 4;
    c->config.random->fill(c->config.random, random, sizeof(random));
    otter_b64_encode(random, sizeof(random), nonce);
    len = signed_text(c, nonce, body_at, message);
    otter_request_secret(c, secret);
    otter_hmac_sha256(c->config.crypto, secret, sizeof(secret), message, len, &digest);
    otter_b64_encode(digest.b, sizeof(digest.b), mac);
    memcpy(c->buf + c->ex.proof_at, nonce, NONCE_TEXT);
    c->buf[c->ex.proof_at + NONCE_TEXT] = ':';
    memcpy(c->buf + c->ex.proof_at + NONCE_TEXT + 1, mac, MAC_TEXT);
}

static void put_host(struct text *t, const struct otter_url *url)
{
    bool v6 = strchr(url->host, ':') != NULL;

    put(t, "Host: ");
    put(t, v6 ? "[" : "");
    put(t, url->host);
    put(t, v6 ? "]" : "");
    if (url->port != (url->tls ? 443 : 80)) {
        put(t, ":");
        put_uint(t, url->port);
    }
    put(t, "\r\n");
}

uint32_t otter_request_write(struct otter_client *c, const struct otter_request *r)
{
    struct text t = {c->buf, OTTER_REQUEST_HEAD, 0, false};

    put(&t, r->method);
    put(&t, " ");
    put(&t, r->target[0] != '\0' ? r->target : "/");
    put(&t, " HTTP/1.1\r\n");
    put_host(&t, r->url);
    c->ex.proof_at = 0;
    if (r->authorize && shows_token(c, r->url))
        put_bearer(&t, c);
    else if (r->authorize)
        put_hmac(&t, c);
    if (r->names_device) {
        put(&t, "Otter-Device: ");
        put(&t, c->config.factory->device);
        put(&t, "\r\n");
    }
    if (r->range_from > 0) {
        put(&t, "Range: bytes=");
        put_uint(&t, r->range_from);
        put(&t, "-\r\nIf-Range: ");
        put(&t, r->if_range);
        put(&t, "\r\n");
    }
    if (r->body_len > 0) {
        put(&t, "Content-Type: application/json\r\nContent-Length: ");
        put_uint(&t, r->body_len);
        put(&t, "\r\n");
    }
    put(&t, "\r\n");
    if (t.overflow)
        return 0;
    memmove(c->buf + t.len, c->buf + OTTER_REQUEST_HEAD, r->body_len);
    c->ex.out_len = (uint32_t)t.len + r->body_len;
    otter_request_renew(c);
    return c->ex.out_len;
}
