#include "http/worker.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct http_worker {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct http_job *first, **last;
    bool stop;
};

/* The next job; NULL: stop, and none is left. */
static struct http_job *take(struct http_worker *worker)
{
    struct http_job *job;

    pthread_mutex_lock(&worker->lock);
    while (!worker->first && !worker->stop)
        pthread_cond_wait(&worker->more, &worker->lock);
    job = worker->first;
    if (job) {
        worker->first = job->next;
        if (!worker->first)
            worker->last = &worker->first;
    }
    pthread_mutex_unlock(&worker->lock);
    return job;
}

static void *run(void *arg)
{
    struct http_worker *worker = arg;
    struct http_job *job;

    while ((job = take(worker)))
        job->run(job);
    return NULL;
}

struct http_worker *http_worker_new(struct host_error *err)
{
    struct http_worker *worker = calloc(1, sizeof *worker);

    if (!worker) {
        (void)host_fail(err, HOST_ERROR_MEMORY, "out of memory");
        return NULL;
    }
    pthread_mutex_init(&worker->lock, NULL);
    pthread_cond_init(&worker->more, NULL);
    worker->last = &worker->first;
    errno = pthread_create(&worker->thread, NULL, run, worker);
    if (errno != 0) {
        (void)host_fail_errno(err, HOST_ERROR_INTERNAL, "cannot start a thread");
        pthread_cond_destroy(&worker->more);
        pthread_mutex_destroy(&worker->lock);
        free(worker);
        return NULL;
    }
    return worker;
}

void http_worker_post(struct http_worker *worker, struct http_job *job)
{
    job->next = NULL;
    pthread_mutex_lock(&worker->lock);
    *worker->last = job;
    worker->last = &job->next;
    pthread_cond_signal(&worker->more);
    pthread_mutex_unlock(&worker->lock);
}

void http_worker_free(struct http_worker *worker)
{
    if (!worker)
        return;
    pthread_mutex_lock(&worker->lock);
    worker->stop = true;
    pthread_cond_signal(&worker->more);
    pthread_mutex_unlock(&worker->lock);
    pthread_join(worker->thread, NULL);
    pthread_cond_destroy(&worker->more);
    pthread_mutex_destroy(&worker->lock);
    free(worker);
}
