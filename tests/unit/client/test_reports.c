/* Reports: kept until acknowledged, oldest first, and what the replies to them do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "world.h"

#include "core/bytes.h"

#include <string.h>

static void replies_that_keep_and_replies_that_acknowledge(void **state)
{
    static const struct {
        uint16_t status;
        bool keeps;
    } cases[] = {
        {200, false}, {204, false}, {404, false}, {409, false}, {410, false}, {400, false}, {413, false},
        {302, true},  {401, true},  {403, true},  {408, true},  {429, true},  {500, true},  {503, true},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(cases); i++) {
        struct otter_held_report held = {WORLD_ATTEMPT, 1, OTTER_UPDATE_FAILED,
                                         otter_status_code(OTTER_SEQUENCE)};
        struct world *w;
        void *fresh;

        world_setup(&fresh);
        w = fresh;
        w->server.poll_status = 204;
        w->server.report_status = cases[i].status;
        w->server.report_body = "";
        assert_int_equal(otter_journal_add_report(&w->journal, &held), OTTER_OK);
        world_run(w, 1000);
        assert_int_equal(w->server.reports, 1); /* once a cycle, not in a loop */
        assert_int_equal(w->server.polls, 1);   /* and the poll comes all the same */
        assert_int_equal(w->journal.live.report_count, cases[i].keeps);
        assert_int_equal(w->server.last_poll.poll.has_last, cases[i].keeps);
        if (cases[i].keeps) {
            w->server.report_status = 200;
            world_reset(w);
            world_run(w, 1000);
            assert_int_equal(w->journal.live.report_count, 0);
            assert_int_equal(w->server.report[1].reason, OTTER_SEQUENCE);
        }
        world_teardown(&fresh);
    }
}

static void reports_go_oldest_first_and_the_newest_rides_in_the_poll(void **state)
{
    struct world *w = *state;

    for (uint32_t step = 1; step <= 3; step++) {
        struct otter_held_report held = {WORLD_ATTEMPT, step, OTTER_UPDATE_DOWNLOADING,
                                         otter_status_code(OTTER_OK)};

        assert_int_equal(otter_journal_add_report(&w->journal, &held), OTTER_OK);
    }
    w->server.poll_status = 204;
    w->server.report_status = 500;
    world_run(w, 1000);
    assert_int_equal(w->server.last_poll.poll.last.step, 3);
    w->server.report_status = 200;
    w->server.reports = 0;
    otter_client_poll_now(&w->client);
    world_run(w, 1000);
    assert_int_equal(w->server.reports, 3);
    for (uint32_t step = 1; step <= 3; step++)
        assert_int_equal(w->server.report[step - 1].step, step);
    assert_false(w->server.last_poll.poll.has_last);
}

static void a_stop_ends_the_attempt_before_it_is_installed(void **state)
{
    static const struct {
        uint16_t status;
        const char *body;
        bool stops;
    } cases[] = {
        {200, "{\"continue\":false}", true},
        {404, "", true},
        {410, "", true},
        {200, "{\"continue\":true}", false},
        {200, "", false},
        {200, "{}", false},
        {409, "", false},
        {500, "", false},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(cases); i++) {
        struct world *w;
        void *fresh;

        world_setup(&fresh);
        w = fresh;
        w->server.report_status = cases[i].status;
        w->server.report_body = cases[i].body;
        assert_int_equal(world_run(w, 60000), !cases[i].stops);
        assert_int_equal(w->journal.live.pending.present, !cases[i].stops);
        assert_int_equal(w->server.image_requests, !cases[i].stops);
        assert_int_equal(w->seen[OTTER_STOPPED], cases[i].stops);
        world_teardown(&fresh);
    }
}

static void a_stop_comes_too_late_for_an_installed_image(void **state)
{
    struct world *w = *state;

    for (unsigned i = 0; i < 100000 && !w->journal.live.pending.present; i++)
        (void)otter_client_step(&w->client, w->now);
    w->server.report_body = "{\"continue\":false}";
    assert_true(world_run(w, 1000));
    assert_true(w->journal.live.pending.present);
    assert_int_equal(w->journal.live.report_count, 0);
}

static void a_dead_network_does_not_keep_an_installed_image_from_its_trial(void **state)
{
    struct world *w = *state;

    for (unsigned i = 0; i < 100000 && !w->journal.live.pending.present; i++)
        (void)otter_client_step(&w->client, w->now);
    w->net.silent = true;
    assert_true(world_run(w, 61000));
    assert_int_equal(w->journal.live.report_count, 1);
    w->net.silent = false;
    w->server.empty_offer = true;
    world_reset(w);
    assert_false(world_run(w, 60000));
    assert_true(world_reported(w, OTTER_UPDATE_INSTALLED, NULL));
    assert_true(world_reported(w, OTTER_UPDATE_TESTING, NULL));
}

#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies_that_keep_and_replies_that_acknowledge),
        T(reports_go_oldest_first_and_the_newest_rides_in_the_poll),
        cmocka_unit_test(a_stop_ends_the_attempt_before_it_is_installed),
        T(a_stop_comes_too_late_for_an_installed_image),
        T(a_dead_network_does_not_keep_an_installed_image_from_its_trial),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
