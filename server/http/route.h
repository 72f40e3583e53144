/*
 * The routes of otterd, one table: what may be asked, by whom, with which body, and which service answers.
 * Pure: no HTTP library, no allocation. docs/openapi.yaml describes the same rows.
 */
#ifndef OTTER_HTTP_ROUTE_H
#define OTTER_HTTP_ROUTE_H

#include "service/service.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum http_method {
    HTTP_GET, /* HEAD, too, wherever GET is allowed */
    HTTP_POST,
    HTTP_PUT,
    HTTP_PATCH,
    HTTP_DELETE,
    HTTP_HEAD, /* rows of its own only where there is no GET */
    HTTP_METHOD_COUNT
};

enum http_auth {
    HTTP_AUTH_PUBLIC,
    HTTP_AUTH_DEVICE,    /* the device that the request names */
    HTTP_AUTH_FLEET_KEY, /* who has a fleet key of the product that the request names */
    HTTP_AUTH_BLOB,      /* any device or operator, or everyone if blobs are public */
    HTTP_AUTH_OPERATOR,
    HTTP_AUTH_METRICS /* an operator, or everyone if metrics are public */
};

/* Which listeners offer a route (a bit set). */
enum http_serves { HTTP_SERVES_DEVICES = 1, HTTP_SERVES_OPERATORS = 2, HTTP_SERVES_ALL = 3 };

/* How the body becomes the call's input. */
enum http_body {
    HTTP_BODY_NONE,
    HTTP_BODY_POLL,     /* lib/core/wire.h */
    HTTP_BODY_REPORT,   /* lib/core/wire.h */
    HTTP_BODY_TOKEN,    /* lib/core/token.h: in.token */
    HTTP_BODY_JSON,     /* one JSON text: in.json */
    HTTP_BODY_UPLOAD,   /* JSON {sha256, size}: in.digest, in.number */
    HTTP_BODY_ENVELOPE, /* exact bytes: in.body */
    HTTP_BODY_STREAM    /* handed on as it arrives */
};

/* What `{..}` in the path holds; anything else in its place is "no such object". */
enum http_param {
    HTTP_PARAM_NONE,
    HTTP_PARAM_NUMBER, /* decimal, below 2^53: in.number */
    HTTP_PARAM_DIGEST, /* 64 lower-case hex: in.id and in.digest */
    HTTP_PARAM_NAME    /* [A-Za-z0-9._:-]{1,64}: in.id */
};

/* Who answers, and how the answer looks. */
enum http_reply {
    HTTP_REPLY_JSON,     /* out.json; 201 if out.created */
    HTTP_REPLY_POLL,     /* out.body or 204, Retry-After, Otter-Root */
    HTTP_REPLY_REPORT,   /* {"continue":..} */
    HTTP_REPLY_EMPTY,    /* 204 */
    HTTP_REPLY_TAKEN,    /* 204 and Otter-Taken */
    HTTP_REPLY_ENVELOPE, /* out.body as application/jose+json */
    HTTP_REPLY_SIGNED,   /* the like for one that is another each time */
    HTTP_REPLY_LINES,    /* out.body as application/jsonl */
    HTTP_REPLY_UPLOAD,   /* 201 with Location, or 200 {held:true} */
    HTTP_REPLY_METRICS,  /* out.body and the front's own counters, as text */
    /* these are not svc_calls */
    HTTP_REPLY_ALIVE,
    HTTP_REPLY_READY,
    HTTP_REPLY_BLOB,
    HTTP_REPLY_UPLOAD_STAT,
    HTTP_REPLY_UPLOAD_APPEND
};

/* Query parameters and headers that a route reads. */
enum http_takes {
    HTTP_TAKES_PAGE = 1,
    HTTP_TAKES_DRY_RUN = 2,
    HTTP_TAKES_IDEMPOTENCY = 4,
    HTTP_TAKES_SUMMARY = 8,
    HTTP_TAKES_EXPLAIN = 16,
    HTTP_TAKES_WAITING = 32,
    HTTP_TAKES_PHASE = 64
};

struct http_route {
    enum http_method method;
    const char *pattern;
    enum http_serves serves;
    enum http_auth auth;
    enum http_param param;
    enum http_body body;
    uint32_t max_body;
    unsigned takes; /* enum http_takes */
    enum svc_op op;
    enum http_reply reply;
    const char *fixed_id; /* in.id of rows that differ in one word of the path; else NULL */
};

extern const struct http_route http_routes[];
extern const size_t http_route_count;

struct http_match {
    const struct http_route *route; /* NULL: see allow */
    const char *param;              /* inside the path given; not NUL-terminated */
    size_t param_len;
    unsigned allow; /* bit set of 1 << enum http_method for the path; 0: no such path */
};

/* False for a method that no route knows. */
bool http_method_find(const char *name, enum http_method *ret);
const char *http_method_name(enum http_method method);

/*
 * Finds the row for a method name and a path (query removed, unescaped) among those that a listener serves.
 * ret->route NULL: 404 if ret->allow is 0, else 405. HEAD finds GET rows.
 */
void http_route_find(const char *method, const char *path, enum http_serves serves, struct http_match *ret);

/* Are these the first bytes of a request for a path that devices ask for? */
bool http_begins_for_device(const char *bytes, size_t len);

/* "GET, HEAD, POST" for the Allow header; cap of 40 always fits. */
void http_allow_format(unsigned allow, char *out, size_t cap);

#endif
