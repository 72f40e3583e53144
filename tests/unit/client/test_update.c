/* The straight road, and each turn off it that ends well. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "world.h"

#include <string.h>

static const struct otter_slot_layout *slot_b(void)
{
    return &ram_flash_map_small.slot[1];
}

static void assert_running(struct world *w, enum otter_slot slot, const struct otter_digest *digest,
                           bool confirmed)
{
    const struct otter_poll *poll = &w->server.last_poll.poll;

    assert_int_equal(poll->running.slot, slot);
    assert_int_equal(poll->running.confirmed, confirmed);
    assert_memory_equal(poll->running.sha256.b, digest->b, OTTER_DIGEST_LEN);
}

static void an_update_goes_from_offer_to_confirm(void **state)
{
    struct world *w = *state;
    struct otter_report report;
    const struct otter_journal_live *live = &w->journal.live;

    assert_true(world_run(w, 60000));
    assert_true(live->pending.present);
    assert_memory_equal(live->pending.digest.b, w->new_image.digest.b, OTTER_DIGEST_LEN);
    assert_int_equal(live->pending.attempt, WORLD_ATTEMPT);
    assert_memory_equal(ram_flash_at(&w->flash, slot_b()->base), w->new_image.bytes, w->new_image.size);
    assert_true(world_reported(w, OTTER_UPDATE_DOWNLOADING, NULL));
    assert_true(world_reported(w, OTTER_UPDATE_DOWNLOADED, NULL));
    assert_true(world_reported(w, OTTER_UPDATE_INSTALLED, &report));
    assert_int_equal(report.step, 3);
    assert_int_equal(w->server.connections, 1); /* one for a whole update */

    world_reset(w);
    w->server.empty_offer = true;
    assert_false(world_run(w, 60000));
    assert_true(world_reported(w, OTTER_UPDATE_TESTING, &report));
    assert_int_equal(report.step, 4);
    assert_int_equal(live->confirmed.slot, OTTER_SLOT_B);
    assert_int_equal(live->confirmed.sequence, 2);
    assert_false(live->pending.present);
    assert_false(live->trial.present);
    assert_int_equal(otter_journal_install_count(&w->journal, &w->new_image.digest), 0);
    assert_running(w, OTTER_SLOT_B, &w->new_image.digest, true);
    assert_int_equal(live->report_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_update_goes_from_offer_to_confirm, world_setup, world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
