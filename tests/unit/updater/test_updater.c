/* The updater put together: what it begins with, what it does without, and how long a step may take. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rig.h"

#include "core/bytes.h"

#include <string.h>

#define MINUTE UINT64_C(60000)

/* ---- a provisioned device ---- */

static void test_a_device_polls_the_server_of_its_factory_data(void **state)
{
    struct rig *r = *state;

    assert_int_equal(rig_init(r), OTTER_OK);
    rig_run(r, 1000);
    assert_string_equal(r->net.host, "factory.test");
    assert_int_equal(r->net.port, 8480);
    assert_int_equal(r->polls, 1);
    assert_int_equal(rig_view(r).client.polls, 1);
    assert_int_equal(rig_view(r).client.last_error, OTTER_OK);
    rig_run(r, 2 * MINUTE);
    assert_true(r->polls >= 2);
}

static void test_the_stack_gets_address_and_name_of_the_factory_data(void **state)
{
    struct rig *r = *state;

    assert_int_equal(rig_init(r), OTTER_OK);
    assert_int_equal(r->starts, 1);
    assert_memory_equal(r->mac, r->factory.mac, 6);
    assert_string_equal(r->hostname, "lamp-1");
    assert_string_equal(rig_view(r).address, "10.0.2.15");
    r->online = false;
    assert_string_equal(rig_view(r).address, "");
    assert_true(rig_view(r).link);
    r->link_answers = false;
    assert_false(rig_view(r).link);
}

static void test_a_step_is_due_no_later_than_the_stacks_timer(void **state)
{
    struct rig *r = *state;
    struct otter_updater_next next;

    assert_int_equal(rig_init(r), OTTER_OK);
    rig_run(r, 2000); /* at rest: the next poll is a minute away */
    next = otter_updater_step(&r->updater, r->now);
    assert_int_equal(next.idle_ms, OTTER_UPDATER_IDLE_MS);
    r->timer_ms = 7;
    r->now += 100;
    next = otter_updater_step(&r->updater, r->now);
    assert_int_equal(next.idle_ms, 7);
    assert_int_equal(r->stack_ms, r->now);
    r->timer_ms = 0;
    assert_int_equal(otter_updater_step(&r->updater, r->now).idle_ms, 0);
}

static void test_a_poll_can_be_asked_for(void **state)
{
    struct rig *r = *state;

    assert_int_equal(rig_init(r), OTTER_OK);
    rig_run(r, 2000);
    assert_int_equal(r->polls, 1);
    otter_updater_poll_now(&r->updater);
    rig_run(r, 1000);
    assert_int_equal(r->polls, 2);
}

/* ---- without ---- */

static void spoil_nothing(struct rig *r)
{
    (void)r;
}

static void no_factory(struct rig *r)
{
    memset(ram_flash_at(&r->flash, ram_flash_map_small.factory_base), 0xff, 0x4000);
}

static void damaged_factory(struct rig *r)
{
    ram_flash_at(&r->flash, ram_flash_map_small.factory_base)[100] ^= 1;
}

static void cut_factory(struct rig *r)
{
    memset(ram_flash_at(&r->flash, ram_flash_map_small.factory_base) + 64, 0xff, 0x2000);
}

static void other_hardware(struct rig *r)
{
    strcpy(r->factory.hardware, "ram-board-2");
    rig_provision(r);
}

static void no_hand_over(struct rig *r)
{
    memset(&r->handover, 0, sizeof(r->handover));
}

static void no_hand_over_at_all(struct rig *r)
{
    r->config.handover = NULL;
}

static void other_slot(struct rig *r)
{
    r->config.link_slot = OTTER_SLOT_B;
}

static void no_image(struct rig *r)
{
    memset(ram_flash_at(&r->flash, ram_flash_map_small.slot[0].base), 0xff, 512);
}

static void url_that_is_none(struct rig *r)
{
    r->config.url = "ftp://elsewhere.test";
}

static char long_url[] = "http://"
                         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"; /* 129 */

static void url_too_long(struct rig *r)
{
    r->config.url = long_url;
}

static void url_as_long_as_may_be(struct rig *r)
{
    r->config.url = long_url + 1;
    long_url[1] = 'h';
    memcpy(long_url + 1, "http://", 7);
}

static void tls_name_too_long(struct rig *r)
{
    r->config.tls_name = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"; /* 65 */
}

static void ca_too_large(struct rig *r)
{
    static const uint8_t ca[OTTER_CA_MAX + 1];

    r->config.ca = ca;
    r->config.ca_len = sizeof(ca);
}

static void flash_fails(struct rig *r)
{
    r->flash.fail_after = 0;
}

static void test_whatever_is_missing_has_a_name_and_the_updater_is_off(void **state)
{
    static const struct {
        void (*spoil)(struct rig *r);
        enum otter_status off;
    } table[] = {
        {spoil_nothing, OTTER_OK},
        {no_factory, OTTER_UNKNOWN_DEVICE},
        {damaged_factory, OTTER_BAD_ENCODING},
        {cut_factory, OTTER_BAD_ENCODING},
        {other_hardware, OTTER_WRONG_HARDWARE},
        {no_hand_over, OTTER_SLOT_CONFUSED},
        {no_hand_over_at_all, OTTER_SLOT_CONFUSED},
        {other_slot, OTTER_SLOT_CONFUSED},
        {no_image, OTTER_IMAGE_MAGIC},
        {url_that_is_none, OTTER_BAD_VALUE},
        {url_too_long, OTTER_BAD_VALUE},
        {url_as_long_as_may_be, OTTER_OK},
        {tls_name_too_long, OTTER_BAD_VALUE},
        {ca_too_large, OTTER_BAD_VALUE},
        {flash_fails, OTTER_FLASH_ERROR},
    };

    (void)state;
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(table); i++) {
        struct rig *r;
        void *s;

        assert_int_equal(rig_setup(&s), 0);
        r = s;
        table[i].spoil(r);
        assert_int_equal(rig_init(r), table[i].off);
        rig_run(r, 3000);
        assert_int_equal(rig_view(r).off, table[i].off);
        assert_int_equal(rig_view(r).client.disabled, table[i].off != OTTER_OK);
        assert_int_equal(r->starts, table[i].off == OTTER_OK);
        assert_int_equal(r->connections > 0, table[i].off == OTTER_OK);
        assert_string_equal(rig_view(r).address, table[i].off == OTTER_OK ? "10.0.2.15" : "");
        otter_updater_poll_now(&r->updater); /* harmless */
        rig_run(r, 1000);
        assert_false(r->reset_wanted);
        assert_int_equal(rig_teardown(&s), 0);
    }
}

static void test_an_updater_that_is_off_ends_a_trial_by_its_deadline(void **state)
{
    static void (*const table[])(struct rig * r) = {no_factory, damaged_factory, other_slot, flash_fails};

    (void)state;
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(table); i++) {
        struct rig *r;
        void *s;

        assert_int_equal(rig_setup(&s), 0);
        r = s;
        r->handover.trial = 1;
        otter_handover_seal(&r->handover);
        r->timing.trial_deadline_ms = 5 * MINUTE;
        table[i](r);
        assert_int_not_equal(rig_init(r), OTTER_OK);
        rig_run(r, 5 * MINUTE - 1);
        assert_false(r->reset_wanted);
        rig_run(r, 2);
        assert_true(r->reset_wanted);
        assert_int_equal(rig_teardown(&s), 0);
    }
}

static void test_flash_that_comes_back_brings_the_updater_back(void **state)
{
    struct rig *r = *state;

    flash_fails(r);
    assert_int_equal(rig_init(r), OTTER_FLASH_ERROR);
    rig_run(r, 3 * MINUTE);
    assert_int_equal(rig_view(r).off, OTTER_FLASH_ERROR);
    r->flash.fail_after = UINT32_MAX;
    rig_run(r, MINUTE + 2000);
    assert_int_equal(rig_view(r).off, OTTER_OK);
    assert_int_equal(r->starts, 1);
    assert_true(r->polls >= 1);
}

static void test_a_controller_that_does_not_answer_leaves_the_rest_running(void **state)
{
    struct rig *r = *state;

    r->link_answers = r->online = false;
    assert_int_equal(rig_init(r), OTTER_OK);
    rig_run(r, MINUTE);
    assert_int_equal(rig_view(r).client.last_error, OTTER_NET_UNREACHABLE);
    r->link_answers = r->online = true; /* the stack asks it again by itself */
    rig_run(r, 5 * MINUTE);
    assert_int_equal(rig_view(r).client.last_error, OTTER_OK);
    assert_true(r->polls >= 1);
}

/* ---- what is compiled in wins ---- */

static void test_a_compiled_in_url_replaces_both_of_the_factory(void **state)
{
    struct rig *r = *state;

    r->config.url = "http://image.test:81/fleet";
    assert_int_equal(rig_init(r), OTTER_OK);
    r->net.refuse = true; /* each failure turns to the other server, if there is one */
    for (unsigned i = 0; i < 6; i++) {
        rig_run(r, 10 * MINUTE);
        assert_string_equal(r->net.host, "image.test");
        assert_int_equal(r->net.port, 81);
    }
    assert_true(r->connections >= 6);
}

/* Is this text anywhere in what was sent? */
static bool sent(const struct rig *r, const char *text)
{
    size_t len = strlen(text);

    for (uint32_t i = 0; i + len <= r->net.in_len; i++)
        if (memcmp(r->net.in + i, text, len) == 0)
            return true;
    return false;
}

static void test_a_url_of_the_image_leaves_the_factorys_tls_name_behind(void **state)
{
    struct rig *r = *state;

    strcpy(r->factory.url[0], "https://factory.test");
    strcpy(r->factory.tls_name[0], "of-the-factory.test");
    memcpy(r->factory.ca, r->ca, r->ca_len);
    r->factory.ca_len = (uint16_t)r->ca_len;
    rig_provision(r);
    assert_int_equal(rig_init(r), OTTER_OK);
    rig_run(r, 1000);
    assert_true(sent(r, "of-the-factory.test")); /* its SNI */
    r->net.net.close(&r->net.net);
    r->config.url = "https://image.test";
    assert_int_equal(rig_init(r), OTTER_OK);
    rig_run(r, 1000);
    assert_true(sent(r, "image.test"));
    assert_false(sent(r, "of-the-factory.test"));
}

static void test_a_tls_name_of_the_image_wins(void **state)
{
    struct rig *r = *state;

    r->config.url = "https://10.0.2.2:8443";
    r->config.tls_name = "otter.test";
    r->config.ca = r->ca;
    r->config.ca_len = r->ca_len;
    assert_int_equal(rig_init(r), OTTER_OK);
    rig_run(r, 1000);
    assert_string_equal(r->net.host, "10.0.2.2");
    assert_true(sent(r, "otter.test"));
}

static void test_a_ca_of_the_image_wins(void **state)
{
    struct rig *r = *state;

    strcpy(r->factory.url[0], "https://factory.test");
    r->factory.url[1][0] = '\0';
    r->factory.ca_len = 4; /* no certificate */
    rig_provision(r);
    assert_int_equal(rig_init(r), OTTER_OK);
    rig_run(r, 1000);
    assert_int_equal(rig_view(r).client.last_error, OTTER_TLS_NO_CA);
    assert_int_equal(r->connections, 0);
    r->config.ca = r->ca;
    r->config.ca_len = r->ca_len;
    assert_int_equal(rig_init(r), OTTER_OK);
    rig_run(r, 1000);
    assert_int_equal(r->connections, 1);
    assert_true(sent(r, "factory.test"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define RIG(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
        RIG(test_a_device_polls_the_server_of_its_factory_data),
        RIG(test_the_stack_gets_address_and_name_of_the_factory_data),
        RIG(test_a_step_is_due_no_later_than_the_stacks_timer),
        RIG(test_a_poll_can_be_asked_for),
        cmocka_unit_test(test_whatever_is_missing_has_a_name_and_the_updater_is_off),
        cmocka_unit_test(test_an_updater_that_is_off_ends_a_trial_by_its_deadline),
        RIG(test_flash_that_comes_back_brings_the_updater_back),
        RIG(test_a_controller_that_does_not_answer_leaves_the_rest_running),
        RIG(test_a_compiled_in_url_replaces_both_of_the_factory),
        RIG(test_a_url_of_the_image_leaves_the_factorys_tls_name_behind),
        RIG(test_a_tls_name_of_the_image_wins),
        RIG(test_a_ca_of_the_image_wins),
    };

    return cmocka_run_group_tests_name("updater", tests, NULL, NULL);
}
