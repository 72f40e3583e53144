/* Wrong tokens of operators, by address: who is locked, for how long, and who is not. */
#include "test.h"

#include "http/lockout.h"

#include <stdio.h>

#define FREE 10u

static struct http_lockout *make(unsigned free)
{
    struct http_lockout *l = http_lockout_new(free);

    assert_non_null(l);
    return l;
}

/* So many wrong ones at a time; was the last one too much? */
static bool wrong(struct http_lockout *l, const char *address, unsigned times, int64_t now)
{
    bool locked = false;

    for (unsigned i = 0; i < times; i++)
        locked = http_lockout_wrong(l, address, now);
    return locked;
}

static void so_many_are_free_then_each_one_locks_for_twice_as_long(void **state)
{
    static const unsigned seconds[] = {15, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600};
    struct http_lockout *l = make(FREE);
    int64_t now = 1000;

    (void)state;
    assert_false(wrong(l, "10.0.0.1", FREE, now));
    assert_int_equal(http_lockout_left(l, "10.0.0.1", now), 0);
    for (unsigned i = 0; i < sizeof seconds / sizeof seconds[0]; i++) {
        assert_true(wrong(l, "10.0.0.1", 1, now));
        assert_int_equal(http_lockout_left(l, "10.0.0.1", now), seconds[i]);
        assert_int_equal(http_lockout_left(l, "10.0.0.1", now + seconds[i] - 1), 1);
        now += seconds[i];
        assert_int_equal(http_lockout_left(l, "10.0.0.1", now), 0);
    }
    http_lockout_free(l);
}

static void a_right_one_or_a_quiet_hour_makes_forget(void **state)
{
    struct http_lockout *l = make(FREE);

    (void)state;
    wrong(l, "10.0.0.1", FREE, 1000);
    http_lockout_right(l, "10.0.0.1");
    assert_false(wrong(l, "10.0.0.1", FREE, 1000));
    assert_false(wrong(l, "10.0.0.1", FREE, 1000 + (int64_t)LOCKOUT_FORGET_S));
    assert_true(wrong(l, "10.0.0.1", 1, 1000 + 2 * (int64_t)LOCKOUT_FORGET_S - 1));
    http_lockout_free(l);
}

static void others_are_not_locked_but_one_site_of_ipv6_is(void **state)
{
    static const struct {
        const char *address;
        bool locked;
    } rows[] = {{"2001:db8::1", true},
                {"2001:db8::2:3", true},
                {"2001:db8:0:1::1", false},
                {"10.0.0.1", false},
                {"10.0.0.2", false},
                {"::1", false},
                {"unix", false},
                {"", false}};
    struct http_lockout *l = make(FREE);

    (void)state;
    assert_true(wrong(l, "2001:db8::1", FREE + 1, 1000));
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(http_lockout_left(l, rows[i].address, 1000) > 0, rows[i].locked);
    assert_false(wrong(l, "unix", 100, 1000)); /* whom the file's mode guards */
    http_lockout_free(l);
}

static void ipv4_is_one_address_however_a_proxy_writes_it(void **state)
{
    static const struct {
        const char *address;
        bool locked;
    } rows[] = {
        {"10.0.0.1", true}, {"::ffff:10.0.0.1", true}, {"::ffff:10.0.0.2", false}, {"10.0.0.2", false}};
    struct http_lockout *l = make(FREE);

    (void)state;
    assert_true(wrong(l, "::ffff:10.0.0.1", FREE + 1, 1000));
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(http_lockout_left(l, rows[i].address, 1000) > 0, rows[i].locked);
    http_lockout_free(l);
}

static void with_none_free_nobody_is_ever_locked(void **state)
{
    struct http_lockout *l = make(0);

    (void)state;
    assert_false(wrong(l, "10.0.0.1", 1000, 1000));
    assert_int_equal(http_lockout_left(l, "10.0.0.1", 1000), 0);
    http_lockout_free(l);
}

/* The table is of a fixed size: addresses that are not locked make room first. */
static void a_flood_of_addresses_does_not_free_who_is_locked(void **state)
{
    struct http_lockout *l = make(FREE);
    char address[32];

    (void)state;
    assert_true(wrong(l, "10.0.0.1", FREE + 1, 1000));
    for (unsigned i = 0; i < 4 * LOCKOUT_SETS * LOCKOUT_WAYS; i++) {
        (void)snprintf(address, sizeof address, "172.%u.%u.%u", 16 + (i >> 16), i >> 8 & 255, i & 255);
        wrong(l, address, 1, 1000);
    }
    assert_true(http_lockout_left(l, "10.0.0.1", 1000) > 0);
    http_lockout_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(so_many_are_free_then_each_one_locks_for_twice_as_long),
        cmocka_unit_test(a_right_one_or_a_quiet_hour_makes_forget),
        cmocka_unit_test(others_are_not_locked_but_one_site_of_ipv6_is),
        cmocka_unit_test(ipv4_is_one_address_however_a_proxy_writes_it),
        cmocka_unit_test(with_none_free_nobody_is_ever_locked),
        cmocka_unit_test(a_flood_of_addresses_does_not_free_who_is_locked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
