#include "loop.h"

#include "core/bytes.h"
#include "host/clock.h"

#include <errno.h>
#include <sys/epoll.h>

#define EVENTS_A_ROUND 256

static void push(struct emu_queue *q, struct emu_device *d)
{
    d->queued = true;
    d->next = NULL;
    if (q->last != NULL)
        q->last->next = d;
    else
        q->first = d;
    q->last = d;
}

static struct emu_device *pop(struct emu_queue *q)
{
    struct emu_device *d = q->first;

    if (d == NULL)
        return NULL;
    q->first = d->next;
    if (q->first == NULL)
        q->last = NULL;
    d->queued = false;
    d->next = NULL;
    return d;
}

bool emu_loop_init(struct emu_loop *l, struct emu_world *world, uint32_t devices, uint32_t awake_limit)
{
    *l = (struct emu_loop){.world = world, .awake_limit = awake_limit};
    return emu_heap_init(&l->timers, devices);
}

void emu_loop_free(struct emu_loop *l)
{
    emu_heap_free(&l->timers);
}

void emu_loop_wake(struct emu_loop *l, struct emu_device *d)
{
    emu_heap_remove(&l->timers, &d->timer);
    if (d->queued)
        return;
    if (!d->awake)
        emu_device_hold(d);
    push(d->awake ? &l->ready : &l->turn, d);
}

static void pass(struct emu_loop *l, struct emu_device *d)
{
    struct emu_wait wait = emu_device_pass(d);

    if (wait.again)
        push(&l->ready, d);
    else if (wait.due_us != EMU_NEVER)
        emu_heap_set(&l->timers, &d->timer, wait.due_us);
}

static bool has_turn(const struct emu_loop *l)
{
    return l->turn.first != NULL && l->world->awake < l->awake_limit;
}

/* The next of the round: those that are ready, then those whose turn it is, of whom a round takes so many. */
static struct emu_device *next_of(struct emu_loop *l, struct emu_queue *batch, uint32_t *turns)
{
    if (batch->first != NULL)
        return pop(batch);
    if (*turns == 0 || !has_turn(l))
        return NULL;
    (*turns)--;
    return pop(&l->turn);
}

/* What becomes ready meanwhile waits for the next round, behind the network's events. */
static void pass_all(struct emu_loop *l)
{
    struct emu_queue batch = l->ready;
    uint32_t turns = l->awake_limit;
    struct emu_device *d;

    l->ready = (struct emu_queue){0};
    while ((d = next_of(l, &batch, &turns)) != NULL) {
        l->world->links.now_us = host_clock_mono_us();
        pass(l, d);
    }
}

static void wake_due(struct emu_loop *l)
{
    struct emu_timer *t;

    while ((t = emu_heap_first(&l->timers)) != NULL && t->due_us <= l->world->links.now_us)
        emu_loop_wake(l, OTTER_CONTAINER_OF(t, struct emu_device, timer));
}

/* Milliseconds to wait, rounded up so that a timer is due when the wait ends. */
static int patience_ms(const struct emu_loop *l, uint64_t until_us)
{
    const struct emu_timer *t = emu_heap_first(&l->timers);
    uint64_t now_us = l->world->links.now_us;
    uint64_t end_us = t != NULL && t->due_us < until_us ? t->due_us : until_us;

    if (l->ready.first != NULL || has_turn(l) || end_us <= now_us)
        return 0;
    end_us = (end_us - now_us + 999) / 1000;
    return end_us > 1000 ? 1000 : (int)end_us;
}

bool emu_loop_round(struct emu_loop *l, uint64_t until_us)
{
    struct epoll_event events[EVENTS_A_ROUND];
    int n;

    pass_all(l);
    l->world->links.now_us = host_clock_mono_us();
    n = epoll_wait(l->world->links.epoll_fd, events, EVENTS_A_ROUND, patience_ms(l, until_us));
    l->world->links.now_us = host_clock_mono_us();
    if (n < 0)
        return errno == EINTR;
    for (int i = 0; i < n; i++) {
        struct emu_device *d = events[i].data.ptr;

        otter_posix_net_event(&d->link.socket, events[i].events);
        if (emu_link_is_open(&d->link))
            emu_loop_wake(l, d);
    }
    wake_due(l);
    return true;
}
