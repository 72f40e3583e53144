/* From lib/core's statuses to HTTP: the number, and the problem+json body (RFC 9457). Pure. */
#ifndef OTTER_HTTP_PROBLEM_H
#define OTTER_HTTP_PROBLEM_H

#include "http/route.h"

#define HTTP_PROBLEM_TYPE "application/problem+json"

struct http_problem {
    enum otter_status status;
    unsigned http;      /* the number; 0 = http_status_of() */
    const char *detail; /* what, where, what next; NULL or "": what the status itself suggests */
    bool has_at;
    uint64_t at; /* offset in the body */
};

/* The status line's number; route may be NULL (none was found). 200 for OTTER_OK. */
unsigned http_status_of(enum otter_status status, const struct http_route *route);

/* The body, malloc'ed; NULL when out of memory. */
char *http_problem_body(const struct http_problem *problem, unsigned http, size_t *ret_len);

#endif
