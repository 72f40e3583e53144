/* What is put off with 503 when there is too much: acting upon policy/admit.h. Private to server/http. */
#ifndef OTTER_HTTP_SHED_H
#define OTTER_HTTP_SHED_H

#include "http/request.h"

/* The request's connection comes to another place (crowd.h). */
void http_shed_begins(struct http_request *r);
void http_shed_receives(struct http_request *r);
void http_shed_works(struct http_request *r);
void http_shed_ends(struct http_request *r);

/* False: it was put off, or memory has answered it; r->call.out is the answer. */
bool http_shed_call(struct http_request *r);
/* The answer of a blob, which holds its connection for long, or 503. */
enum MHD_Result http_shed_blob(struct http_request *r);

/* Retry-After of a refusal that knows no better: always the same for a device, whose id may be known or not.
 */
unsigned http_shed_wait_s(const struct http_request *r);

#endif
