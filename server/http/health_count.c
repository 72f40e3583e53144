/* Counting requests, and the front's part of /metrics. */
#include "http/health.h"

#include "core/bytes.h"
#include "http/loop.h"

#include <stdio.h>

/* The common ones first. */
static const unsigned numbers[HTTP_NUMBERS - 1] = {204, 200, 206, 201, 304, 400, 401, 403, 404,
                                                   405, 408, 409, 410, 411, 413, 414, 415, 416,
                                                   422, 429, 431, 500, 501, 503, 505, 507};

static unsigned number_index(unsigned http)
{
    unsigned i = 0;

    while (i < HTTP_NUMBERS - 1 && numbers[i] != http)
        i++;
    return i;
}

enum http_class http_class_of(const struct http_route *route)
{
    if (!route)
        return HTTP_CLASS_NONE;
    switch (route->auth) {
    case HTTP_AUTH_FLEET_KEY:
    case HTTP_AUTH_DEVICE:
        return route->op == SVC_POLL     ? HTTP_CLASS_POLL
               : route->op == SVC_REPORT ? HTTP_CLASS_REPORT
                                         : HTTP_CLASS_ATTRIBUTES;
    case HTTP_AUTH_BLOB:
        return HTTP_CLASS_BLOB;
    case HTTP_AUTH_OPERATOR:
        return HTTP_CLASS_API;
    case HTTP_AUTH_METRICS:
        return HTTP_CLASS_HEALTH;
    case HTTP_AUTH_PUBLIC:
        break;
    }
    return route->op == SVC_ROOT_GET ? HTTP_CLASS_ROOT : HTTP_CLASS_HEALTH;
}

const char *http_class_name(enum http_class class)
{
    static const char *const names[HTTP_CLASS_COUNT] = {[HTTP_CLASS_POLL] = "poll",
                                                        [HTTP_CLASS_REPORT] = "report",
                                                        [HTTP_CLASS_ATTRIBUTES] = "attributes",
                                                        [HTTP_CLASS_BLOB] = "blob",
                                                        [HTTP_CLASS_ROOT] = "root",
                                                        [HTTP_CLASS_API] = "api",
                                                        [HTTP_CLASS_HEALTH] = "health",
                                                        [HTTP_CLASS_NONE] = "none"};

    return names[class];
}

void http_count_request(const struct http_request *r, bool whole)
{
    enum http_class class = http_class_of(r->route);
    struct metrics_counters *counts = r->loop->counts;

    if (!whole)
        metrics_add(counts, HTTP_COUNT_BROKEN, 1);
    if (whole && r->sent > 0)
        metrics_add(counts, HTTP_COUNT_BYTES + class, r->sent);
    if (r->http != 0)
        metrics_add(counts, HTTP_COUNT_REQUESTS + class * HTTP_NUMBERS + number_index(r->http), 1);
}

static void pressed(struct http_loop *loop)
{
    atomic_store_explicit(&loop->pressed_ms, http_loop_now(loop), memory_order_relaxed);
}

void http_count_shed(struct http_daemon *d, enum policy_asked asked)
{
    pressed(d->loop);
    metrics_add(d->loop->counts, HTTP_COUNT_SHED + asked, 1);
}

void http_count_evicted(struct http_daemon *d, enum http_place place)
{
    pressed(d->loop);
    metrics_add(d->loop->counts, HTTP_COUNT_EVICTED + place, 1);
}

void http_count_handshake(struct http_daemon *d, enum http_counter how)
{
    metrics_add(d->loop->counts, how, 1);
}

void http_count_wrong(struct http_loop *loop, enum http_counter how)
{
    metrics_add(loop->counts, how, 1);
}

void http_count_over(struct http_loop *loop, enum http_counter which)
{
    metrics_add(loop->counts, which, 1);
}

void http_count_connection(struct http_daemon *d, bool began)
{
    if (!began) {
        d->deaf_until_ms = 0; /* its descriptor is free */
        metrics_add(d->loop->counts, HTTP_COUNT_DISCONNECTED, 1);
        return;
    }
    metrics_add(d->loop->counts, HTTP_COUNT_CONNECTED, 1);
    if (d->crowd.open == d->limit)
        metrics_add(d->loop->counts, HTTP_COUNT_FULL, 1);
}

static void put_requests(const struct http_loop *loop, struct metrics_text *t)
{
    static const struct metrics_family requests = {"otter_http_requests_total", METRICS_COUNTER,
                                                   "Requests answered, by kind of route and status."};

    metrics_begin(t, &requests);
    for (unsigned c = 0; c < HTTP_CLASS_COUNT; c++) {
        for (unsigned i = 0; i < HTTP_NUMBERS; i++) {
            uint64_t n = metrics_sum(loop->counts, HTTP_COUNT_REQUESTS + c * HTTP_NUMBERS + i);
            char status[12] = "other";

            if (i < HTTP_NUMBERS - 1)
                (void)snprintf(status, sizeof status, "%u", numbers[i]);
            if (n > 0)
                metrics_uint(t, &requests,
                             (const struct metrics_label[]){{"route", http_class_name((enum http_class)c)},
                                                            {"status", status},
                                                            {NULL, NULL}},
                             n);
        }
    }
}

static void put_bytes(const struct http_loop *loop, struct metrics_text *t)
{
    static const struct metrics_family bytes = {
        "otter_http_sent_bytes_total", METRICS_COUNTER,
        "Bytes of bodies that went out whole, by kind of route; problems and TLS not counted."};

    metrics_begin(t, &bytes);
    for (unsigned c = 0; c < HTTP_CLASS_COUNT; c++)
        metrics_uint(
            t, &bytes,
            (const struct metrics_label[]){{"route", http_class_name((enum http_class)c)}, {NULL, NULL}},
            metrics_sum(loop->counts, HTTP_COUNT_BYTES + c));
}

static void put_connections(const struct http_loop *loop, struct metrics_text *t)
{
    static const struct metrics_family open = {"otter_http_connections", METRICS_GAUGE, "Connections open."};
    static const struct metrics_family max = {
        "otter_http_connections_max", METRICS_GAUGE,
        "Connections that may be open: [limits] connections, or what the "
        "limit of open files lets us have."};
    static const struct metrics_family total = {"otter_http_connections_total", METRICS_COUNTER,
                                                "Connections taken in."};
    static const struct metrics_family full = {
        "otter_http_connection_limit_reached_total", METRICS_COUNTER,
        "Times that a loop took in the last connection that it may have: others wait in the kernel's queue."};
    static const struct metrics_family broken = {
        "otter_http_requests_broken_total", METRICS_COUNTER,
        "Requests that ended before their answer had gone out whole."};
    /* What ended first: so the difference is never below what is open. */
    uint64_t ended = metrics_sum(loop->counts, HTTP_COUNT_DISCONNECTED);
    uint64_t began = metrics_sum(loop->counts, HTTP_COUNT_CONNECTED);

    metrics_one_uint(t, &open, began - ended);
    metrics_one_uint(t, &max, loop->config->connections);
    metrics_one_uint(t, &total, began);
    metrics_one_uint(t, &full, metrics_sum(loop->counts, HTTP_COUNT_FULL));
    metrics_one_uint(t, &broken, metrics_sum(loop->counts, HTTP_COUNT_BROKEN));
}

/* All of them from the start: rate() then sees the first one, too. */
static void put_pressure(const struct http_loop *loop, struct metrics_text *t)
{
    static const struct metrics_family shed = {
        "otter_shed_total", METRICS_COUNTER,
        "Requests put off with 503 and Retry-After for want of room, by what was asked."};
    static const struct metrics_family evicted = {"otter_http_evicted_total", METRICS_COUNTER,
                                                  "Connections closed to make room, by what they were at."};
    static const struct metrics_family blobs = {"otter_http_blobs", METRICS_GAUGE, "Blobs being sent."};
    static const char *const places[HTTP_PLACES] = {
        [HTTP_PLACE_IDLE] = "idle", [HTTP_PLACE_HEAD] = "head", [HTTP_PLACE_BODY] = "body"};
    uint64_t sent = metrics_sum(loop->counts, HTTP_COUNT_BLOBS_SENT);

    metrics_begin(t, &shed);
    for (unsigned i = 0; i < POLICY_ASKS_TO_ENTER; i++)
        metrics_uint(
            t, &shed,
            (const struct metrics_label[]){{"asked", policy_asked_name((enum policy_asked)i)}, {NULL, NULL}},
            metrics_sum(loop->counts, HTTP_COUNT_SHED + i));
    metrics_begin(t, &evicted);
    for (unsigned i = 0; i < HTTP_PLACES; i++)
        metrics_uint(t, &evicted, (const struct metrics_label[]){{"at", places[i]}, {NULL, NULL}},
                     metrics_sum(loop->counts, HTTP_COUNT_EVICTED + i));
    metrics_one_uint(t, &blobs, metrics_sum(loop->counts, HTTP_COUNT_BLOBS) - sent);
}

static void put_rates(const struct http_loop *loop, struct metrics_text *t)
{
    static const struct metrics_family over = {
        "otter_http_too_many_requests_total", METRICS_COUNTER,
        "Requests refused with 429 and Retry-After beyond [limits] device_rate and address_rate."};
    static const char *const of[] = {"device", "address"};

    metrics_begin(t, &over);
    for (unsigned i = 0; i < 2; i++)
        metrics_uint(t, &over, (const struct metrics_label[]){{"of", of[i]}, {NULL, NULL}},
                     metrics_sum(loop->counts, HTTP_COUNT_OVER_DEVICE + i));
}

static void put_tokens(const struct http_loop *loop, struct metrics_text *t)
{
    static const struct metrics_family wrong = {"otter_operator_tokens_wrong_total", METRICS_COUNTER,
                                                "Wrong tokens where an operator's was asked for."};
    static const struct metrics_family locked = {
        "otter_operator_locked_out_total", METRICS_COUNTER,
        "Operators' requests refused unread, since their address had sent too many wrong tokens."};

    metrics_one_uint(t, &wrong, metrics_sum(loop->counts, HTTP_COUNT_WRONG));
    metrics_one_uint(t, &locked, metrics_sum(loop->counts, HTTP_COUNT_LOCKED));
}

static void put_tls(const struct http_loop *loop, struct metrics_text *t)
{
    static const struct metrics_family handshakes = {
        "otter_tls_handshakes_total", METRICS_COUNTER,
        "Handshakes of TLS that were done; resumed ones had a ticket or an ID of a session."};
    static const struct metrics_family unagreed = {"otter_tls_handshakes_failed_total", METRICS_COUNTER,
                                                   "Handshakes that a side broke off."};
    static const struct metrics_family expiry = {"otter_certificate_expiry_timestamp_seconds", METRICS_GAUGE,
                                                 "When the certificate of [tls] cert expires."};

    if (!loop->config->tls)
        return;
    metrics_begin(t, &handshakes);
    metrics_uint(t, &handshakes, (const struct metrics_label[]){{"resumed", "no"}, {NULL, NULL}},
                 metrics_sum(loop->counts, HTTP_COUNT_HANDSHAKES));
    metrics_uint(t, &handshakes, (const struct metrics_label[]){{"resumed", "yes"}, {NULL, NULL}},
                 metrics_sum(loop->counts, HTTP_COUNT_RESUMED));
    metrics_one_uint(t, &unagreed, metrics_sum(loop->counts, HTTP_COUNT_UNAGREED));
    metrics_one_uint(t, &expiry, (uint64_t)http_tls_expires(loop->config->tls));
}

void http_metrics_put(const struct http_loop *loop, struct metrics_text *t)
{
    put_requests(loop, t);
    put_bytes(loop, t);
    put_connections(loop, t);
    put_pressure(loop, t);
    put_rates(loop, t);
    put_tokens(loop, t);
    put_tls(loop, t);
}
