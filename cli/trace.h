/*
 * --trace FILE, else OTTER_TRACE: each exchange with the API is appended as one JSON line, for people who
 * look into a server's answers and for the tests, which hold them against docs/openapi.yaml.
 *
 *   {"time":T, "method":"POST", "path":"/api/v1/devices?dry_run=1", "request_headers":{..}, "request":JSON,
 *    "request_bytes":N, "status":201, "headers":{..}, "response":JSON, "response_bytes":N}
 *
 * A body that is no JSON is a string, or null where it is no UTF-8, longer than 1 MiB, or a file's piece; an
 * exchange without a reply has status 0 and "error". Tokens are never written: not the operator's (only
 * headers that are named in trace.c are), nor a device's (members "secret" and "token" of bodies are
 * "(secret)").
 */
#ifndef OTTER_CLI_TRACE_H
#define OTTER_CLI_TRACE_H

#include "host/http.h"

struct cli_trace {
    const char *path; /* as given, for messages; NULL: nothing is traced */
    int fd;
    bool broken; /* a write failed, and was told once */
};

#define CLI_TRACE_NONE ((struct cli_trace){.fd = -1})

/* path NULL or "": nothing will be traced. Makes the file, if need be, readable by its owner alone. */
bool cli_trace_open(const char *path, struct cli_trace *ret, struct host_error *err);
void cli_trace_close(struct cli_trace *trace);

/* The line; reply NULL: none came, `why` says it. False, once, if it could not be written. */
bool cli_trace_exchange(struct cli_trace *trace, const struct host_http_request *request,
                        const struct host_http_response *reply, const char *why, struct host_error *err);

#endif
