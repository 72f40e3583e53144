#include "client/internal.h"

#include <string.h>

#define RATE_WINDOW_MS 60000u

void otter_exchange_close(struct otter_client *c)
{
    struct otter_exchange *ex = &c->ex;

    if (ex->open)
        c->config.net->close(c->config.net);
    ex->open = false;
    ex->reused = false;
    ex->busy = false;
    ex->rx_at = 0;
    ex->rx_len = 0;
}

static bool connect_peer(struct otter_client *c)
{
    struct otter_exchange *ex = &c->ex;
    const struct otter_net_tls tls = {
        .name = ex->tls_name,
        .ca = c->config.factory->ca,
        .ca_len = c->config.factory->ca_len,
        .time_floor = c->facts.time_floor,
    };

    ex->reused = false;
    ex->rx_at = 0;
    ex->rx_len = 0;
    ex->open = c->config.net->open(c->config.net, ex->peer.host, ex->peer.port, ex->peer.tls ? &tls : NULL);
    return ex->open;
}

bool otter_exchange_begin(struct otter_client *c, const struct otter_request *r, uint64_t now)
{
    struct otter_exchange *ex = &c->ex;
    uint32_t len = otter_request_write(c, r);

    otter_http_init(&ex->http); /* first of all: nobody must read an earlier answer in place of this one */
    if (len == 0)
        return false;
    if (ex->open && !otter_url_same_origin(&ex->peer, r->url))
        otter_exchange_close(c);
    ex->peer = *r->url;
    /* The URL behind a blob's tls_name is the caller's own; keep ours. */
    ex->tls_name = r->tls_name == r->url->host ? ex->peer.host : r->tls_name;
    if (!ex->open && !connect_peer(c))
        return false;
    ex->busy = true;
    ex->sent = false;
    ex->answered = false;
    ex->out_len = len;
    ex->out_at = 0;
    ex->progress_ms = now;
    c->buf_len = 0;
    return true;
}

static enum otter_exchange_result fail(struct otter_client *c, enum otter_status why,
                                       enum otter_status *ret_why)
{
    otter_exchange_close(c);
    *ret_why = why;
    return OTTER_EX_FAILED;
}

/* The connection came to nothing: TLS may know better why. */
static enum otter_exchange_result fail_net(struct otter_client *c, enum otter_status why,
                                           enum otter_status *ret_why)
{
    const struct otter_net *net = c->config.net;
    enum otter_status better = net->why != NULL ? net->why(net) : OTTER_OK;

    return fail(c, better != OTTER_OK ? better : why, ret_why);
}

/* A kept connection may have been closed by the server just before: that is no failure, once. */
static enum otter_exchange_result lost(struct otter_client *c, enum otter_status *ret_why)
{
    struct otter_exchange *ex = &c->ex;
    bool never_up = !ex->reused && ex->out_at == 0;

    if (ex->reused && !ex->answered) {
        c->config.net->close(c->config.net);
        otter_request_renew(c); /* the server may have taken the first one */
        ex->out_at = 0;
        ex->sent = false;
        if (connect_peer(c))
            return OTTER_EX_MORE;
    }
    return fail_net(c, never_up ? OTTER_NET_UNREACHABLE : OTTER_NET_LOST, ret_why);
}

/* Nothing came: is that too long, or too little in the last minute? */
static enum otter_exchange_result idle(struct otter_client *c, uint64_t now, enum otter_status *ret_why)
{
    struct otter_exchange *ex = &c->ex;
    bool never_up = !ex->reused && ex->out_at == 0;

    if (now - ex->progress_ms >= c->timing.inactivity_ms)
        return fail_net(c, never_up ? OTTER_NET_UNREACHABLE : OTTER_NET_TIMEOUT, ret_why);
    return OTTER_EX_WAIT;
}

static enum otter_exchange_result send_some(struct otter_client *c, uint64_t now, enum otter_status *ret_why)
{
    struct otter_exchange *ex = &c->ex;
    int32_t n = c->config.net->send(c->config.net, c->buf + ex->out_at, ex->out_len - ex->out_at);

    if (n == OTTER_NET_AGAIN)
        return idle(c, now, ret_why);
    if (n < 0 || (uint32_t)n > ex->out_len - ex->out_at)
        return lost(c, ret_why);
    ex->progress_ms = now;
    ex->out_at += (uint32_t)n;
    if (ex->out_at == ex->out_len) {
        ex->sent = true;
        ex->window_ms = now;
        ex->window_bytes = 0;
    }
    return OTTER_EX_MORE;
}

static enum otter_exchange_result receive_some(struct otter_client *c, uint64_t now,
                                               enum otter_status *ret_why)
{
    struct otter_exchange *ex = &c->ex;
    int32_t n = c->config.net->recv(c->config.net, ex->rx, sizeof(ex->rx));

    if (n == OTTER_NET_AGAIN)
        return idle(c, now, ret_why);
    if (n < 0 || (uint32_t)n > sizeof(ex->rx))
        return lost(c, ret_why);
    ex->answered = true;
    ex->progress_ms = now;
    ex->rx_at = 0;
    ex->rx_len = (uint32_t)n;
    ex->window_bytes += (uint32_t)n; /* a window ends at most one rx after 60 s * the minimum rate: no wrap */
    if (now - ex->window_ms >= RATE_WINDOW_MS) {
        if (ex->window_bytes / (RATE_WINDOW_MS / 1000) < c->timing.min_bytes_per_s)
            return fail(c, OTTER_NET_SLOW, ret_why);
        ex->window_ms = now;
        ex->window_bytes = 0;
    }
    return OTTER_EX_MORE;
}

static enum otter_exchange_result done(struct otter_client *c)
{
    struct otter_exchange *ex = &c->ex;

    /* Bytes behind the response answer nothing that we asked. */
    if (ex->http.head.close || ex->rx_at < ex->rx_len)
        otter_exchange_close(c);
    ex->busy = false;
    ex->reused = ex->open;
    return OTTER_EX_DONE;
}

enum otter_exchange_result otter_exchange_step(struct otter_client *c, uint64_t now, uint32_t max,
                                               const uint8_t **ret_body, uint32_t *ret_len,
                                               enum otter_status *ret_why)
{
    struct otter_exchange *ex = &c->ex;
    uint32_t have = ex->rx_len - ex->rx_at;
    uint32_t used;

    if (!ex->sent)
        return send_some(c, now, ret_why);
    if (have > max)
        have = max;
    switch (otter_http_feed(&ex->http, ex->rx + ex->rx_at, have, &used, ret_body, ret_len)) {
    case OTTER_HTTP_MORE:
        ex->rx_at += used;
        return ex->rx_at < ex->rx_len ? OTTER_EX_MORE : receive_some(c, now, ret_why);
    case OTTER_HTTP_HEAD:
        ex->rx_at += used;
        return OTTER_EX_HEAD;
    case OTTER_HTTP_BODY:
        ex->rx_at += used;
        return OTTER_EX_BODY;
    case OTTER_HTTP_DONE:
        return done(c);
    case OTTER_HTTP_BAD:
    default:
        return fail(c, OTTER_HTTP_MALFORMED, ret_why);
    }
}

/* May this body be gathered? One that is not may end the exchange with an answer all the same. */
static enum otter_exchange_result weigh(struct otter_client *c, uint32_t max, enum otter_status *ret_why)
{
    const struct otter_http_head *head = &c->ex.http.head;
    bool ok = head->status == 200;

    if (head->has_length && head->length <= max)
        return OTTER_EX_MORE;
    if (ok)
        return fail(c, head->has_length ? OTTER_TOO_LARGE : OTTER_HTTP_MALFORMED, ret_why);
    otter_exchange_close(c); /* an error's page is not worth reading */
    return OTTER_EX_DONE;
}

enum otter_exchange_result otter_exchange_collect(struct otter_client *c, uint64_t now, uint32_t max,
                                                  enum otter_status *ret_why)
{
    const uint8_t *body;
    uint32_t len;
    enum otter_exchange_result result = otter_exchange_step(c, now, UINT32_MAX, &body, &len, ret_why);

    if (max > sizeof(c->buf) - 1)
        max = sizeof(c->buf) - 1;
    if (result == OTTER_EX_HEAD)
        result = weigh(c, max, ret_why);
    if (result == OTTER_EX_BODY) {
        memcpy(c->buf + c->buf_len, body, len); /* Content-Length <= max bounds the sum of all pieces */
        c->buf_len += len;
        result = OTTER_EX_MORE;
    }
    if (result == OTTER_EX_DONE)
        c->buf[c->buf_len] = '\0';
    return result;
}

enum otter_client_want otter_exchange_wait(struct otter_client *c)
{
    c->wake_ms = c->ex.progress_ms + c->timing.inactivity_ms;
    return OTTER_WANT_NET;
}

bool otter_exchange_waits_to_send(const struct otter_client *c)
{
    const struct otter_net *net = c->config.net;

    return net->waits_to_send != NULL ? net->waits_to_send(net) : !c->ex.sent;
}

enum otter_status otter_exchange_refusal(const struct otter_client *c)
{
    uint16_t status = c->ex.http.head.status;

    return status >= 300 && status < 400 ? OTTER_HTTP_REDIRECT : OTTER_HTTP_STATUS;
}
