/* Operators' work on a fleet, where it races polls and publishes: what one transaction sees. */
#include "batch.h"

#include "core/bytes.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define DEVICES 4u

static int setup_fleet(void **state)
{
    return world_setup_with_devices(state, DEVICES);
}

static json_t *ids(unsigned device)
{
    return json_pack("{s:[s]}", "ids", world_device(device));
}

static void a_poll_behind_a_freeze_in_its_transaction_is_granted_nothing(void **state)
{
    struct world *w = *state;
    int64_t rollout = world_rollout(w, "all", "[100]", false);
    const struct svc_call *poll;

    batch_begin();
    (void)batch_add(SVC_FREEZE, "freeze", json_pack("{s:s}", "reason", "now"));
    poll = batch_poll(w, 0);
    batch_run(w);
    assert_int_equal(poll->out.status, OTTER_OK);
    assert_null(poll->out.body);
    batch_clear();
    assert_int_equal(world_count(w, rollout, "offered"), 0);
    world_restart(w);
    assert_int_equal(world_ask(w, 0), 0);
    batch_begin();
    (void)batch_add(SVC_FREEZE, "unfreeze", json_object());
    batch_run(w);
    batch_clear();
    assert_int_not_equal(world_ask(w, 0), 0);
}

static void a_poll_behind_a_mark_in_its_transaction_is_granted_nothing(void **state)
{
    struct world *w = *state;
    static const char *const verbs[] = {"hold", "retire", "pin"};
    int64_t rollout = world_rollout(w, "all", "[100]", false);

    world_release(w, 2); /* to be pinned to */
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(verbs); i++) {
        json_t *body = ids(i);
        const struct svc_call *change, *poll;

        if (strcmp(verbs[i], "pin") == 0)
            json_object_set_new(body, "release", json_string(w->release));
        else
            json_object_set_new(body, "reason", json_string("now"));
        batch_begin();
        change = batch_add(SVC_DEVICE_CHANGE, verbs[i], body);
        poll = batch_poll(w, i);
        batch_run(w);
        assert_int_equal(change->out.status, OTTER_OK);
        assert_int_equal(json_integer_value(json_object_get(change->out.json, "changed")), 1);
        assert_int_equal(poll->out.status, OTTER_OK);
        assert_null(poll->out.body);
        batch_clear();
    }
    assert_int_equal(world_count(w, rollout, "offered"), 0);
    assert_int_not_equal(world_ask(w, 3), 0); /* the one that nobody touched */
}

/* A limit on file sizes stands for a full disk. What refused the poll was never stored: the device may not
 * stay without the offer for it. */
static void a_poll_behind_a_hold_that_was_not_stored_is_granted_by_the_next(void **state)
{
    struct world *w = *state;
    struct rlimit before, none;
    json_t *body = ids(0);
    const struct svc_call *hold, *poll;

    (void)world_rollout(w, "all", "[100]", false);
    json_object_set_new(body, "reason", json_string("now"));
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    none = before;
    none.rlim_cur = 1;
    batch_begin();
    hold = batch_add(SVC_DEVICE_CHANGE, "hold", body);
    poll = batch_poll(w, 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    batch_run(w);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(hold->out.status, OTTER_STORE_FULL);
    assert_int_equal(poll->out.status, OTTER_OK);
    assert_null(poll->out.body);
    batch_clear();
    assert_int_not_equal(world_ask(w, 0), 0);
}

static void a_rollout_behind_a_withdrawal_in_its_transaction_is_refused(void **state)
{
    struct world *w = *state;
    const struct svc_call *create, *pin;
    json_t *body = ids(0);

    json_object_set_new(body, "release", json_string(w->release));
    batch_begin();
    (void)batch_add(SVC_RELEASE_WITHDRAW, w->release, json_pack("{s:s}", "reason", "bad"));
    create = batch_add(SVC_ROLLOUT_CREATE, NULL,
                       json_pack("{s:s, s:s, s:[i]}", "release", w->release, "target", "all", "phases", 100));
    pin = batch_add(SVC_DEVICE_CHANGE, "pin", body);
    batch_run(w);
    assert_int_equal(batch.call[1].out.status, OTTER_OK);
    assert_int_equal(create->out.status, OTTER_RELEASE_WITHDRAWN);
    assert_int_equal(pin->out.status, OTTER_RELEASE_WITHDRAWN);
    batch_clear();
}

static void the_first_of_two_withdrawals_in_a_transaction_stays(void **state)
{
    struct world *w = *state;
    json_t *shown;

    batch_begin();
    (void)batch_add(SVC_RELEASE_WITHDRAW, w->release, json_pack("{s:s}", "reason", "first"));
    (void)batch_add(SVC_RELEASE_WITHDRAW, w->release, json_pack("{s:s}", "reason", "second"));
    batch_run(w);
    assert_int_equal(batch.call[2].out.status, OTTER_OK);
    batch_clear();
    shown = world_get(w, SVC_RELEASE_GET, w->release, 0);
    assert_string_equal(json_string_value(json_object_get(json_object_get(shown, "withdrawn"), "reason")),
                        "first");
    json_decref(shown);
}

/* gc takes the images of all but the newest release; those of `of` come back. */
static void prune_and_upload_again(struct world *w, const struct otter_manifest *of)
{
    struct svc_call gc = {.op = SVC_GC, .in.json = json_pack("{s:i}", "keep", 1)};
    char bytes[65536];
    uint64_t size;
    int fd[2];

    for (unsigned i = 0; i < 2; i++) {
        fd[i] = svc_blob_open(w->svc, &of->image[i].sha256, &size);
        assert_true(fd[i] >= 0);
    }
    assert_int_equal(world_run(w, &gc), OTTER_OK);
    assert_int_equal(json_integer_value(json_object_get(gc.out.json, "blobs")), 2);
    json_decref(gc.in.json);
    svc_call_clear(&gc);
    for (unsigned i = 0; i < 2; i++) {
        ssize_t n = pread(fd[i], bytes, sizeof(bytes), 0);
        struct otter_digest digest;

        assert_int_equal(n, of->image[i].size);
        assert_int_equal(world_upload(w, bytes, (size_t)n, &digest), OTTER_OK);
        close(fd[i]);
    }
}

static void withdraw_beside_return(struct world *w, bool withdraw_first)
{
    struct svc_call *publish, envelope = {.op = SVC_RELEASE_MANIFEST};
    struct otter_manifest old = w->manifest;
    char first[sizeof(w->release)];
    json_t *shown;

    memcpy(first, w->release, sizeof(first));
    envelope.in.id = first;
    assert_int_equal(world_run(w, &envelope), OTTER_OK);
    world_release(w, 2);
    prune_and_upload_again(w, &old);
    batch_begin();
    if (withdraw_first)
        (void)batch_add(SVC_RELEASE_WITHDRAW, first, json_pack("{s:s}", "reason", "bad"));
    publish = batch_add(SVC_RELEASE_PUBLISH, NULL, NULL);
    publish->in.body = envelope.out.body;
    publish->in.body_len = envelope.out.body_len;
    if (!withdraw_first)
        (void)batch_add(SVC_RELEASE_WITHDRAW, first, json_pack("{s:s}", "reason", "bad"));
    batch_run(w);
    assert_int_equal(batch.call[1].out.status, OTTER_OK);
    assert_int_equal(batch.call[2].out.status, OTTER_OK);
    batch_clear();
    shown = world_get(w, SVC_RELEASE_GET, first, 0);
    assert_true(json_is_true(json_object_get(shown, "images_held")));
    assert_true(json_is_object(json_object_get(shown, "withdrawn")));
    json_decref(shown);
    svc_call_clear(&envelope);
}

static void a_withdrawal_before_the_return_of_images_in_its_transaction_is_kept(void **state)
{
    withdraw_beside_return(*state, true);
}

static void the_return_of_images_before_a_withdrawal_in_its_transaction_is_kept(void **state)
{
    withdraw_beside_return(*state, false);
}

/* gc is behind a draft and a pin that its own catalog and memory must know: it runs alone, behind them. */
static void gc_sees_what_was_done_just_before_it(void **state)
{
    struct world *w = *state;
    char first[sizeof(w->release)];
    const struct svc_call *gc;
    json_t *body = ids(0), *kept;

    memcpy(first, w->release, sizeof(first));
    world_release(w, 2);
    world_release(w, 3);
    json_object_set_new(body, "release", json_string(first));
    batch_begin();
    (void)batch_add(SVC_DEVICE_CHANGE, "pin", body);
    gc = batch_add(SVC_GC, NULL, json_pack("{s:i}", "keep", 1));
    batch_run(w);
    assert_int_equal(gc->out.status, OTTER_OK);
    kept = json_object_get(gc->out.json, "kept");
    assert_int_equal(json_integer_value(json_object_get(kept, "pin")), 1);
    assert_int_equal(json_integer_value(json_object_get(kept, "newest")), 1);
    assert_int_equal(json_array_size(json_object_get(gc->out.json, "releases")), 1);
    batch_clear();
}

static void a_label_of_one_call_is_seen_by_the_next_in_its_transaction(void **state)
{
    struct world *w = *state;
    const char *device = world_device(0);
    json_t *first = ids(0), *second = ids(0), *shown;

    json_object_set_new(first, "add_tags", json_pack("[s]", "a"));
    json_object_set_new(second, "add_tags", json_pack("[s]", "b"));
    batch_begin();
    (void)batch_add(SVC_DEVICE_CHANGE, "label", first);
    (void)batch_add(SVC_DEVICE_CHANGE, "label", second);
    batch_run(w);
    batch_clear();
    shown = world_get(w, SVC_DEVICE_GET, device, 0);
    assert_int_equal(json_array_size(json_object_get(shown, "tags")), 2);
    json_decref(shown);
}

static void roots_are_answered_from_memory(void **state)
{
    struct world *w = *state;
    struct svc_call call = {.op = SVC_ROOT_GET, .in.number = 1};

    assert_true(svc_try(w->svc, &call)); /* no thread that a list could hold up */
    assert_int_equal(call.out.status, OTTER_OK);
    assert_true(call.out.body_len > 100 && call.out.body[0] == '{');
    svc_call_clear(&call);
    call.in.number = 2;
    assert_true(svc_try(w->svc, &call));
    assert_int_equal(call.out.status, OTTER_NOT_FOUND);
    svc_call_clear(&call);
}

static void a_retry_is_granted_and_counts_once_also_after_a_restart(void **state)
{
    struct world *w = *state;
    int64_t rollout = world_rollout(w, "all", "[100]", false);
    uint64_t attempt = world_ask(w, 0);
    const struct svc_call *retry;

    assert_int_equal(world_report(w, 0, attempt, 1, OTTER_UPDATE_FAILED, OTTER_SELF_TEST, NULL), OTTER_OK);
    assert_int_equal(world_ask(w, 0), 0);
    batch_begin();
    retry = batch_add(SVC_DEVICE_CHANGE, "retry", ids(0));
    batch_run(w);
    assert_int_equal(json_integer_value(json_object_get(retry->out.json, "changed")), 1);
    batch_clear();
    assert_int_equal(world_count(w, rollout, "failed"), 0);
    world_restart(w);
    assert_true(world_ask(w, 0) > attempt);
    assert_int_equal(world_count(w, rollout, "offered"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup_fleet, world_teardown)
        T(a_poll_behind_a_freeze_in_its_transaction_is_granted_nothing),
        T(a_poll_behind_a_mark_in_its_transaction_is_granted_nothing),
        T(a_poll_behind_a_hold_that_was_not_stored_is_granted_by_the_next),
        T(a_rollout_behind_a_withdrawal_in_its_transaction_is_refused),
        T(the_first_of_two_withdrawals_in_a_transaction_stays),
        T(a_withdrawal_before_the_return_of_images_in_its_transaction_is_kept),
        T(the_return_of_images_before_a_withdrawal_in_its_transaction_is_kept),
        T(gc_sees_what_was_done_just_before_it),
        T(a_label_of_one_call_is_seen_by_the_next_in_its_transaction),
        T(roots_are_answered_from_memory),
        T(a_retry_is_granted_and_counts_once_also_after_a_restart),
#undef T
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
