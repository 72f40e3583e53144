#include "policy/admit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static const struct {
    const char *name;
    struct policy_load at;
    enum policy_admission said[POLICY_ASKED_COUNT]; /* operator, report, poll, grant, blob, connection */
} rows[] = {
    {"all is quiet",
     {.connections = 10,
      .connections_max = 6400,
      .calls = 3,
      .calls_max = 4096,
      .files_left = 900,
      .files_max = 1024},
     {0}},
    {"nothing is bounded", {.connections = 1000000, .blobs = 1000000, .calls = 1000000}, {0}},
    {"connections below the reserve", {.connections = 5999, .connections_max = 6400}, {0}},
    {"connections at the reserve",
     {.connections = 6000, .connections_max = 6400},
     {[POLICY_ASKS_TO_ENTER] = POLICY_EVICT}},
    {"connections at the limit: who is in is served",
     {.connections = 6400, .connections_max = 6400},
     {[POLICY_ASKS_TO_ENTER] = POLICY_EVICT}},
    {"one connection may be open, and is",
     {.connections = 1, .connections_max = 1},
     {[POLICY_ASKS_TO_ENTER] = POLICY_EVICT}},
    {"one may be open, and none is", {.connections_max = 1}, {0}},
    {"the most connections that there can be",
     {.connections = UINT32_MAX, .connections_max = UINT32_MAX},
     {[POLICY_ASKS_TO_ENTER] = POLICY_EVICT}},
    {"blobs below seven eighths", {.blobs = 5599, .connections_max = 6400}, {0}},
    {"blobs at seven eighths of the connections",
     {.blobs = 5600, .connections_max = 6400},
     {[POLICY_ASKS_FOR_BLOB] = POLICY_DEFER}},
    {"half of the queue but one", {.calls = 2047, .calls_max = 4096}, {0}},
    {"half of the queue: grants come again",
     {.calls = 2048, .calls_max = 4096},
     {[POLICY_ASKS_FOR_GRANT] = POLICY_DEFER}},
    {"seven eighths of the queue but one",
     {.calls = 3583, .calls_max = 4096},
     {[POLICY_ASKS_FOR_GRANT] = POLICY_DEFER}},
    {"seven eighths of the queue: reports, too",
     {.calls = 3584, .calls_max = 4096},
     {[POLICY_ASKS_FOR_GRANT] = POLICY_DEFER, [POLICY_ASKS_TO_REPORT] = POLICY_DEFER}},
    {"the last place is an operator's",
     {.calls = 4095, .calls_max = 4096},
     {[POLICY_ASKS_FOR_GRANT] = POLICY_DEFER, [POLICY_ASKS_TO_REPORT] = POLICY_DEFER}},
    {"a full queue: only memory answers",
     {.calls = 4096, .calls_max = 4096},
     {[POLICY_ASKS_FOR_GRANT] = POLICY_DEFER,
      [POLICY_ASKS_TO_REPORT] = POLICY_DEFER,
      [POLICY_ASKS_AS_OPERATOR] = POLICY_DEFER}},
    {"descriptors: a thirty-second and one", {.files_left = 33, .files_max = 1024}, {0}},
    {"descriptors: a thirty-second",
     {.files_left = 32, .files_max = 1024},
     {[POLICY_ASKS_FOR_BLOB] = POLICY_DEFER}},
    {"descriptors: a sixty-fourth",
     {.files_left = 16, .files_max = 1024},
     {[POLICY_ASKS_FOR_BLOB] = POLICY_DEFER, [POLICY_ASKS_TO_ENTER] = POLICY_EVICT}},
    {"descriptors: none",
     {.files_max = 1024},
     {[POLICY_ASKS_FOR_BLOB] = POLICY_DEFER, [POLICY_ASKS_TO_ENTER] = POLICY_EVICT}},
};

static void each_load_defers_and_evicts_what_the_table_says(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (unsigned asked = 0; asked < POLICY_ASKED_COUNT; asked++) {
            enum policy_admission said = policy_admit((enum policy_asked)asked, &rows[i].at);

            if (said != rows[i].said[asked])
                fail_msg("%s: %s: %u", rows[i].name, policy_asked_name((enum policy_asked)asked), said);
        }
    }
}

/* Whoever is deferred at a load is deferred at any higher one; and the order of the kinds holds everywhere.
 */
static void what_goes_first_goes_before_what_goes_last(void **state)
{
    (void)state;
    for (uint32_t max = 1; max <= 200; max++) {
        for (uint32_t calls = 0; calls <= max + 1; calls++) {
            struct policy_load load = {.calls = calls, .calls_max = max};

            if (policy_admit(POLICY_ASKS_FOR_GRANT, &load) == POLICY_SERVE)
                assert_int_equal(policy_admit(POLICY_ASKS_TO_REPORT, &load), POLICY_SERVE);
            if (policy_admit(POLICY_ASKS_TO_REPORT, &load) == POLICY_SERVE)
                assert_int_equal(policy_admit(POLICY_ASKS_AS_OPERATOR, &load), POLICY_SERVE);
            assert_int_equal(policy_admit(POLICY_ASKS_AS_OPERATOR, &load) == POLICY_SERVE, calls < max);
            assert_int_equal(policy_admit(POLICY_ASKS_FOR_NOTHING, &load), POLICY_SERVE);
        }
    }
}

/* 64,000 that were sent away together come again spread over the whole range. */
static void who_is_deferred_comes_again_spread(void **state)
{
    unsigned devices[POLICY_DEFER_MAX_S + 1] = {0}, connections[POLICY_DEFER_MAX_S + 1] = {0};

    (void)state;
    for (unsigned i = 0; i < 64000; i++) {
        char device[16];
        unsigned by_device, by_connection = policy_defer_s("", i);

        snprintf(device, sizeof device, "dev-%05u", i);
        by_device = policy_defer_s(device, i);
        assert_int_equal(by_device, policy_defer_s(device, 7)); /* its own place, whatever it comes by */
        assert_in_range(by_device, POLICY_DEFER_MIN_S, POLICY_DEFER_MAX_S);
        assert_in_range(by_connection, POLICY_DEFER_MIN_S, POLICY_DEFER_MAX_S);
        devices[by_device]++;
        connections[by_connection]++;
    }
    for (unsigned s = POLICY_DEFER_MIN_S; s <= POLICY_DEFER_MAX_S; s++) {
        assert_in_range(devices[s], 700, 1300); /* 1,000 of each */
        assert_in_range(connections[s], 700, 1300);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_load_defers_and_evicts_what_the_table_says),
        cmocka_unit_test(what_goes_first_goes_before_what_goes_last),
        cmocka_unit_test(who_is_deferred_comes_again_spread),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
