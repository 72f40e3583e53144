/* Who asks too often: rates.h by device and by address, and 429 with Retry-After. Private to server/http. */
#ifndef OTTER_HTTP_RATION_H
#define OTTER_HTTP_RATION_H

#include "http/request.h"

/* Any request, before it is known who asks. False: refused. */
bool http_ration_address(struct http_request *r);
/* A request of r->number, which has proved to be a device. OK, or TOO_MANY_REQUESTS. */
enum otter_status http_ration_device(struct http_request *r);

#endif
