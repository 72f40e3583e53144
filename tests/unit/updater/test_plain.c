/* The updater without TLS: http goes through, https is refused by its name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rig.h"

#include <string.h>

static void test_http_goes_through(void **state)
{
    struct rig *r = *state;

    assert_int_equal(rig_init(r), OTTER_OK);
    rig_run(r, 1000);
    assert_int_equal(r->polls, 1);
    assert_int_equal(rig_view(r).client.last_error, OTTER_OK);
}

static void test_https_is_refused_by_name_and_nothing_goes_out(void **state)
{
    struct rig *r = *state;

    r->config.url = "https://image.test";
    r->config.ca = r->ca;
    r->config.ca_len = r->ca_len;
    assert_int_equal(rig_init(r), OTTER_OK);
    rig_run(r, 1000);
    assert_int_equal(rig_view(r).client.last_error, OTTER_TLS_ABSENT);
    assert_int_equal(r->connections, 0);
}

static void test_another_server_by_http_is_reached_behind_one_by_https(void **state)
{
    struct rig *r = *state;

    strcpy(r->factory.url[0], "https://factory.test");
    rig_provision(r);
    assert_int_equal(rig_init(r), OTTER_OK);
    rig_run(r, UINT64_C(300000));
    assert_string_equal(r->net.host, "spare.test");
    assert_true(r->polls >= 1);
    assert_int_equal(rig_view(r).client.last_error, OTTER_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_http_goes_through, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(test_https_is_refused_by_name_and_nothing_goes_out, rig_setup,
                                        rig_teardown),
        cmocka_unit_test_setup_teardown(test_another_server_by_http_is_reached_behind_one_by_https, rig_setup,
                                        rig_teardown),
    };

    return cmocka_run_group_tests_name("updater-plain", tests, NULL, NULL);
}
