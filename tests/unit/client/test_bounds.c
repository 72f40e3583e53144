/* How much one step may do: what a watchdog is fed by (client/client.h; docs/porting.md, The watchdog). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "world.h"

#include <string.h>

/* Of a document: root and release keys of one threshold each, and what an old root says of a new one. */
#define SIGNATURES_A_STEP 8u

static unsigned checks; /* signatures, since set to 0 */

static bool counted_verify(const uint8_t point[OTTER_POINT_LEN], const uint8_t hash[OTTER_DIGEST_LEN],
                           const uint8_t sig[OTTER_SIG_LEN])
{
    checks++;
    return otter_crypto_openssl.p256_verify(point, hash, sig);
}

struct worst {
    uint32_t erases, programs;
    unsigned checks;
};

/* Steps until the client wants a reset, or has nothing to do for an hour. */
static void run(struct world *w, struct worst *worst)
{
    struct otter_crypto counting = otter_crypto_openssl;
    uint64_t end = w->now + 3600000;

    counting.p256_verify = counted_verify;
    w->client.config.crypto = &counting;
    for (unsigned steps = 0; w->now < end; steps++) {
        uint32_t erases = w->flash.erases, programs = w->flash.programs;
        struct otter_client_next next;

        checks = 0;
        next = otter_client_step(&w->client, w->now);
        erases = w->flash.erases - erases;
        programs = w->flash.programs - programs;
        worst->erases = erases > worst->erases ? erases : worst->erases;
        worst->programs = programs > worst->programs ? programs : worst->programs;
        worst->checks = checks > worst->checks ? checks : worst->checks;
        assert_true(steps < 400000);
        if (next.want == OTTER_WANT_RESET)
            break;
        if (next.want == OTTER_WANT_STEP || (next.want == OTTER_WANT_NET && memory_net_ready(&w->net)))
            continue;
        w->now = next.wake_ms < end ? next.wake_ms : end;
    }
    w->client.config.crypto = &otter_crypto_openssl;
}

/* Fills the journal's half with entries that say nothing new, until `left` more would turn it. */
static void fill_journal(struct world *w, unsigned entries)
{
    for (unsigned i = 0; i < entries; i++)
        assert_int_equal(otter_journal_set_failures(&w->journal, 1 + i % 2), OTTER_OK);
    assert_int_equal(otter_journal_set_failures(&w->journal, 0), OTTER_OK);
}

static void test_a_step_of_an_update_erases_one_sector_at_most(void **state)
{
    struct worst worst = {0};
    uint32_t turned = 0;

    (void)state;
    /* Wherever in the update the journal turns. */
    for (unsigned entries = 430; entries < 500; entries++) {
        struct world *w;
        void *s;
        uint32_t before;

        assert_int_equal(world_setup(&s), 0);
        w = s;
        fill_journal(w, entries);
        before = ram_flash_erases_in(&w->flash, ram_flash_map_small.journal_base,
                                     2 * ram_flash_map_small.journal_half);
        run(w, &worst); /* downloads, and wants a reset */
        assert_true(w->journal.live.pending.present);
        world_reset(w);
        run(w, &worst); /* on trial, and confirms */
        assert_true(w->journal.live.confirmed.present);
        turned += ram_flash_erases_in(&w->flash, ram_flash_map_small.journal_base,
                                      2 * ram_flash_map_small.journal_half) > before;
        assert_int_equal(world_teardown(&s), 0);
    }
    assert_true(turned > 10); /* it did turn, in many of them */
    print_message("worst step: %u erases, %u programs, %u signature checks\n", worst.erases, worst.programs,
                  worst.checks);
    assert_int_equal(worst.erases, 1);
    assert_true(worst.checks <= SIGNATURES_A_STEP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_step_of_an_update_erases_one_sector_at_most),
    };

    return cmocka_run_group_tests_name("client-bounds", tests, NULL, NULL);
}
