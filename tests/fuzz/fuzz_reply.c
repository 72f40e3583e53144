/* Any bytes that a server may send: read in pieces of any size they mean the same, and no bound is passed. */
#include "fuzz.h"

#include "client/http.h"

struct outcome {
    enum otter_http_event end;
    struct otter_http_head head;
    uint64_t body;
    uint32_t sum;
};

/* Each piece in memory of its own, so that reading past it is seen. */
static enum otter_http_event feed(struct otter_http *http, const uint8_t *in, uint32_t len,
                                  uint32_t *ret_used, struct outcome *o)
{
    uint8_t *piece = malloc(len > 0 ? len : 1);
    const uint8_t *body = NULL;
    uint32_t body_len = 0;
    enum otter_http_event event;

    MUST(piece != NULL);
    if (len > 0)
        memcpy(piece, in, len);
    event = otter_http_feed(http, piece, len, ret_used, &body, &body_len);
    MUST(*ret_used <= len);
    if (event == OTTER_HTTP_BODY) {
        MUST(body_len > 0 && body >= piece && body + body_len <= piece + len);
        o->body += body_len;
        for (uint32_t i = 0; i < body_len; i++)
            o->sum = o->sum * 31 + body[i];
    }
    free(piece);
    return event;
}

static void run(const uint8_t *data, uint32_t size, uint32_t step, struct outcome *o)
{
    struct otter_http http;
    uint32_t at = 0;
    uint32_t used;

    memset(o, 0, sizeof(*o));
    otter_http_init(&http);
    do {
        o->end = feed(&http, data + at, size - at < step ? size - at : step, &used, o);
        at += used;
        if (o->end == OTTER_HTTP_HEAD) {
            o->head = http.head;
            MUST(o->head.status >= 200 && o->head.status <= 599);
            MUST(strlen(o->head.etag) <= OTTER_ETAG_MAX);
            MUST(!o->head.has_range ||
                 (o->head.range_first <= o->head.range_last && o->head.range_last < o->head.range_total));
        }
    } while (o->end != OTTER_HTTP_DONE && o->end != OTTER_HTTP_BAD &&
             (o->end != OTTER_HTTP_MORE || at < size));
    MUST(o->body <= o->head.length);
    MUST(o->end != OTTER_HTTP_DONE || o->body == (o->head.has_length ? o->head.length : 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct outcome whole, pieces;

    if (size > 65536)
        return 0;
    run(data, (uint32_t)size, (uint32_t)size + 1, &whole);
    run(data, (uint32_t)size, 1, &pieces);
    MUST(whole.end == pieces.end && whole.body == pieces.body && whole.sum == pieces.sum);
    MUST(memcmp(&whole.head, &pieces.head, sizeof(whole.head)) == 0);
    return 0;
}
