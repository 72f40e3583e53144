/* A server of scripted replies on a loopback port: what it is asked is recorded, in order. */
#ifndef OTTER_TESTS_CLI_STUB_H
#define OTTER_TESTS_CLI_STUB_H

#include <stddef.h>

struct stub_reply {
    const char *expect; /* the request line begins so: "GET /api/v1/roots" */
    const char *reply;  /* "200 OK\r\nHeader: x\r\n" or so, without body and Content-Length; NULL: hangs up */
    const char *body;   /* NULL = none */
};

struct stub;

/* Serves the replies (NULL-ended by expect), a connection a request, then answers 500. */
struct stub *stub_start(const struct stub_reply *replies);

/* http://127.0.0.1:PORT */
const char *stub_url(const struct stub *stub);

/* The i-th request, head and body, as text; NULL if there were fewer. */
const char *stub_request(const struct stub *stub, size_t i);

/* How many requests were not as expected. */
size_t stub_surprises(const struct stub *stub);

void stub_stop(struct stub *stub);

#endif
