/* The loop's free list of requests. */
#include "http/loop.h"

#include <stdlib.h>
#include <string.h>

#define SPARES_MAX 1024u

struct http_request *http_loop_request(struct http_loop *loop)
{
    struct http_request *r = loop->spare;

    if (r) {
        loop->spare = r->next;
        loop->spares--;
    } else {
        r = malloc(sizeof *r);
        if (!r)
            return NULL;
    }
    /* All but the room for the body, which body_len bounds. */
    memset(r, 0, offsetof(struct http_request, inline_body));
    r->loop = loop;
    loop->running++;
    return r;
}

void http_loop_release(struct http_request *r)
{
    struct http_loop *loop = r->loop;

    loop->running--;
    if (r->body != r->inline_body)
        free(r->body);
    if (loop->spares >= SPARES_MAX) {
        free(r);
        return;
    }
    r->next = loop->spare;
    loop->spare = r;
    loop->spares++;
}
