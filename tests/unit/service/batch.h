/* Several calls in one transaction of the writer. */
#ifndef OTTER_TESTS_SERVICE_BATCH_H
#define OTTER_TESTS_SERVICE_BATCH_H

#include "world.h"

#include <pthread.h>
#include <string.h>

/* Several calls handed over at once, behind a long one, so that they end up in one transaction. */
struct batch {
    struct svc_call call[4];
    unsigned count;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    unsigned done;
};

static struct batch batch = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

static void one_done(struct svc_call *self)
{
    (void)self;
    pthread_mutex_lock(&batch.lock);
    batch.done++;
    pthread_cond_signal(&batch.wake);
    pthread_mutex_unlock(&batch.lock);
}

static void batch_begin(void)
{
    json_t *items = json_array();

    for (unsigned i = 0; i < 1000; i++)
        json_array_append_new(items, json_object()); /* all refused, one after the other */
    memset(batch.call, 0, sizeof(batch.call));
    batch.call[0] = (struct svc_call){
        .op = SVC_DEVICE_BATCH, .in.asker = &world_admin, .in.json = json_pack("{s:o}", "items", items)};
    batch.count = 1;
    batch.done = 0;
}

/* json is stolen. */
static struct svc_call *batch_add(enum svc_op op, const char *id, json_t *json)
{
    struct svc_call *call = &batch.call[batch.count++];

    *call = (struct svc_call){.op = op, .in.asker = &world_admin, .in.id = id, .in.json = json};
    return call;
}

static void batch_run(struct world *w)
{
    for (unsigned i = 0; i < batch.count; i++) {
        batch.call[i].done = one_done;
        assert_true(svc_submit(w->svc, &batch.call[i]));
    }
    pthread_mutex_lock(&batch.lock);
    while (batch.done < batch.count)
        pthread_cond_wait(&batch.wake, &batch.lock);
    pthread_mutex_unlock(&batch.lock);
}

static void batch_clear(void)
{
    for (unsigned i = 0; i < batch.count; i++) {
        json_decref(batch.call[i].in.json);
        svc_call_clear(&batch.call[i]);
    }
}

/* A poll that memory has a rollout for; it must go to the writer. */
static struct svc_call *batch_poll(struct world *w, unsigned device)
{
    struct svc_call *call = batch_add(SVC_POLL, NULL, NULL);

    world_fill_poll(call, &(struct world_poll){.device = device, .confirmed = true});
    assert_false(svc_try(w->svc, call));
    return call;
}

#endif
