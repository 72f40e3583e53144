/*
 * One thread for what would hold up a loop: the digest and fsync of a whole upload. Jobs run in the order of
 * their posting. Private to server/http.
 */
#ifndef OTTER_HTTP_WORKER_H
#define OTTER_HTTP_WORKER_H

#include "host/error.h"

struct http_worker;

struct http_job {
    void (*run)(struct http_job *self);
    struct http_job *next; /* private to the worker */
};

struct http_worker *http_worker_new(struct host_error *err);
/* Any thread. The job belongs to its poster again once run() was called. */
void http_worker_post(struct http_worker *worker, struct http_job *job);
/* Runs what was posted, then ends the thread. NULL is nothing to do. */
void http_worker_free(struct http_worker *worker);

#endif
