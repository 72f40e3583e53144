/* What the front counts of itself, for /metrics. Private to server/http. */
#ifndef OTTER_HTTP_HEALTH_H
#define OTTER_HTTP_HEALTH_H

#include "http/request.h"
#include "metrics/text.h"
#include "policy/admit.h"

/* What kind of thing was asked for: the label `route`. */
enum http_class {
    HTTP_CLASS_POLL,
    HTTP_CLASS_REPORT,
    HTTP_CLASS_ATTRIBUTES,
    HTTP_CLASS_BLOB,
    HTTP_CLASS_ROOT,
    HTTP_CLASS_API,
    HTTP_CLASS_HEALTH, /* /healthz, /readyz, /metrics */
    HTTP_CLASS_NONE,   /* no such path or method */
    HTTP_CLASS_COUNT
};

#define HTTP_NUMBERS 27u /* statuses that are told apart, and all others */

struct http_daemon;
struct http_loop;

enum http_counter {
    HTTP_COUNT_CONNECTED,    /* connections taken in */
    HTTP_COUNT_DISCONNECTED, /* and ended */
    HTTP_COUNT_FULL,         /* a listener of a loop took in the last one that it may have */
    HTTP_COUNT_BROKEN,       /* requests whose answer did not go out whole */
    HTTP_COUNT_HANDSHAKES,   /* of TLS, whole ones */
    HTTP_COUNT_RESUMED,      /* and those of a session that was there */
    HTTP_COUNT_UNAGREED,     /* and those that were broken off */
    HTTP_COUNT_BLOBS,        /* answers of blobs that began */
    HTTP_COUNT_BLOBS_SENT,   /* and ended */
    HTTP_COUNT_FILES,        /* of blobs, opened */
    HTTP_COUNT_FILES_CLOSED, /* and closed */
    HTTP_COUNT_WRONG,        /* tokens that are no operator's */
    HTTP_COUNT_LOCKED,       /* requests refused unread, from an address that sent too many */
    HTTP_COUNT_OVER_DEVICE,  /* requests refused, of a device that asks too often */
    HTTP_COUNT_OVER_ADDRESS, /* the like of an address */
    HTTP_COUNT_SHED,         /* by what was asked (policy/admit.h) */
    HTTP_COUNT_EVICTED = HTTP_COUNT_SHED + POLICY_ASKED_COUNT, /* by place */
    HTTP_COUNT_BYTES = HTTP_COUNT_EVICTED + HTTP_PLACES,       /* by class */
    HTTP_COUNT_REQUESTS = HTTP_COUNT_BYTES + HTTP_CLASS_COUNT, /* by class and number */
    HTTP_COUNTERS = HTTP_COUNT_REQUESTS + HTTP_CLASS_COUNT * HTTP_NUMBERS
};

/* Pure. route NULL: none. */
enum http_class http_class_of(const struct http_route *route);
const char *http_class_name(enum http_class class);

/* A connection of the daemon began, or ended. Its loop's thread. */
void http_count_connection(struct http_daemon *d, bool began);
/* Something was put off, or a connection closed, for want of room. */
void http_count_shed(struct http_daemon *d, enum policy_asked asked);
void http_count_evicted(struct http_daemon *d, enum http_place place);
/* A handshake came to its end: one of the three counters of TLS. */
void http_count_handshake(struct http_daemon *d, enum http_counter how);
/* A wrong token, or a request of who sent too many: one of the two counters of operators. */
void http_count_wrong(struct http_loop *loop, enum http_counter how);
/* One too many of a device, or of an address: one of the two counters of rates. */
void http_count_over(struct http_loop *loop, enum http_counter which);
/* A request is over; whole: its answer went out to the end. */
void http_count_request(const struct http_request *r, bool whole);
/* The front's families. */
void http_metrics_put(const struct http_loop *loop, struct metrics_text *t);

#endif
