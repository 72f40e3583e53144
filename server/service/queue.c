#include "service/internal.h"

#include "host/clock.h"

#include <time.h>

void queue_init(struct svc_queue *q)
{
    pthread_condattr_t attr;

    (void)pthread_mutex_init(&q->lock, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&q->wake, &attr);
    (void)pthread_condattr_destroy(&attr);
    q->first = NULL;
    q->last = &q->first;
    q->closing = false;
}

void queue_destroy(struct svc_queue *q)
{
    (void)pthread_cond_destroy(&q->wake);
    (void)pthread_mutex_destroy(&q->lock);
}

bool queue_push(struct svc_queue *q, struct svc_call *call)
{
    bool open;

    call->next = NULL;
    call->queued_us = host_clock_mono_us();
    (void)pthread_mutex_lock(&q->lock);
    open = !q->closing;
    if (open) {
        *q->last = call;
        q->last = &call->next;
        q->depth++;
        (void)pthread_cond_signal(&q->wake);
    }
    (void)pthread_mutex_unlock(&q->lock);
    return open;
}

void queue_close(struct svc_queue *q)
{
    (void)pthread_mutex_lock(&q->lock);
    q->closing = true;
    (void)pthread_cond_broadcast(&q->wake);
    (void)pthread_mutex_unlock(&q->lock);
}

static struct timespec deadline_in(unsigned ms)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += (long)(ms % 1000) * 1000000L;
    if (t.tv_nsec >= 1000000000L) {
        t.tv_nsec -= 1000000000L;
        t.tv_sec++;
    }
    return t;
}

struct svc_call *queue_take(struct svc_queue *q, unsigned max, unsigned wait_ms, bool *ret_closed)
{
    struct timespec until = deadline_in(wait_ms);
    struct svc_call *list, *end;

    (void)pthread_mutex_lock(&q->lock);
    while (!q->first && !q->closing)
        if (pthread_cond_timedwait(&q->wake, &q->lock, &until) != 0)
            break;
    list = end = q->first;
    for (unsigned n = 1; end && end->next && n < max; n++) {
        end = end->next;
        q->depth--;
    }
    if (end) {
        q->depth--;
        q->first = end->next;
        if (!q->first)
            q->last = &q->first;
        end->next = NULL;
    }
    *ret_closed = q->closing && !list;
    (void)pthread_mutex_unlock(&q->lock);
    return list;
}

unsigned queue_depth(struct svc_queue *q)
{
    unsigned depth;

    (void)pthread_mutex_lock(&q->lock);
    depth = q->depth;
    (void)pthread_mutex_unlock(&q->lock);
    return depth;
}

uint64_t queue_oldest_us(struct svc_queue *q)
{
    uint64_t since;

    (void)pthread_mutex_lock(&q->lock);
    since = q->first ? q->first->queued_us : 0;
    (void)pthread_mutex_unlock(&q->lock);
    return since;
}
