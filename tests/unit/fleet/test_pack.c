#include "fleet/pack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void expect(const struct fleet_pack *pack, const void *bytes, size_t len)
{
    assert_int_equal(pack->len, len);
    if (len)
        assert_memory_equal(pack->data, bytes, len);
}

static void tags_are_a_sorted_set(void **state)
{
    struct fleet_pack p = {0};

    (void)state;
    assert_true(fleet_pack_add(&p, "lab"));
    assert_true(fleet_pack_add(&p, "beta"));
    assert_true(fleet_pack_add(&p, "lab"));
    assert_true(fleet_pack_add(&p, "zoo"));
    expect(&p, "beta\0lab\0zoo\0", 14);
    assert_int_equal(fleet_pack_count(p.data), 3);
    fleet_pack_remove(&p, "none");
    fleet_pack_remove(&p, "lab");
    expect(&p, "beta\0zoo\0", 10);
    fleet_pack_remove(&p, "zoo");
    fleet_pack_remove(&p, "beta");
    expect(&p, "", 0);
    assert_null(fleet_pack_next(p.data, NULL));
    assert_true(fleet_pack_add(&p, "again"));
    expect(&p, "again\0", 7);
}

static void values_are_replaced_and_dropped(void **state)
{
    struct fleet_pack p = {0};

    (void)state;
    assert_true(fleet_pack_put(&p, "site", "oslo"));
    assert_true(fleet_pack_put(&p, "a", ""));
    assert_true(fleet_pack_put(&p, "site", "bergen"));
    expect(&p, "a\0\0site\0bergen\0", 16);
    fleet_pack_drop(&p, "none");
    fleet_pack_drop(&p, "site");
    expect(&p, "a\0\0", 4);
    fleet_pack_drop(&p, "a");
    expect(&p, "", 0);
}

static void full_pack_stays_as_it_was(void **state)
{
    struct fleet_pack p = {0}, before;
    char name[16], big[FLEET_PACK_MAX];
    unsigned n = 0;

    (void)state;
    for (;; n++) {
        (void)snprintf(name, sizeof(name), "name-%04u", n);
        before = p;
        if (!fleet_pack_put(&p, name, "0123456789"))
            break;
    }
    assert_int_equal(n, (FLEET_PACK_MAX - 1) / 21);
    expect(&p, before.data, before.len);
    memset(big, 'x', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    assert_false(fleet_pack_put(&p, "name-0000", big));
    expect(&p, before.data, before.len);
    assert_false(fleet_pack_add(&p, big));
    expect(&p, before.data, before.len);
}

static void only_packs_are_read(void **state)
{
    struct fleet_pack p;

    (void)state;
    assert_true(fleet_pack_read("a\0b\0", 5, &p));
    expect(&p, "a\0b\0", 5);
    assert_true(fleet_pack_read(NULL, 0, &p));
    assert_int_equal(p.len, 0);
    assert_false(fleet_pack_read("a\0b", 3, &p));
    assert_false(fleet_pack_read("ab\0", 3, &p));
    assert_false(fleet_pack_read("\0", 1, &p));
    assert_int_equal(p.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tags_are_a_sorted_set),
        cmocka_unit_test(values_are_replaced_and_dropped),
        cmocka_unit_test(full_pack_stays_as_it_was),
        cmocka_unit_test(only_packs_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
