#include "http/responses.h"

#include "core/bytes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static unsigned top_bit(unsigned n)
{
    unsigned bit = 0;

    while (n >>= 1)
        bit++;
    return bit;
}

unsigned http_wait_round(unsigned seconds)
{
    unsigned bit = top_bit(seconds);

    return bit <= 5 ? seconds : seconds & ~0u << (bit - 5);
}

/* The five bits behind the leading one, and whether its place is odd: neighbours in time never share a slot.
 */
unsigned http_wait_slot(unsigned rounded)
{
    unsigned bit = top_bit(rounded);

    if (bit < 5)
        return rounded;
    return (bit & 1u) << 5 | (rounded >> (bit - 5) & 31u);
}

static void let_go(struct MHD_Response *response)
{
    if (response)
        MHD_destroy_response(response);
}

bool http_header_number(struct MHD_Response *response, const char *name, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRIu64, value);
    return MHD_add_response_header(response, name, text) == MHD_YES;
}

static struct MHD_Response *constant(const char *text)
{
    /* MHD_RESPMEM_PERSISTENT only reads */
    return MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);
}

/* The locale is "C": nobody sets another. */
void http_date_format(int64_t when, char out[HTTP_DATE_STR])
{
    time_t t = (time_t)when;
    struct tm tm = {.tm_mday = 1};

    (void)gmtime_r(&t, &tm);
    if (strftime(out, HTTP_DATE_STR, "%a, %d %b %Y %H:%M:%S GMT", &tm) == 0)
        out[0] = '\0';
}

bool http_responses_date(struct http_responses *all, struct MHD_Response *response, int64_t now)
{
    if (all->date_of != now || all->date[0] == '\0')
        http_date_format(now, all->date);
    all->date_of = now;
    return MHD_add_response_header(response, MHD_HTTP_HEADER_DATE, all->date) == MHD_YES;
}

struct MHD_Response *http_responses_wait(struct http_responses *all, unsigned seconds, uint64_t root,
                                         int64_t now)
{
    unsigned rounded = http_wait_round(seconds);
    unsigned slot = http_wait_slot(rounded);
    struct MHD_Response *response = all->wait[slot].response;

    if (response && all->wait[slot].seconds == rounded && all->wait[slot].root == root &&
        all->wait[slot].made == now)
        return response;
    if (response)
        MHD_destroy_response(response); /* those still being sent hold their own reference */
    response = constant("");
    all->wait[slot].response = response;
    all->wait[slot].seconds = rounded;
    all->wait[slot].root = root;
    all->wait[slot].made = now;
    if (response) {
        (void)http_header_number(response, MHD_HTTP_HEADER_RETRY_AFTER, rounded);
        (void)http_header_number(response, "Otter-Root", root);
        (void)http_responses_date(all, response, now);
    }
    return response;
}

struct MHD_Response *http_problem_response(const struct http_problem *problem, unsigned http)
{
    size_t len = 0;
    char *body = http_problem_body(problem, http, &len);
    struct MHD_Response *response;

    if (!body)
        return NULL;
    response = MHD_create_response_from_buffer(len, body, MHD_RESPMEM_MUST_FREE);
    if (!response) {
        free(body);
        return NULL;
    }
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, HTTP_PROBLEM_TYPE);
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (http == MHD_HTTP_UNAUTHORIZED)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer realm=\"otter\"");
    return response;
}

/* Within a kind http_status_of() gives a status one number. */
static unsigned route_kind(const struct http_route *route)
{
    if (!route || route->auth != HTTP_AUTH_OPERATOR)
        return 0;
    return route->body == HTTP_BODY_ENVELOPE ? 2 : 1;
}

struct MHD_Response *http_responses_refusal(struct http_responses *all, enum otter_status status,
                                            const struct http_route *route)
{
    unsigned kind = route_kind(route);
    struct http_problem problem = {.status = status};

    if ((unsigned)status >= OTTER_STATUS_COUNT)
        problem.status = status = OTTER_INTERNAL;
    if (!all->refusal[kind][status])
        all->refusal[kind][status] = http_problem_response(&problem, http_status_of(status, route));
    return all->refusal[kind][status];
}

static struct MHD_Response *later(struct http_later all[HTTP_LATERS], enum otter_status status,
                                  unsigned seconds)
{
    const struct http_problem problem = {.status = status};
    struct http_later *it = &all[seconds % HTTP_LATERS];

    if (it->response && it->seconds == seconds)
        return it->response;
    let_go(it->response); /* those still being sent hold their own reference */
    it->seconds = seconds;
    it->response = http_problem_response(&problem, http_status_of(status, NULL));
    if (it->response)
        (void)http_header_number(it->response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
    return it->response;
}

struct MHD_Response *http_responses_busy(struct http_responses *all, unsigned seconds)
{
    return later(all->busy, OTTER_TOO_BUSY, seconds);
}

struct MHD_Response *http_responses_too_many(struct http_responses *all, unsigned seconds)
{
    return later(all->too_many, OTTER_TOO_MANY_REQUESTS, seconds);
}

struct MHD_Response *http_responses_go_on(struct http_responses *all, bool go_on)
{
    struct MHD_Response **place = &all->go_on[go_on];

    if (!*place) {
        *place = constant(go_on ? "{\"continue\":true}" : "{\"continue\":false}");
        if (*place)
            (void)MHD_add_response_header(*place, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    }
    return *place;
}

struct MHD_Response *http_responses_empty(struct http_responses *all)
{
    if (!all->empty)
        all->empty = constant("");
    return all->empty;
}

void http_responses_free(struct http_responses *all)
{
    for (unsigned i = 0; i < HTTP_WAITS; i++)
        let_go(all->wait[i].response);
    for (unsigned i = 0; i < HTTP_LATERS; i++) {
        let_go(all->busy[i].response);
        let_go(all->too_many[i].response);
    }
    for (unsigned i = 0; i < OTTER_STATUS_COUNT; i++) {
        for (unsigned kind = 0; kind < 3; kind++)
            let_go(all->refusal[kind][i]);
    }
    let_go(all->go_on[0]);
    let_go(all->go_on[1]);
    let_go(all->empty);
    *all = (struct http_responses){.empty = NULL};
}
