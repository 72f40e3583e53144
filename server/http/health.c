/* /healthz, /readyz and /metrics. The first two are answered by the loop itself, from memory. */
#include "http/health.h"

#include "host/clock.h"
#include "http/loop.h"
#include "metrics/text.h"

#include <stdlib.h>

#define STUCK_MS     10000u
#define PRESSED_MS   60000u
#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

static enum MHD_Result reply_json(struct http_request *r, unsigned http, json_t *j)
{
    size_t len = 0;
    char *body = j ? host_json_dump(j, &len) : NULL;

    json_decref(j);
    return http_reply_queue(r, http, http_reply_body(r, body, len, "application/json", "no-store"));
}

enum MHD_Result http_reply_alive(struct http_request *r)
{
    return reply_json(r, MHD_HTTP_OK, json_pack("{s:s}", "status", "ok"));
}

/* A loop that is at the same round for long does not serve its connections. */
static struct svc_loops look_at_loops(const struct http_loop *loop)
{
    struct svc_loops loops = {.count = loop->peer_count};
    uint64_t now = host_clock_mono_ms();

    for (unsigned i = 0; i < loop->peer_count; i++) {
        uint64_t since = atomic_load_explicit(&loop->peers[i].busy_since_ms, memory_order_relaxed);

        uint64_t pressed = atomic_load_explicit(&loop->peers[i].pressed_ms, memory_order_relaxed);

        loops.pressed |= pressed != 0 && now < pressed + PRESSED_MS;
        loops.stuck += since != 0 && now > since && now - since >= STUCK_MS;
    }
    return loops;
}

enum MHD_Result http_reply_ready(struct http_request *r)
{
    struct svc_loops loops = look_at_loops(r->loop);
    bool ready = false;
    json_t *j = svc_ready(r->loop->svc, &loops, &ready);

    return reply_json(r, ready ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE, j);
}

enum MHD_Result http_reply_metrics(struct http_request *r)
{
    struct metrics_text text = {0};

    metrics_append(&text, r->call.out.body, r->call.out.body_len);
    http_metrics_put(r->loop, &text);
    if (text.failed) {
        metrics_text_free(&text);
        return MHD_NO;
    }
    return http_reply_queue(r, MHD_HTTP_OK,
                            http_reply_body(r, text.data, text.len, METRICS_TYPE, "no-store"));
}
