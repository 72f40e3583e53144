/* Newer roots: when they are asked for, and what they change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "world.h"

#include "core/bytes.h"

#include <string.h>

static void replace_key(struct otter_root *root, enum otter_role role, const struct host_key *key)
{
    struct otter_root_key *k = &root->key[root->role[role].key[0]];

    k->kid = *host_key_kid(key);
    memcpy(k->point, host_key_point(key), OTTER_POINT_LEN);
}

static void a_chain_is_followed_to_its_end_and_kept(void **state)
{
    struct world *w = *state;

    for (unsigned i = 0; i < 3; i++) {
        struct otter_root root = w->root;

        root.created += i + 1;
        world_add_root(w, &root);
    }
    w->server.poll_status = 204;
    world_run(w, 1000);
    assert_int_equal(w->server.root_requests, 4); /* 2, 3, 4 and the 404 of 5 */
    assert_int_equal(w->client.root.version, 4);
    assert_int_equal(w->journal.live.root_version, 4);
    assert_int_equal(w->journal.live.time_floor, w->root.created + 3);
    assert_int_equal(w->server.last_poll.poll.root, 4);
    world_reset(w);
    assert_int_equal(w->client.root.version, 4);
}

static void a_long_chain_goes_on_at_the_next_poll(void **state)
{
    struct world *w = *state;

    for (unsigned i = 0; i < 35; i++) {
        struct otter_root root = w->root;

        world_add_root(w, &root);
    }
    w->server.empty_offer = true;
    w->server.poll_headers = "Retry-After: 5\r\n";
    world_run(w, 1000);
    assert_int_equal(w->client.root.version, 33);
    world_run(w, 6000);
    assert_int_equal(w->client.root.version, 36);
}

static void a_hint_brings_a_run_and_a_second_poll(void **state)
{
    struct world *w = *state;
    struct otter_root root = w->root;

    w->server.poll_status = 204;
    world_run(w, 1000);
    assert_int_equal(w->server.root_requests, 1);
    world_add_root(w, &root);
    w->server.poll_headers = "Otter-Root: 2\r\n";
    otter_client_poll_now(&w->client);
    world_run(w, 1000);
    assert_int_equal(w->client.root.version, 2);
    assert_int_equal(w->server.polls, 3);
    assert_int_equal(w->server.last_poll.poll.root, 2);
}

static void a_hint_that_lies_costs_one_request_a_poll(void **state)
{
    struct world *w = *state;

    w->server.poll_status = 204;
    world_run(w, 1000);
    w->server.root_requests = 0;
    w->server.poll_headers = "Otter-Root: 99\r\nRetry-After: 3600\r\n";
    otter_client_poll_now(&w->client);
    world_run(w, 1000);
    assert_int_equal(w->server.root_requests, 1);
    assert_int_equal(w->server.polls, 2);
}

static void a_new_offer_key_is_learnt_from_the_root(void **state)
{
    struct world *w = *state;
    struct otter_root root = w->root;

    w->server.empty_offer = true;
    world_run(w, 1000);
    replace_key(&root, OTTER_ROLE_OFFER, w->stranger);
    world_add_root(w, &root);
    w->server.offer_key = w->stranger;
    w->server.empty_offer = false;
    otter_client_poll_now(&w->client);
    assert_true(world_run(w, 60000));
    assert_int_equal(w->client.root.version, 2);
}

static void a_new_release_key_and_epoch_are_learnt_from_the_root(void **state)
{
    struct world *w = *state;
    struct otter_root root = w->root;

    w->server.empty_offer = true;
    world_run(w, 1000);
    replace_key(&root, OTTER_ROLE_RELEASE, w->stranger);
    root.sequence_epoch = 2;
    world_add_root(w, &root);
    w->server.release_key = w->stranger;
    w->server.empty_offer = false;
    w->manifest.epoch = 2;
    w->manifest.sequence = 1;
    world_publish(w);
    otter_client_poll_now(&w->client);
    assert_true(world_run(w, 60000));
    assert_int_equal(w->journal.live.pending.epoch, 2);
    assert_false(world_reported(w, OTTER_UPDATE_FAILED, NULL));
}

static void a_new_epoch_is_learnt_before_it_is_refused(void **state)
{
    struct world *w = *state;
    struct otter_root root = w->root;

    w->server.empty_offer = true;
    world_run(w, 1000);
    root.sequence_epoch = 2;
    world_add_root(w, &root);
    w->server.empty_offer = false;
    w->manifest.epoch = 2;
    world_publish(w);
    otter_client_poll_now(&w->client);
    assert_true(world_run(w, 60000));
    assert_false(world_reported(w, OTTER_UPDATE_FAILED, NULL));
}

static void nothing_is_refused_for_good_while_roots_are_out_of_reach(void **state)
{
    struct world *w = *state;

    w->server.release_key = w->stranger;
    world_publish(w);
    w->server.raw_target = "/v1/roots/";
    w->server.raw_reply = "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n";
    w->client.roots_due = false;
    assert_false(world_run(w, 500));
    assert_int_equal(w->server.manifest_requests, 1);
    assert_false(world_reported(w, OTTER_UPDATE_FAILED, NULL));
    assert_int_equal(world_view(w).last_error, OTTER_HTTP_STATUS);
}

static void a_root_by_strangers_is_ignored(void **state)
{
    struct world *w = *state;
    struct otter_root root = w->root;
    struct host_key *good = w->root_key;

    w->root_key = w->stranger;
    world_add_root(w, &root);
    w->root_key = good;
    w->server.poll_status = 204;
    world_run(w, 1000);
    assert_int_equal(w->client.root.version, 1);
    assert_int_equal(w->journal.live.root_version, 0);
    assert_int_equal(w->server.polls, 1); /* the poll comes all the same */
    assert_true(w->seen[OTTER_UNKNOWN_KEY]);
    assert_int_equal(w->server.last_poll.poll.refused, OTTER_UNKNOWN_KEY); /* but the server hears of it */
}

static void roots_are_asked_for_daily(void **state)
{
    struct world *w = *state;

    w->server.poll_status = 204;
    world_run(w, 23 * 3600 * 1000);
    assert_int_equal(w->server.root_requests, 1);
    world_run(w, 3 * 3600 * 1000);
    assert_int_equal(w->server.root_requests, 2);
}

static void a_root_that_flash_does_not_take_is_not_used(void **state)
{
    struct world *w = *state;
    struct otter_root root = w->root;

    world_add_root(w, &root);
    w->server.poll_status = 204;
    w->flash.fail_after = 0;
    world_run(w, 1000);
    assert_int_equal(w->client.root.version, 1);
    w->flash.fail_after = UINT32_MAX;
    world_run(w, 2 * 3600 * 1000);
    assert_int_equal(w->client.root.version, 2);
}

/* The floor is the latest `created` of all that was accepted, not that of the newest root. */
static void a_root_created_earlier_does_not_lower_the_time_floor(void **state)
{
    struct world *w = *state;
    struct otter_root root = w->root;

    root.created -= 1000;
    world_add_root(w, &root);
    w->server.poll_status = 204;
    world_run(w, 1000);
    assert_int_equal(w->client.root.version, 2);
    assert_int_equal(w->client.facts.time_floor, w->root.created);
    world_reset(w);
    assert_int_equal(w->client.root.version, 2);
    assert_int_equal(w->client.facts.time_floor, w->root.created);
}

static void date_ahead(struct world *w, struct otter_manifest *manifest)
{
    (void)w;
    manifest->created = 8000000;
    manifest->expires = 8999999;
}

/* An offer of 2000000 cannot tell that it is later: the next honest one must not be refused. */
static void a_manifest_dated_ahead_raises_the_time_floor_to_its_offer_alone(void **state)
{
    struct world *w = *state;

    w->server.tweak_manifest = date_ahead;
    world_publish(w);
    assert_true(world_run(w, 60000));
    assert_int_equal(w->journal.live.time_floor, 2000000);
    assert_int_equal(w->client.facts.time_floor, 2000000);
}

/* Who has the offer key, too, dates both ahead: no offer is good any more, until a root begins a new epoch.
 */
static void a_new_epoch_sets_the_time_floor_back(void **state)
{
    struct world *w = *state;
    struct otter_root root = w->root;

    assert_int_equal(otter_journal_set_time_floor(&w->journal, 8000000), OTTER_OK);
    w->server.empty_offer = true;
    world_reset(w);
    world_run(w, 1000);
    assert_true(w->seen[OTTER_OFFER_TIME]);
    root.created += 10;
    root.sequence_epoch = 2;
    world_add_root(w, &root);
    world_run(w, 2 * 86400000ull);
    assert_int_equal(w->client.root.version, 2);
    assert_int_equal(w->journal.live.time_floor, root.created);
    assert_int_equal(w->client.facts.time_floor, root.created);
    assert_int_equal(world_view(w).last_error, OTTER_OK);
    world_reset(w);
    assert_int_equal(w->client.facts.time_floor, root.created);
}

#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_chain_is_followed_to_its_end_and_kept),
        T(a_long_chain_goes_on_at_the_next_poll),
        T(a_hint_brings_a_run_and_a_second_poll),
        T(a_hint_that_lies_costs_one_request_a_poll),
        T(a_new_offer_key_is_learnt_from_the_root),
        T(a_new_release_key_and_epoch_are_learnt_from_the_root),
        T(a_new_epoch_is_learnt_before_it_is_refused),
        T(nothing_is_refused_for_good_while_roots_are_out_of_reach),
        T(a_root_by_strangers_is_ignored),
        T(roots_are_asked_for_daily),
        T(a_root_that_flash_does_not_take_is_not_used),
        T(a_root_created_earlier_does_not_lower_the_time_floor),
        T(a_manifest_dated_ahead_raises_the_time_floor_to_its_offer_alone),
        T(a_new_epoch_sets_the_time_floor_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
