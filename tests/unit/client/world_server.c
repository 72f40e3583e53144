/* The other end of the network in memory: routes of the device protocol, as far as the client's tests need
 * them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "world.h"

#include "core/bytes.h"
#include "host/jws.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void reply(struct world *w, unsigned status, const char *headers, const void *body, size_t len)
{
    memory_net_reply(&w->net, status, headers, body, len);
}

static void reply_status(struct world *w, unsigned status, const char *headers)
{
    reply(w, status, headers, "", 0);
}

static void make_offer(struct world *w, struct otter_offer *offer)
{
    memset(offer, 0, sizeof(*offer));
    memcpy(offer->device, w->factory.device, sizeof(offer->device));
    memcpy(offer->nonce, w->server.last_poll.poll.nonce, sizeof(offer->nonce));
    offer->issued = 2000000;
    offer->empty = w->server.empty_offer;
    if (!offer->empty) {
        offer->deadline = offer->issued + 30 * 86400;
        offer->attempt = WORLD_ATTEMPT;
        offer->manifest.sha256 = w->manifest_digest;
        offer->manifest.size = w->manifest_len;
        offer->slot = OTTER_SLOT_B;
        offer->image.sha256 = w->new_image.digest;
        offer->image.size = w->new_image.size;
    }
    if (w->server.tweak_offer != NULL)
        w->server.tweak_offer(w, offer);
}

static void poll(struct world *w, const struct memory_request *r)
{
    struct world_server *s = &w->server;
    struct otter_offer offer;
    char payload[OTTER_PAYLOAD_MAX + 1];
    char envelope[OTTER_ENVELOPE_MAX + 1];
    int len;

    s->polls++;
    s->last_poll.at_ms = w->now;
    memcpy(s->poll_head, r->head, sizeof(s->poll_head));
    assert_int_equal(otter_poll_decode(r->body, r->body_len, &s->last_poll.poll, NULL), OTTER_OK);
    if (s->poll_status != 200) {
        reply_status(w, s->poll_status, s->poll_headers);
        return;
    }
    make_offer(w, &offer);
    assert_int_equal(otter_offer_encode(&offer, payload, sizeof(payload)), OTTER_OK);
    len = host_jws_sign_to(s->offer_key, payload, strlen(payload), envelope, sizeof(envelope));
    assert_true(len > 0);
    reply(w, 200, s->poll_headers, envelope, (size_t)len);
}

static void report(struct world *w, const struct memory_request *r)
{
    struct world_server *s = &w->server;
    char device[OTTER_NAME_BUF];
    struct otter_running running;

    assert_true(s->reports < WORLD_REPORTS);
    assert_int_equal(
        otter_report_decode(r->body, r->body_len, device, &running, &s->report[s->reports], NULL), OTTER_OK);
    assert_string_equal(device, w->factory.device);
    s->reports++;
    reply(w, s->report_status, "", s->report_body, strlen(s->report_body));
}

static void root(struct world *w, const struct memory_request *r, const char *digits)
{
    unsigned long version = strtoul(digits, NULL, 10);

    w->server.root_requests++;
    w->server.root_authorized += strstr(r->head, "Authorization") != NULL;
    if (version < 2 || version - 2 >= w->server.root_count)
        reply_status(w, 404, "");
    else
        reply(w, 200, "", w->root_envelope[version - 2], strlen(w->root_envelope[version - 2]));
}

static void image_headers(struct world *w, char *out, size_t cap, const char *hex, unsigned long first)
{
    struct world_server *s = &w->server;
    int n = 0;

    out[0] = '\0';
    if (s->etag == NULL)
        n = snprintf(out, cap, "ETag: \"%s\"\r\n", hex);
    else if (s->etag[0] != '\0')
        n = snprintf(out, cap, "ETag: %s\r\n", s->etag);
    if (!s->no_content_range)
        snprintf(out + n, cap - (size_t)n, "Content-Range: bytes %ld-%ld/%ld\r\n",
                 (long)first + s->range_skew[0], (long)w->new_image.size - 1 + s->range_skew[1],
                 (long)w->new_image.size + s->range_skew[2]);
}

static void image(struct world *w, const struct memory_request *r, const char *hex)
{
    struct world_server *s = &w->server;
    const char *range = strstr(r->head, "\r\nRange: bytes=");
    unsigned long first = range != NULL ? strtoul(range + 15, NULL, 10) : 0;
    char headers[512];

    char plan = s->image_plan != NULL && *s->image_plan != '\0' ? *s->image_plan++ : '.';

    s->image_requests++;
    memcpy(s->blob_head, r->head, sizeof(s->blob_head));
    if (s->image_status != 0 || plan == '4') {
        reply_status(w, s->image_status != 0 ? s->image_status : 404, "");
        return;
    }
    assert_true(range == NULL || strstr(r->head, "\r\nIf-Range: ") != NULL);
    image_headers(w, headers, sizeof(headers), hex, first);
    if (range == NULL || s->ignore_range) {
        char *content_range = strstr(headers, "Content-Range");

        if (content_range != NULL)
            *content_range = '\0';
        reply(w, 200, headers, w->new_image.bytes, w->new_image.size);
    } else {
        assert_true(first < w->new_image.size);
        reply(w, 206, headers, w->new_image.bytes + first, w->new_image.size - first);
    }
    if (s->corrupt_times > 0 && first <= s->corrupt_at) {
        s->corrupt_times--;
        w->net.out[w->net.out_len - (w->new_image.size - s->corrupt_at)] ^= 1;
    }
    if ((plan == 'd' || w->net.drops > 0) && w->net.drop_after < w->net.out_len) {
        w->net.drops -= w->net.drops > 0;
        w->net.out_len = w->net.drop_after;
        w->net.cut = true;
    }
}

static void blob(struct world *w, const struct memory_request *r, const char *hex)
{
    char manifest[OTTER_DIGEST_HEX + 1];
    char new_image[OTTER_DIGEST_HEX + 1];

    otter_hex_encode(w->manifest_digest.b, OTTER_DIGEST_LEN, manifest);
    otter_hex_encode(w->new_image.digest.b, OTTER_DIGEST_LEN, new_image);
    if (strcmp(hex, manifest) == 0) {
        w->server.manifest_requests++;
        reply(w, 200, "", w->manifest_envelope, w->manifest_len);
    } else if (strcmp(hex, new_image) == 0) {
        image(w, r, hex);
    } else {
        reply_status(w, 404, "");
    }
}

void world_serve(struct memory_net *net, const struct memory_request *r)
{
    struct world *w = OTTER_CONTAINER_OF(net, struct world, net);
    struct world_server *s = &w->server;

    unsigned gate = 0;

    memcpy(s->last_head, r->head, sizeof(s->last_head));
    memcpy(s->last_body, r->body, sizeof(s->last_body));
    if (s->gate != NULL)
        gate = s->gate(w, r);
    if (gate != 0) {
        reply_status(w, gate, s->gate_headers != NULL ? s->gate_headers : "");
        return;
    }
    if (s->raw_target != NULL && strncmp(r->target, s->raw_target, strlen(s->raw_target)) == 0) {
        memcpy(w->net.out, s->raw_reply, strlen(s->raw_reply));
        w->net.out_at = 0;
        w->net.out_len = (uint32_t)strlen(s->raw_reply);
        w->net.cut = true;
        if (s->polls == 0)
            memcpy(s->poll_head, r->head, sizeof(s->poll_head));
        s->polls += strcmp(r->target, "/v1/device/poll") == 0;
        return;
    }
    if (strcmp(r->target, "/v1/device/poll") == 0)
        poll(w, r);
    else if (strcmp(r->target, "/v1/device/report") == 0)
        report(w, r);
    else if (strcmp(r->target, "/v1/device/attributes") == 0) {
        s->attributes++;
        memcpy(s->attributes_head, r->head, sizeof(s->attributes_head));
        reply_status(w, 204, "");
    } else if (strncmp(r->target, "/v1/roots/", 10) == 0)
        root(w, r, r->target + 10);
    else if (strncmp(r->target, "/v1/blobs/", 10) == 0)
        blob(w, r, r->target + 10);
    else if (strncmp(r->target, "/cdn/", 5) == 0)
        blob(w, r, r->target + 5);
    else
        fail_msg("unexpected target %s", r->target);
}
