/* The way of one device's attempt, as server and device see it. */
#include "world.h"

#include "core/bytes.h"

static int setup_rollout(void **state)
{
    struct world *w;

    if (world_setup_with_root(state) != 0)
        return -1;
    w = *state;
    world_release(w, 1);
    world_devices(w, 2);
    assert_int_equal(world_rollout(w, "all", "[100]", false), 1);
    return 0;
}

static void update_that_works_is_counted_as_succeeded(void **state)
{
    struct world *w = *state;

    world_update(w, 0);
    world_expect_state(w, 0, "succeeded");
    world_expect_state(w, 1, "never-seen");
    assert_int_equal(world_count(w, 1, "succeeded"), 1);
    assert_int_equal(world_count(w, 1, "offered"), 0);
    world_expect_rollout(w, 1, "running", 1);
    world_update(w, 1);
    assert_int_equal(world_count(w, 1, "succeeded"), 2);
    world_expect_rollout(w, 1, "complete", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(update_that_works_is_counted_as_succeeded, setup_rollout,
                                        world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
