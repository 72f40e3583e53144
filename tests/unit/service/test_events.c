/* What is an event: the rules, and the program that they run, with the clock in the test's hand. */
#include "service/events.h"

#include "host/clock.h"
#include "host/file.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static void each_kind_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SVC_EVENT_KIND_COUNT; i++) {
        assert_true(strlen(svc_event_name(i)) > 3);
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(svc_event_name(i), svc_event_name(k));
    }
    assert_string_equal(svc_event_name(SVC_EVENT_KIND_COUNT), "?");
}

static void a_burst_is_told_once_a_window(void **state)
{
    static const struct {
        int64_t at;
        bool told;
    } losses[] = {
        {1000, false}, {1060, false}, {1101, false}, /* three, but not within 100 s */
        {1102, true},                                /* 1060, 1101, 1102 */
        {1103, false}, {1150, false}, {1202, false}, /* told 100 s ago */
        {1203, true},  {1500, false}, {1501, false}, /* a new one, and quiet again */
        {1502, true},  {900, false},  {901, false},  /* the clock went back: nothing before it counts */
        {902, true},   {902, false},
    };
    int64_t ring[3];
    struct events_burst b = {.size = 3, .window = 100, .at = ring};

    (void)state;
    for (size_t i = 0; i < sizeof(losses) / sizeof(losses[0]); i++)
        if (events_burst_add(&b, losses[i].at) != losses[i].told)
            fail_msg("loss %zu at %lld", i, (long long)losses[i].at);
}

static void a_burst_of_one_is_each_loss_of_a_new_window(void **state)
{
    int64_t ring[1];
    struct events_burst b = {.size = 1, .window = 10, .at = ring};

    (void)state;
    assert_true(events_burst_add(&b, 5));
    assert_false(events_burst_add(&b, 15));
    assert_true(events_burst_add(&b, 16));
}

static void a_low_value_is_told_again_only_after_it_recovered(void **state)
{
    static const struct {
        uint64_t value;
        bool told;
    } rows[] = {{1000, false}, {799, true},  {798, false}, {800, false}, {899, false},
                {700, false},  {900, false}, {799, true},  {0, false}};
    bool low = false;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (events_fell(&low, rows[i].value, 800) != rows[i].told)
            fail_msg("row %zu", i);
    assert_false(events_fell(&low, 0, 0)); /* no limit */
    assert_false(low);
}

static void a_certificate_is_told_at_fourteen_days_at_three_and_at_its_end(void **state)
{
    static const struct {
        int64_t left;
        unsigned level;
    } rows[] = {{INT64_C(14) * 86400 + 1, 0},
                {INT64_C(14) * 86400, 1},
                {INT64_C(3) * 86400 + 1, 1},
                {INT64_C(3) * 86400, 2},
                {1, 2},
                {0, 3},
                {-100, 3}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(events_certificate_level(rows[i].left), rows[i].level);
}

static void json_has_what_there_is_to_say(void **state)
{
    struct svc_event event = {.kind = SVC_EVENT_ROLLOUT_HALTED,
                              .at = 1800000000,
                              .rollout = 7,
                              .phase = 1,
                              .phases = 3,
                              .name = "spring",
                              .has_counts = true,
                              .counts[OTTER_UPDATE_FAILED] = 2,
                              .reason_count = 1,
                              .reasons[0] = {OTTER_SELF_TEST, 2},
                              .detail = "two are lost"};
    struct svc_event bare = {.kind = SVC_EVENT_DISK_LOW, .at = 5, .detail = "12 MiB"};
    json_t *j = svc_event_json(&event, "ota-1");
    char *text = json_dumps(j, JSON_COMPACT);

    (void)state;
    assert_string_equal(
        text, "{\"event\":\"rollout-halted\",\"time\":1800000000,\"server\":\"ota-1\",\"rollout\":7,"
              "\"name\":\"spring\",\"phase\":1,\"phases\":3,\"counts\":{\"failed\":2},"
              "\"reasons\":{\"self-test\":2},\"detail\":\"two are lost\"}");
    free(text);
    json_decref(j);
    j = svc_event_json(&bare, "ota-1");
    text = json_dumps(j, JSON_COMPACT);
    assert_string_equal(text,
                        "{\"event\":\"disk-low\",\"time\":5,\"server\":\"ota-1\",\"detail\":\"12 MiB\"}");
    free(text);
    json_decref(j);
}

/* ---- the program; `now` is the test's, only a child's end is waited for ---- */

struct shop {
    char dir[64], path[96];
    struct events_programs programs;
};

static int open_shop(void **state)
{
    struct shop *s = calloc(1, sizeof(*s));

    (void)snprintf(s->dir, sizeof(s->dir), "/tmp/otter-events-XXXXXX");
    if (!mkdtemp(s->dir))
        return -1;
    (void)snprintf(s->path, sizeof(s->path), "%s/program", s->dir);
    s->programs.path = s->path;
    *state = s;
    return 0;
}

static int close_shop(void **state)
{
    struct shop *s = *state;

    (void)unlink(s->path);
    (void)rmdir(s->dir);
    free(s);
    return 0;
}

static void write_program(struct shop *s, const char *script)
{
    struct host_error err = {0};

    assert_true(host_file_write(s->path, script, strlen(script), 0755, HOST_FILE_REPLACE, &err));
}

/* Looks at a frozen time until so many are left: what ends, ends by itself or was told to. */
static void look_until(struct shop *s, unsigned left, uint64_t now)
{
    const struct timespec pause = {.tv_nsec = 5000000};

    for (unsigned i = 0; i < 12000; i++) {
        if (events_programs_look(&s->programs, now) == left)
            return;
        (void)nanosleep(&pause, NULL);
    }
    fail_msg("programs still run");
}

static void a_program_is_taken_in_by_how_it_ended(void **state)
{
    struct shop *s = *state;

    write_program(s, "#!/bin/sh\nread line && test \"$1 $line\" = 'disk-low {}'\n");
    events_program_start(&s->programs, SVC_EVENT_DISK_LOW, "{}\n", 3, 1000);
    look_until(s, 0, 1000);
    assert_int_equal(s->programs.succeeded, 1);
    events_program_start(&s->programs, SVC_EVENT_FROZEN, "{}\n", 3, 1000);
    look_until(s, 0, 1000);
    assert_int_equal(s->programs.failed, 1);
    (void)unlink(s->path);
    events_program_start(&s->programs, SVC_EVENT_FROZEN, "{}\n", 3, 1000);
    assert_int_equal(s->programs.not_started, 1);
    assert_int_equal(events_programs_look(&s->programs, 1000), 0);
}

static void so_many_run_at_once_and_no_more(void **state)
{
    struct shop *s = *state;

    write_program(s, "#!/bin/sh\nexec sleep 1000\n");
    for (unsigned i = 0; i < EVENTS_AT_ONCE; i++) {
        assert_true(events_programs_place(&s->programs));
        events_program_start(&s->programs, SVC_EVENT_FROZEN, "", 0, 1000);
    }
    assert_false(events_programs_place(&s->programs));
    events_programs_end(&s->programs, 1000);
    look_until(s, 0, 1000);
    assert_true(events_programs_place(&s->programs));
    assert_int_equal(s->programs.overdue, EVENTS_AT_ONCE);
}

static void wait_for_file(const struct shop *s, const char *suffix)
{
    const struct timespec pause = {.tv_nsec = 5000000};
    char path[128];

    (void)snprintf(path, sizeof(path), "%s%s", s->path, suffix);
    for (unsigned i = 0; i < 12000; i++) {
        if (unlink(path) == 0)
            return;
        (void)nanosleep(&pause, NULL);
    }
    fail_msg("no %s", path);
}

static void an_overdue_program_is_asked_then_killed(void **state)
{
    struct shop *s = *state;
    pid_t pid;

    write_program(s, "#!/bin/sh\ntrap '' TERM\n: > \"$0.ready\"\nwhile :; do sleep 1000; done\n");
    events_program_start(&s->programs, SVC_EVENT_FROZEN, "", 0, 1000);
    pid = s->programs.running[0].pid;
    wait_for_file(s, ".ready");
    assert_int_equal(events_programs_look(&s->programs, 1000 + EVENTS_RUN_MS - 1), 1);
    assert_int_equal(s->programs.running[0].termed_ms, 0);
    assert_int_equal(events_programs_look(&s->programs, 1000 + EVENTS_RUN_MS), 1);
    assert_int_equal(s->programs.running[0].termed_ms, 1000 + EVENTS_RUN_MS);
    assert_int_equal(events_programs_look(&s->programs, 1000 + EVENTS_RUN_MS + EVENTS_KILL_MS - 1), 1);
    look_until(s, 0, 1000 + EVENTS_RUN_MS + EVENTS_KILL_MS);
    assert_int_equal(s->programs.overdue, 1);
    assert_int_equal(kill(pid, 0), -1); /* not even as a zombie */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_has_a_name_of_its_own),
        cmocka_unit_test(a_burst_is_told_once_a_window),
        cmocka_unit_test(a_burst_of_one_is_each_loss_of_a_new_window),
        cmocka_unit_test(a_low_value_is_told_again_only_after_it_recovered),
        cmocka_unit_test(a_certificate_is_told_at_fourteen_days_at_three_and_at_its_end),
        cmocka_unit_test(json_has_what_there_is_to_say),
        cmocka_unit_test_setup_teardown(a_program_is_taken_in_by_how_it_ended, open_shop, close_shop),
        cmocka_unit_test_setup_teardown(so_many_run_at_once_and_no_more, open_shop, close_shop),
        cmocka_unit_test_setup_teardown(an_overdue_program_is_asked_then_killed, open_shop, close_shop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
