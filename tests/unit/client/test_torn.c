/*
 * A device's life at random: a chain of releases into slot after slot, good ones and bad ones, new roots in
 * between, on a journal that turns often, while the power fails in any flash operation and again during the
 * recovery; what was torn leaves cells that read now so, now so. Whatever happens, the device boots, never
 * touches the image that runs, never goes back, and when the power holds it runs the last good release and
 * has told how each attempt ended.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "world.h"

#include "core/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIVES    60u
#define RELEASES 5u
#define HOUR_MS  3600000u

enum fate { GOOD, SELF_TEST_FAILS, HANGS, NO_SERVER, FATES };

/* Cases of a run, so that a test that quietly covers nothing would be seen. */
static struct {
    unsigned cuts, in_boot, in_start, in_steps, turns, fate[FATES], updated, reverted;
} seen;

struct life {
    struct world *w;
    uint64_t random;
    unsigned number;
    unsigned cuts_left;
    uint64_t attempt;
    enum fate fate;
    enum otter_slot to;
    enum otter_slot running;
    bool booted;
    uint64_t epoch, sequence; /* highest ever confirmed */
    uint32_t crc;             /* of the running slot */
    struct otter_root root;
};

static uint32_t draw(struct life *l, uint32_t n)
{
    l->random = l->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(l->random >> 33) % n;
}

static void arm(struct life *l, uint32_t within)
{
    if (l->cuts_left == 0)
        return;
    l->cuts_left--;
    l->w->flash.cut_at = l->w->flash.operations + 1 + draw(l, within);
}

static uint32_t slot_crc(const struct life *l, enum otter_slot slot)
{
    const struct otter_slot_layout *layout = &ram_flash_map_small.slot[slot];

    return otter_crc32(0, ram_flash_at(&l->w->flash, layout->base), layout->size);
}

/* What must hold whenever the device looks at itself. */
static void check(struct life *l)
{
    const struct otter_confirmed *c = &l->w->journal.live.confirmed;

    if (!c->present || c->epoch < l->epoch || (c->epoch == l->epoch && c->sequence < l->sequence))
        fail_msg("life %u: confirmed %u.%u after %u.%u", l->number, (unsigned)c->epoch, (unsigned)c->sequence,
                 (unsigned)l->epoch, (unsigned)l->sequence);
    l->epoch = c->epoch;
    l->sequence = c->sequence;
}

/* One start of the bootloader and the client; false: the power failed in it. */
static bool start(struct life *l)
{
    struct world *w = l->w;
    struct otter_boot boot = {&w->flash.flash, &otter_crypto_openssl, &w->keys,
                              &w->factory,     &w->journal,           false};
    struct otter_boot_decision decision = {0};
    bool hung = l->booted && w->handover.trial != 0 && l->fate == HANGS;
    enum otter_status status =
        otter_boot_run(&boot, hung ? OTTER_RESET_WATCHDOG : OTTER_RESET_POWER, &decision, &w->handover);

    seen.in_boot += w->flash.power_off;
    if (w->flash.power_off)
        return false;
    if (status != OTTER_OK || !decision.jump)
        fail_msg("life %u: bricked: %s, row %s, A %s, B %s", l->number, otter_status_name(status),
                 decision.row, otter_status_name(decision.why[0]), otter_status_name(decision.why[1]));
    w->boot_row = decision.row;
    check(l);
    l->running = decision.slot;
    l->crc = slot_crc(l, l->running);
    l->booted = true;
    /* The application opens the journal for itself. */
    if (otter_journal_open(&w->journal, &w->flash.flash) == OTTER_OK)
        assert_int_equal(world_start(w, decision.slot), OTTER_OK);
    seen.in_start += w->flash.power_off;
    return !w->flash.power_off;
}

static void restart(struct life *l)
{
    if (l->booted && slot_crc(l, l->running) != l->crc)
        fail_msg("life %u: the running slot was written to", l->number);
    if (l->w->flash.power_off) {
        seen.cuts++;
        ram_flash_power_on(&l->w->flash);
        if (draw(l, 2) == 0)
            arm(l, 40); /* again, while it recovers */
    }
    while (!start(l)) {
        seen.cuts++;
        ram_flash_power_on(&l->w->flash);
        if (draw(l, 2) == 0)
            arm(l, 40);
    }
}

/* On trial the fate shows: true if the application never comes to its updater. */
static bool suffer_fate(struct life *l)
{
    struct world *w = l->w;
    bool trial = world_view(w).on_trial;

    w->self_test = l->fate == SELF_TEST_FAILS ? OTTER_SELFTEST_FAILED : OTTER_SELFTEST_PASSED;
    w->server.poll_status = trial && l->fate == NO_SERVER ? 503 : 200;
    return trial && l->fate == HANGS;
}

/* Runs until the reset, the power cut, or `ms` later (false). */
static bool run(struct life *l, uint64_t until_ms)
{
    struct world *w = l->w;

    for (unsigned steps = 0; steps < 400000; steps++) {
        struct otter_client_next next = otter_client_step(&w->client, w->now);

        seen.in_steps += w->flash.power_off;
        if (w->flash.power_off || next.want == OTTER_WANT_RESET)
            return true;
        check(l);
        if (next.want == OTTER_WANT_STEP || (next.want == OTTER_WANT_NET && memory_net_ready(&w->net)))
            continue;
        assert_true(next.want != OTTER_WANT_TIME || next.wake_ms > w->now);
        w->now = next.wake_ms < until_ms ? next.wake_ms : until_ms;
        if (w->now == until_ms)
            return false;
    }
    fail_msg("life %u: the client does not come to rest", l->number);
    return false;
}

static struct life *current; /* for the server's hook, which knows the world alone */

static void offer_for_running(struct world *w, struct otter_offer *offer)
{
    const struct otter_running *running = &w->server.last_poll.poll.running;

    /* As the server does it: none while the target runs, none once the attempt has ended. */
    if (memcmp(running->sha256.b, w->new_image.digest.b, OTTER_DIGEST_LEN) == 0 ||
        running->slot == current->to)
        offer->empty = true;
    for (unsigned i = 0; i < w->server.reports; i++)
        if (w->server.report[i].attempt == current->attempt &&
            otter_update_finished(w->server.report[i].state))
            offer->empty = true;
    offer->slot = current->to;
    offer->attempt = current->attempt;
}

static void for_slot(struct world *w, struct otter_manifest *manifest)
{
    (void)w;
    manifest->image[0].slot = current->to;
    manifest->image[0].link = ram_flash_map_small.slot[current->to].base;
}

static void release(struct life *l, unsigned n)
{
    struct world *w = l->w;
    struct signed_image_options o = {
        {1, (uint8_t)(1 + n), (uint16_t)l->attempt, 0},
        ram_flash_map_small.slot[otter_slot_other(w->journal.live.confirmed.slot)].base,
        1000 + draw(l, 60000),
        1 + n / 2,
        (uint8_t)l->attempt,
        w->image_key};

    l->to = otter_slot_other(w->journal.live.confirmed.slot);
    l->attempt++;
    world_image_build(w, &w->new_image, &o);
    w->manifest.version = o.version;
    w->manifest.sequence = l->sequence + 1 + draw(l, 3);
    w->manifest.epoch = l->root.sequence_epoch;
    w->manifest.security_counter = o.counter;
    w->manifest.created++;
    world_publish(w);
    w->server.reports = 0;
    l->fate = draw(l, 2) == 0 ? GOOD : (enum fate)draw(l, FATES);
    seen.fate[l->fate]++;
}

/* A new root, sometimes with a new epoch, by the same keys. */
static void rotate(struct life *l)
{
    l->root.created++;
    l->root.sequence_epoch += draw(l, 2);
    world_add_root(l->w, &l->root);
    l->w->server.poll_headers = "Retry-After: 3600\r\nOtter-Root: 99\r\n";
}

/* Brings the log's end near the half's, so that turns fall anywhere. */
static void age_journal(struct life *l)
{
    struct otter_journal *j = &l->w->journal;
    uint32_t left = draw(l, 80), turn = j->now.turn;

    for (unsigned i = 0; j->now.turn == turn && j->flash->map->journal_half - j->now.write_at > left * 32;
         i++)
        assert_int_equal(otter_journal_set_token(j, i % 2 == 0 ? "even" : "odd"), OTTER_OK);
}

static bool told(const struct world *w, enum otter_update_state state)
{
    return world_reported(w, state, NULL);
}

static void live_through(struct life *l)
{
    struct world *w = l->w;
    uint64_t end = w->now + 40 * (uint64_t)HOUR_MS;
    uint32_t turn = w->journal.now.turn;
    bool updated;

    l->cuts_left = draw(l, 4);
    arm(l, draw(l, 3) == 0 ? 200 : 16000); /* of the download, or of what is around it */
    otter_client_poll_now(&w->client);
    while (w->now < end) {
        if (suffer_fate(l) || run(l, end))
            restart(l);
        if (l->cuts_left > 0 && w->flash.cut_at == 0 && draw(l, 2) == 0)
            arm(l, world_view(w).on_trial ? 60 : 16000);
    }
    w->flash.cut_at = 0;
    restart(l); /* once more, with the power on: what the last step wrote must hold, too */
    assert_false(run(l, w->now + HOUR_MS));
    seen.turns += w->journal.now.turn != turn;
    updated = memcmp(w->journal.live.confirmed.digest.b, w->new_image.digest.b, OTTER_DIGEST_LEN) == 0;
    seen.updated += updated;
    seen.reverted += told(w, OTTER_UPDATE_REVERTED);
    if (world_view(w).on_trial || w->journal.live.pending.present || w->journal.live.report_count > 0)
        fail_msg("life %u: not at rest: trial %u, pending %u, reports %u", l->number, world_view(w).on_trial,
                 w->journal.live.pending.present, w->journal.live.report_count);
    if (updated && l->fate != GOOD)
        fail_msg("life %u: fate %u was confirmed", l->number, (unsigned)l->fate);
    if (!updated && !told(w, OTTER_UPDATE_REVERTED) && !told(w, OTTER_UPDATE_FAILED))
        fail_msg("life %u: fate %u: neither updated nor told why", l->number, (unsigned)l->fate);
    assert_int_equal(w->server.last_poll.poll.running.confirmed, true);
    assert_memory_equal(w->server.last_poll.poll.running.sha256.b, w->journal.live.confirmed.digest.b,
                        OTTER_DIGEST_LEN);
}

static void a_life_of_torn_cuts_ends_well(void **state)
{
    unsigned first = 0, lives = LIVES;
    const char *only = getenv("OTTER_LIFE"); /* one life again, or from one on */

    (void)state;
    if (only != NULL) {
        first = (unsigned)strtoul(only, NULL, 10);
        lives = strchr(only, '+') != NULL ? 1000000 : first + 1;
    }
    for (unsigned n = first; n < lives; n++) {
        struct life l = {.number = n, .random = n * UINT64_C(0x9e3779b97f4a7c15) + 1};
        void *fresh;

        world_setup(&fresh);
        l.w = fresh;
        l.w->flash.seed = l.random;
        l.attempt = WORLD_ATTEMPT;
        l.root = l.w->root;
        l.w->server.tweak_offer = offer_for_running;
        l.w->server.tweak_manifest = for_slot;
        l.epoch = l.sequence = 1;
        current = &l;
        l.fate = GOOD;
        l.to = OTTER_SLOT_B;
        restart(&l);
        for (unsigned r = 0; r < RELEASES; r++) {
            if (draw(&l, 2) == 0)
                rotate(&l);
            if (draw(&l, 2) == 0)
                age_journal(&l);
            release(&l, r);
            live_through(&l);
        }
        assert_int_equal(l.w->flash.misuses, 0);
        world_teardown(&fresh);
    }
    print_message(
        "%u cuts (%u in boot, %u at the start, %u running), %u turns; fates %u %u %u %u; %u updated, "
        "%u reverted\n",
        seen.cuts, seen.in_boot, seen.in_start, seen.in_steps, seen.turns, seen.fate[0], seen.fate[1],
        seen.fate[2], seen.fate[3], seen.updated, seen.reverted);
    if (only == NULL) {
        assert_true(seen.in_boot > LIVES / 2 && seen.in_steps > LIVES && seen.turns > LIVES / 2);
        assert_true(seen.updated > LIVES && seen.reverted > LIVES / 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_life_of_torn_cuts_ends_well)};

    return cmocka_run_group_tests_name("client: torn cuts", tests, NULL, NULL);
}
