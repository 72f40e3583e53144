/*
 * The writer thread: many calls in one transaction, each in its savepoint; commit; then, and only then,
 * memory is changed and the callers are told. Between the batches it writes behind and moves rollouts on.
 */
#include "service/backup.h"
#include "service/credentials.h"
#include "service/deadlines.h"
#include "service/internal.h"
#include "service/rights.h"

#include "host/clock.h"
#include "host/log.h"
#include "host/memory.h"

#include <time.h>

#define BATCH_MAX 512u
#define TICK_MS   250u

static svc_handler *handler_of(enum svc_op op)
{
    static svc_handler *const table[SVC_OP_COUNT] = {
        [SVC_POLL] = op_poll,
        [SVC_REPORT] = op_report,
        [SVC_ATTRIBUTES] = op_attributes,
        [SVC_ROOT_PUBLISH] = op_root_publish,
        [SVC_UPLOAD_CREATE] = op_upload_create,
        [SVC_RELEASE_PUBLISH] = op_release_publish,
        [SVC_IMAGE_KEY_ADD] = op_image_key_add,
        [SVC_ROLLOUT_CREATE] = op_rollout_create,
        [SVC_ROLLOUT_ACTION] = op_rollout_action,
        [SVC_DEVICE_CREATE] = op_device_create,
        [SVC_DEVICE_BATCH] = op_device_batch,
        [SVC_DEVICE_PATCH] = op_device_patch,
        [SVC_DEVICE_CHANGE] = op_device_change,
        [SVC_DEVICE_IMPORT] = op_device_import,
        [SVC_RELEASE_WITHDRAW] = op_release_withdraw,
        [SVC_GROUP_PUT] = op_group_put,
        [SVC_GROUP_DELETE] = op_group_delete,
        [SVC_GC] = op_gc,
        [SVC_AUDIT_PRUNE] = op_audit_prune,
        [SVC_FREEZE] = op_freeze,
        [SVC_OPERATOR_ADD] = op_operator_add,
        [SVC_OPERATOR_REMOVE] = op_operator_remove,
        [SVC_OPERATOR_CHANGE] = op_operator_change,
        [SVC_TOKEN_NEW] = op_token_new,
        [SVC_TOKEN_REVOKE] = op_token_revoke,
        [SVC_DEVICE_TOKEN] = op_device_token,
        [SVC_DEVICE_ENROL] = op_device_enrol,
        [SVC_DEVICE_ASK] = op_device_ask,
        [SVC_REQUEST_ACCEPT] = op_request_accept,
        [SVC_REQUEST_REJECT] = op_request_reject,
        [SVC_FLEET_KEY_ADD] = op_fleet_key_add,
        [SVC_FLEET_KEY_REMOVE] = op_fleet_key_remove,
    };

    return (unsigned)op < SVC_OP_COUNT ? table[op] : NULL;
}

static enum otter_status act(struct svc *svc, struct svc_call *call)
{
    svc_handler *handler = handler_of(call->op);
    enum otter_status status;
    bool answered = false;

    if (!handler)
        return OTTER_INTERNAL;
    status = rights_check(svc, call);
    if (status != OTTER_OK)
        return status;
    status = idempotency_check(svc, call, &answered);
    if (status != OTTER_OK || answered)
        return status;
    status = handler(svc, call);
    if (status == OTTER_OK && !call->in.dry_run)
        status = audit_done(svc, call);
    return status == OTTER_OK ? idempotency_keep(svc, call) : status;
}

/* What was answered while memory was refused may lack members, or blame a signature. */
static enum otter_status handle(struct svc *svc, struct svc_call *call)
{
    enum otter_status status;

    (void)host_memory_was_refused();
    status = act(svc, call);
    return host_memory_was_refused() && !trouble_is(status) ? svc_out_of_memory(call) : status;
}

/*
 * One call in its savepoint. OK, or why the transaction itself is lost: SQLite takes it away under us when
 * the medium fails, and the cause is then what the call met, not that its savepoint is gone.
 */
static enum otter_status run_call(struct svc *svc, struct svc_call *call)
{
    struct store *store = svc->writer;
    enum otter_status status = store->ops->savepoint(store);

    if (status != OTTER_OK)
        return status;
    call->out.status = handle(svc, call);
    if (call->out.status == OTTER_OK && !call->in.dry_run)
        return store->ops->savepoint_release(store);
    effects_drop(call);
    if (call->out.status != OTTER_OK)
        svc_call_clear(call);
    status = store->ops->savepoint_undo(store);
    if (status == OTTER_OK && audit_wants_refusal(call))
        return audit_refused(svc, call);
    /* Without memory, too. */
    if (status != OTTER_OK && (trouble_is(call->out.status) || call->out.status == OTTER_INTERNAL))
        return call->out.status;
    return status;
}

static enum otter_status run_transaction(struct svc *svc, struct svc_call *list)
{
    struct store *store = svc->writer;
    enum otter_status status = store->ops->begin(store, true);
    uint64_t calls = 0, began;
    bool said = false;

    if (status != OTTER_OK)
        return status;
    status = audit_begin(svc, &said);
    for (struct svc_call *c = list; c && status == OTTER_OK; c = c->next, calls++)
        status = run_call(svc, c);
    if (status != OTTER_OK) {
        store->ops->rollback(store);
        return status;
    }
    began = host_clock_mono_us();
    status = store->ops->commit(store);
    svc->audit.announced = svc->audit.announced || (said && status == OTTER_OK);
    if (status == OTTER_OK && calls > 0)
        count_commit(svc, began, calls);
    return status;
}

void writer_publish(struct svc *svc, struct svc_call *list)
{
    struct gc_plan *gc = NULL;
    bool catalog = false;

    for (struct svc_call *c = list; c; c = c->next) {
        if (!c->effects)
            continue;
        catalog = catalog || c->effects->catalog;
        if (c->effects->gc) { /* runs alone: at most one */
            gc = c->effects->gc;
            c->effects->gc = NULL;
        }
        if (c->effects->opened)
            progress_forget(svc, c->op == SVC_ROLLOUT_ACTION ? (int64_t)c->in.number : 0);
        if (c->effects->ended)
            progress_finished(svc, c->effects->ended);
        if (c->effects->lost)
            progress_lost(svc, c->effects->lost);
        effects_publish(svc, c);
    }
    if (catalog)
        (void)catalog_follow(svc);
    if (gc)
        gc_carry_out(svc, gc);
}

/* Nothing was written: nobody is told otherwise, memory stays as it was. */
static void fail_all(struct svc_call *list, enum otter_status status)
{
    for (struct svc_call *c = list; c; c = c->next) {
        effects_drop(c);
        if (c->out.status != OTTER_OK)
            continue; /* a refusal stays what it was */
        svc_call_clear(c);
        c->out.status =
            svc_refuse(c, status, "the change could not be stored: %s", otter_status_meaning(status));
    }
}

/*
 * Calls that the store failed are counted, before anybody hears of it; polls among them are answered from
 * memory, since a device on trial that hears nothing would go back to its old image.
 */
static void soften(struct svc *svc, struct svc_call *list)
{
    for (struct svc_call *c = list; c; c = c->next) {
        if (!trouble_is(c->out.status))
            continue;
        trouble_note(svc, c->out.status, 1);
        if (c->op == SVC_POLL)
            c->out.status = poll_unstored(svc, c);
    }
}

/* What an operator does to a rollout may move it on at once: then that is what is answered. */
static bool acted(const struct svc_call *call)
{
    return call->op == SVC_ROLLOUT_ACTION && call->out.status == OTTER_OK && !call->in.dry_run;
}

static void answer(struct svc *svc, struct svc_call *call)
{
    if (call->op == SVC_POLL)
        count_poll(svc, call);
    call->done(call); /* may free the call */
}

/* Who did not act need not wait for what follows. */
static uint64_t answer_all(struct svc *svc, struct svc_call *list)
{
    struct svc_call *acts = NULL;
    uint64_t n = 0;

    for (struct svc_call *c = list, *next; c; c = next, n++) {
        next = c->next;
        if (!acted(c)) {
            answer(svc, c);
            continue;
        }
        c->next = acts;
        acts = c;
    }
    if (acts)
        progress_run(svc);
    for (struct svc_call *c = acts, *next; c; c = next) {
        next = c->next;
        rollout_action_answer(svc, c);
        answer(svc, c);
    }
    return n;
}

static void run_batch(struct svc *svc, struct svc_call *all)
{
    struct svc_call *list = backup_take(svc, all);
    enum otter_status status =
        svc_trouble(svc) == OTTER_STORE_DAMAGED ? OTTER_STORE_DAMAGED : run_transaction(svc, list);
    uint64_t n;

    if (!list)
        return;
    if (status == OTTER_OK)
        writer_publish(svc, list);
    else
        fail_all(list, status);
    soften(svc, list);
    if (status != OTTER_OK)
        atomic_fetch_add_explicit(&svc->counts.commits_failed, 1, memory_order_relaxed);
    n = answer_all(svc, list);
    atomic_fetch_add_explicit(&svc->commits, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&svc->committed_calls, n, memory_order_relaxed);
}

/*
 * Not together with others in one transaction: it decides by the catalog, and by files; or what comes behind
 * it is judged by the catalog that it changes (auth_again.c).
 */
static bool runs_alone(const struct svc_call *call)
{
    return call->op == SVC_GC || call->op == SVC_GROUP_PUT || call->op == SVC_GROUP_DELETE ||
           call->op == SVC_TOKEN_REVOKE || call->op == SVC_OPERATOR_CHANGE || call->op == SVC_OPERATOR_REMOVE;
}

static void run_batches(struct svc *svc, struct svc_call *list)
{
    while (list) {
        struct svc_call *first = list, *last = list;

        while (last->next && !runs_alone(last) && !runs_alone(last->next))
            last = last->next;
        list = last->next;
        last->next = NULL;
        run_batch(svc, first);
    }
}

static void wait_for_company(const struct svc *svc)
{
    struct timespec t = {.tv_sec = svc->config.commit_wait_us / 1000000,
                         .tv_nsec = (long)(svc->config.commit_wait_us % 1000000) * 1000L};

    if (svc->config.commit_wait_us > 0)
        (void)nanosleep(&t, NULL);
}

void *writer_main(void *arg)
{
    struct svc *svc = arg;
    bool closed = false;

    work_begins(&svc->writing);
    progress_run(svc); /* what was decided but not done before the last stop */
    while (!closed) {
        struct svc_call *list;

        wait_for_company(svc);
        work_ends(&svc->writing);
        list = queue_take(&svc->writes, BATCH_MAX,
                          backup_turn(svc, deadlines_pending(svc) ? 1u : progress_wait_ms(svc, TICK_MS)),
                          &closed);
        work_begins(&svc->writing);
        if (svc->catalog_behind)
            (void)catalog_follow(svc);
        credentials_run(svc); /* first: what is asked under a token sees that it is the one */
        if (list)
            run_batches(svc, list);
        deadlines_run(svc);
        progress_run(svc);
        sweep_tick(svc, closed);
        audit_turn(svc);
    }
    backup_stop(svc);
    return NULL;
}
