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

static void put_uint(struct text *t, uint32_t v)
{
    char digits[11];
    size_t i = sizeof(digits) - 1;

    digits[i] = '\0';
    do {
        digits[--i] = (char)('0' + v % 10);
        v /= 10;
    } while (v != 0);
    put(t, digits + i);
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

/* In the clear, to a host that is not this one: the secret proves itself without being shown (protocol.md,
 * Auth). */
static void put_hmac(struct text *t, struct otter_client *c, const struct otter_request *r)
{
    char message[16 + OTTER_REQUEST_TARGET + OTTER_B64_LEN(OTTER_NONCE_LEN) + OTTER_DIGEST_HEX + 4];
    struct text m = {message, sizeof(message), 0, false};
    char nonce[OTTER_B64_LEN(OTTER_NONCE_LEN) + 1];
    char hex[OTTER_DIGEST_HEX + 1];
    char mac64[OTTER_B64_LEN(OTTER_DIGEST_LEN) + 1];
    struct otter_digest digest;
    uint8_t random[OTTER_NONCE_LEN];

    c->config.random->fill(c->config.random, random, sizeof(random));
    otter_b64_encode(random, sizeof(random), nonce);
    otter_sha256_of(c->config.crypto, c->buf + OTTER_REQUEST_HEAD, r->body_len, &digest);
    otter_hex_encode(digest.b, sizeof(digest.b), hex);
    put(&m, r->method);
    put(&m, "\n");
    put(&m, r->target);
    put(&m, "\n");
    put(&m, nonce);
    put(&m, "\n");
    put(&m, hex);
    otter_hmac_sha256(c->config.crypto, c->config.factory->secret, OTTER_SECRET_LEN, message, m.len, &digest);
    otter_b64_encode(digest.b, sizeof(digest.b), mac64);
    put(t, "Authorization: Otter-HMAC ");
    put(t, c->config.factory->device);
    put(t, ":");
    put(t, nonce);
    put(t, ":");
    put(t, mac64);
    put(t, "\r\n");
    t->overflow = t->overflow || m.overflow;
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
    if (r->authorize && (r->url->tls || otter_url_is_loopback(r->url)))
        put_bearer(&t, c);
    else if (r->authorize)
        put_hmac(&t, c, r);
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
    return (uint32_t)t.len + r->body_len;
}
