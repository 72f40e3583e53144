/*
 * Responses made once and sent often: one loop's own, so that no lock is shared between loops. Private to
 * server/http.
 */
#ifndef OTTER_HTTP_RESPONSES_H
#define OTTER_HTTP_RESPONSES_H

#include "http/problem.h"
#include "policy/admit.h"

#include <microhttpd.h>

#define HTTP_WAITS 64u
/* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7) */
#define HTTP_DATE_STR 30u
#define HTTP_LATERS   (POLICY_DEFER_MAX_S - POLICY_DEFER_MIN_S + 1u)

/* A refusal with Retry-After, by the seconds. */
struct http_later {
    struct MHD_Response *response;
    unsigned seconds;
};

struct http_responses {
    struct {
        struct MHD_Response *response;
        unsigned seconds;
        uint64_t root;
        int64_t made;
    } wait[HTTP_WAITS];
    int64_t date_of;
    char date[HTTP_DATE_STR]; /* of date_of */
    struct http_later busy[HTTP_LATERS], too_many[HTTP_LATERS];
    struct MHD_Response *refusal[3][OTTER_STATUS_COUNT]; /* a status' number depends on the kind of route */
    struct MHD_Response *go_on[2];                       /* {"continue":false}, {"continue":true} */
    struct MHD_Response *empty;
};

/* Each is borrowed: queue it, do not destroy it. NULL when out of memory. */

/*
 * 204 with Retry-After, Otter-Root and Date. Seconds are rounded down to six significant bits, so that 64
 * responses serve every interval and its jitter; each is made anew once in a second at most, for its Date.
 */
struct MHD_Response *http_responses_wait(struct http_responses *all, unsigned seconds, uint64_t root,
                                         int64_t now);
/* The header Date for a response that is made now: written once a second, not once a reply as libmicrohttpd
 * does. */
bool http_responses_date(struct http_responses *all, struct MHD_Response *response, int64_t now);
/* 503 with Retry-After: what is put off. */
struct MHD_Response *http_responses_busy(struct http_responses *all, unsigned seconds);
/* 429 with Retry-After: one device or address asks too often. */
struct MHD_Response *http_responses_too_many(struct http_responses *all, unsigned seconds);
/* problem+json without detail; the WWW-Authenticate of 401 is in it. */
struct MHD_Response *http_responses_refusal(struct http_responses *all, enum otter_status status,
                                            const struct http_route *route);
struct MHD_Response *http_responses_go_on(struct http_responses *all, bool go_on);
struct MHD_Response *http_responses_empty(struct http_responses *all);
void http_responses_free(struct http_responses *all);

/* Pure: what http_responses_wait() does to the seconds, and which of the 64 it takes. */
unsigned http_wait_round(unsigned seconds);
unsigned http_wait_slot(unsigned rounded);

/* Pure: a Date's text. */
void http_date_format(int64_t when, char out[HTTP_DATE_STR]);

/* A problem's body with its headers; the caller's. */
struct MHD_Response *http_problem_response(const struct http_problem *problem, unsigned http);

/* Adds a number as a header. */
bool http_header_number(struct MHD_Response *response, const char *name, uint64_t value);

#endif
