/*
 * One request, from libmicrohttpd's first call of the handler to its completion, on one loop's thread.
 * Private to server/http.
 *
 *   RECEIVING --body whole--> (service answers from memory) --> ANSWERED
 *       |                 \-> WAITING (connection suspended) --done, in a service's thread--> ANSWERED
 *       \--refused--> DISCARDING --rest of the body read--> ANSWERED with the refusal
 */
#ifndef OTTER_HTTP_REQUEST_H
#define OTTER_HTTP_REQUEST_H

#include "http/crowd.h"
#include "http/headers.h"
#include "http/route.h"

#include <microhttpd.h>
#include <stdatomic.h>

struct http_daemon;
struct http_listener;
struct http_loop;
struct http_upload;

/* Polls, reports and signed envelopes fit here; only the operators' larger JSON is allocated. */
#define HTTP_INLINE_BODY 4608u

enum http_phase {
    HTTP_RECEIVING,
    HTTP_DISCARDING, /* refused; the body is read so that the connection lives on */
    HTTP_WAITING,    /* the connection is suspended and a service has the call */
    HTTP_ANSWERED    /* call.out, or `refusal`, is the answer */
};

struct http_request {
    struct svc_call call;
    struct http_loop *loop;
    struct http_daemon *daemon;
    struct MHD_Connection *connection;
    struct http_seat *seat;         /* the connection's; NULL: there was no memory for one */
    enum http_place place;          /* where it put that */
    const struct http_route *route; /* NULL: none matches */
    struct http_credentials credentials;
    /* Headers that framing.c met on its way, each the first of its name; NULL: absent. */
    const char *authorization, *content_length, *content_type;
    const char *url; /* path, decoded; libmicrohttpd's, for the life of the request */
    const struct http_listener *listener;
    bool proofs_only; /* devices' tokens travelled readable */
    enum http_phase phase;
    bool is_head;
    bool unread;                 /* answered before its body was read */
    bool asked;                  /* call was given to the services */
    bool sends_blob, holds_file; /* the latter: of a blob that is not mapped, until it is sent */

    /* A refusal that the front itself found; OTTER_OK: none. Detail and place are in call.out.error and .at.
     */
    enum otter_status refusal;
    unsigned refusal_http; /* the number, where the status alone does not say it (415); else 0 */
    unsigned allow;        /* of a 405 */

    char id[OTTER_DIGEST_HEX + 1]; /* of the path */
    char device[OTTER_NAME_BUF];   /* of body, header or query */
    uint32_t number;               /* of the device that has proved to be one; 0: none has */
    const char *certified;         /* the device by its certificate; NULL: it has shown none */
    char who[OTTER_NAME_BUF];      /* behind the token; "": none */
    struct svc_asker *asker;       /* the like, with what that one may; NULL: no operator */
    char client[HTTP_IP_STR];      /* of who asks to be taken as a device */
    struct otter_digest digest;    /* of the path */

    char *body; /* inline_body, or malloc'ed */
    size_t body_len, body_cap;
    uint64_t discarded;
    struct http_upload *upload; /* of a PATCH */

    struct http_request *next; /* free list, or the loop's list of calls that are done */
    uint64_t started_us;       /* 0: requests are not logged */
    unsigned http;             /* the number answered, for log and counters; 0: not yet */
    uint64_t sent;             /* bytes of the answer's body, problems aside */
    char inline_body[HTTP_INLINE_BODY];
};

/* libmicrohttpd's callbacks; cls is a struct http_daemon. */
enum MHD_Result http_request_handle(void *cls, struct MHD_Connection *connection, const char *url,
                                    const char *method, const char *version, const char *upload_data,
                                    size_t *upload_data_size, void **req_cls);
void http_request_completed(void *cls, struct MHD_Connection *connection, void **req_cls,
                            enum MHD_RequestTerminationCode toe);

/* The request was refused: by a status, with the reason for people (fmt NULL: the status' meaning is enough).
 */
void http_refuse(struct http_request *r, enum otter_status status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The like for what stands beside the body: 400, also where a refused body would be 422. */
void http_refuse_request(struct http_request *r, enum otter_status status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * The parts, in the order in which a request passes them. Each leaves r->refusal set where it refuses.
 */

/* A request header; NULL: absent. Valid until the request is completed. */
const char *http_header(const struct http_request *r, const char *name);

/*
 * framing.c: false, and refused, if it is not certain where the request ends, or that the reply has room; the
 * connection must be closed then. Each header is looked at here once; those that most requests are asked for
 * are remembered. And the path of a request line, which may name the server, too (RFC
 * 9112, 3.2.2).
 */
bool http_framing_holds(struct http_request *r, const char *version);
const char *http_origin_form(const char *url);

/* A parameter of the query; NULL: absent, or empty. Valid until the request is completed. */
const char *http_query(const struct http_request *r, const char *name);

/*
 * query.c: the parameters, and that there is no other. The unescaper is for libmicrohttpd: what holds an
 * escaped NUL stays as it was sent, since it would end the text, and nothing that we serve is named so.
 */
void http_query_take(struct http_request *r);
size_t http_unescape(void *cls, struct MHD_Connection *connection, char *text);

/* client.c: who asks, as an address; of a web server in front, what it says. "" if unknown, "unix" for a unix
 * socket. */
#define HTTP_CLIENT_STR HTTP_IP_STR
void http_peer_of(struct MHD_Connection *connection, char out[HTTP_CLIENT_STR]);
void http_client_of(const struct http_request *r, char out[HTTP_CLIENT_STR]);
/* Says a web server in front that the request came to it without TLS? */
bool http_came_plain(const struct http_request *r);

/* input.c: path, query and headers; then, when the body is whole, its decoding into call.in. */
void http_input_head(struct http_request *r, const struct http_match *match);
void http_input_body(struct http_request *r);

/*
 * certificate.c: the client certificate of who asks a route of devices: r->certified. Refuses one that does
 * not count; and, once the request's device is known, one of another device.
 */
enum otter_status http_certificate_head(struct http_request *r);
enum otter_status http_certificate_body(struct http_request *r);

/* access.c: who asks. Before the body (what headers show), and after it (a device is named in its body). */
void http_access_head(struct http_request *r);
void http_access_body(struct http_request *r);

/* upload.c: a PATCH as it streams. */
void http_upload_begin(struct http_request *r, bool has_length, uint64_t length);
void http_upload_data(struct http_request *r, const char *data, size_t len);
/* The body is whole. True: answered. False: the request waits for the last check, on another thread. */
bool http_upload_end(struct http_request *r);
/* Whatever was received stays in the upload; frees the request's part. */
void http_upload_drop(struct http_request *r);
/* Bytes of a refused body that are worth reading, so that the operator sees why: what was announced. */
uint64_t http_upload_patience(const struct http_request *r);

/* reply.c: queues the answer. */
enum MHD_Result http_reply(struct http_request *r);
/* blob.c: the like for GET and HEAD of a blob. */
enum MHD_Result http_reply_blob(struct http_request *r);
/* health.c: the like for /healthz, /readyz and /metrics. */
enum MHD_Result http_reply_alive(struct http_request *r);
enum MHD_Result http_reply_ready(struct http_request *r);
enum MHD_Result http_reply_metrics(struct http_request *r);
/* Hands malloc'ed bytes (NULL: out of memory) over to a response; cache NULL: no Cache-Control. */
struct MHD_Response *http_reply_body(struct http_request *r, char *body, size_t len, const char *type,
                                     const char *cache);
/* Queues and lets go of a response; NULL (out of memory) closes the connection. */
enum MHD_Result http_reply_queue(struct http_request *r, unsigned http, struct MHD_Response *response);
enum MHD_Result http_reply_refusal(struct http_request *r);

#endif
