/* The other end of the network in memory: a server as far as one device sees it, with real signatures. */
#include "device.h"

#include "core/bytes.h"
#include "host/jws.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ATTEMPT 111u
#define OFFERS  1024u

/* Offers by their payload: the same one is not signed again. */
static struct offer {
    char payload[OTTER_PAYLOAD_MAX + 1];
    char envelope[OTTER_ENVELOPE_MAX + 1];
    int len;
} * offers[OFFERS];

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "sim: server: %s\n", what);
    abort();
}

static const struct offer *sign_offer(const struct sim_material *m, const char *payload)
{
    size_t len = strlen(payload);
    struct offer **place = &offers[otter_crc32(0, payload, len) % OFFERS];

    if (*place == NULL)
        *place = calloc(1, sizeof(**place));
    must(*place != NULL, "no memory");
    if (strcmp((*place)->payload, payload) != 0) {
        memcpy((*place)->payload, payload, len + 1);
        (*place)->len =
            host_jws_sign_to(m->offer_key, payload, len, (*place)->envelope, sizeof((*place)->envelope));
        must((*place)->len > 0, "an offer");
    }
    return *place;
}

static void make_offer(const struct sim_device *d, struct otter_offer *offer)
{
    const struct sim_release *r = d->wish.offered == SIM_NOTHING ? NULL : &d->m->release[d->wish.offered];

    memset(offer, 0, sizeof(*offer));
    memcpy(offer->device, d->m->factory.device, sizeof(offer->device));
    memcpy(offer->nonce, d->server.nonce, sizeof(offer->nonce));
    offer->issued = 2000000;
    offer->empty = r == NULL || d->server.attempt_over ||
                   memcmp(d->server.running.sha256.b, r->digest.b, OTTER_DIGEST_LEN) == 0;
    if (offer->empty)
        return;
    offer->deadline = offer->issued + 30 * 86400;
    offer->attempt = ATTEMPT;
    offer->manifest.sha256 = r->manifest_digest;
    offer->manifest.size = r->manifest_len;
    offer->slot = r->slot;
    offer->image.sha256 = r->digest;
    offer->image.size = r->size;
}

static unsigned newest_root(const struct sim_device *d)
{
    unsigned n = 0;

    while (n < SIM_ROOTS_MAX && d->m->roots[d->wish.roots][n] != NULL)
        n++;
    return n + 1;
}

static bool is_silent(const struct sim_device *d)
{
    return d->wish.fate == SIM_NO_SERVER && d->client.on_trial;
}

static void poll(struct sim_device *d, const struct memory_request *r)
{
    struct otter_poll poll;
    struct otter_offer offer;
    char payload[OTTER_PAYLOAD_MAX + 1];
    char headers[64];
    const struct offer *made;

    must(otter_poll_decode(r->body, r->body_len, &poll, NULL) == OTTER_OK, "a poll that is none");
    if (is_silent(d)) {
        memory_net_reply(&d->net, 503, "", "", 0);
        return;
    }
    d->server.running = poll.running;
    memcpy(d->server.nonce, poll.nonce, sizeof(poll.nonce));
    make_offer(d, &offer);
    must(otter_offer_encode(&offer, payload, sizeof(payload)) == OTTER_OK, "an offer that is none");
    made = sign_offer(d->m, payload);
    d->judge.answered = true;
    sim_judge_licence(d);
    snprintf(headers, sizeof(headers), "Retry-After: 3600\r\nOtter-Root: %u\r\n", newest_root(d));
    memory_net_reply(&d->net, 200, headers, made->envelope, (size_t)made->len);
}

static void report(struct sim_device *d, const struct memory_request *r)
{
    static const char go_on[] = "{\"continue\":true}";
    char device[OTTER_NAME_BUF];
    struct otter_running running;
    struct otter_report said;

    must(otter_report_decode(r->body, r->body_len, device, &running, &said, NULL) == OTTER_OK,
         "a report that is none");
    if (is_silent(d)) {
        memory_net_reply(&d->net, 503, "", "", 0);
        return;
    }
    d->server.told[said.state] = true;
    if (said.attempt == ATTEMPT && otter_update_finished(said.state))
        d->server.attempt_over = true;
    memory_net_reply(&d->net, 200, "", go_on, sizeof(go_on) - 1);
}

static void root(struct sim_device *d, const char *digits)
{
    unsigned long version = strtoul(digits, NULL, 10);
    const char *envelope =
        version >= 2 && version - 2 < SIM_ROOTS_MAX ? d->m->roots[d->wish.roots][version - 2] : NULL;

    if (envelope == NULL)
        memory_net_reply(&d->net, 404, "", "", 0);
    else
        memory_net_reply(&d->net, 200, "", envelope, strlen(envelope));
}

static void image(struct sim_device *d, const struct sim_release *r, const char *hex, const char *head)
{
    const char *range = strstr(head, "\r\nRange: bytes=");
    unsigned long first = range != NULL ? strtoul(range + 15, NULL, 10) : 0;
    char headers[256];
    int n = snprintf(headers, sizeof(headers), "ETag: \"%s\"\r\n", hex);

    must(first < r->size, "a range behind the end");
    if (range != NULL)
        snprintf(headers + n, sizeof(headers) - (size_t)n, "Content-Range: bytes %lu-%lu/%lu\r\n", first,
                 (unsigned long)r->size - 1, (unsigned long)r->size);
    memory_net_reply(&d->net, range != NULL ? 206 : 200, headers, r->bytes + first, r->size - first);
}

static void blob(struct sim_device *d, const struct memory_request *r, const char *hex)
{
    const struct sim_release *release = &d->m->release[d->wish.offered];
    char of_image[OTTER_DIGEST_HEX + 1], of_manifest[OTTER_DIGEST_HEX + 1];

    otter_hex_encode(release->digest.b, OTTER_DIGEST_LEN, of_image);
    otter_hex_encode(release->manifest_digest.b, OTTER_DIGEST_LEN, of_manifest);
    if (strcmp(hex, of_manifest) == 0)
        memory_net_reply(&d->net, 200, "", release->manifest, release->manifest_len);
    else if (strcmp(hex, of_image) == 0)
        image(d, release, hex, r->head);
    else
        must(false, "a blob that nobody offered");
}

void sim_server_serve(struct memory_net *net, const struct memory_request *r)
{
    struct sim_device *d = OTTER_CONTAINER_OF(net, struct sim_device, net);

    if (strcmp(r->target, "/v1/device/poll") == 0)
        poll(d, r);
    else if (strcmp(r->target, "/v1/device/report") == 0)
        report(d, r);
    else if (strncmp(r->target, "/v1/roots/", 10) == 0)
        root(d, r->target + 10);
    else if (strncmp(r->target, "/v1/blobs/", 10) == 0)
        blob(d, r, r->target + 10);
    else
        must(false, "an unknown target");
}
