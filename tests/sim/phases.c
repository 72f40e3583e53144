#include "phases.h"

#include <stdlib.h>
#include <string.h>

static void must(enum otter_status status)
{
    if (status != OTTER_OK)
        abort();
}

/* imgtool --pad: the trailer's magic. */
static void pad(struct sim_device *d, enum otter_slot slot)
{
    const struct otter_flash_map *map = d->flash.flash.map;
    const struct otter_slot_layout *layout = &map->slot[slot];

    otter_image_trailer_magic(map->trailer_align,
                              sim_flash_at(&d->flash, layout->base + layout->size - OTTER_TRAILER_MAGIC_LEN));
}

static void damage(struct sim_device *d, enum otter_slot slot)
{
    *sim_flash_at(&d->flash, d->flash.flash.map->slot[slot].base + 0x1000) ^= 1;
}

/* Brings the log's end to `left` records before the half's. */
static void age(struct sim_device *d, uint32_t left)
{
    struct otter_journal *j = &d->journal;

    for (unsigned i = 0; j->flash->map->journal_half - j->now.write_at > left * 32; i++)
        must(otter_journal_set_token(j, i % 2 == 0 ? "even" : "odd"));
}

static void turn_once(struct sim_device *d)
{
    uint32_t turn = d->journal.now.turn;

    for (unsigned i = 0; d->journal.now.turn == turn; i++)
        must(otter_journal_set_token(&d->journal, i % 2 == 0 ? "even" : "odd"));
}

/* ---- set-ups ---- */

static void from_factory(struct sim_device *d)
{
    sim_device_put(d, SIM_A1);
}

static void on_a1(struct sim_device *d)
{
    sim_device_put(d, SIM_A1);
    sim_device_confirm(d, SIM_A1);
}

/* In slot B, with a padded image in A whose trailer must go, and a journal that turns on the way. */
static void on_b2(struct sim_device *d)
{
    on_a1(d);
    pad(d, OTTER_SLOT_A);
    sim_device_put(d, SIM_B2);
    sim_device_confirm(d, SIM_B2);
    age(d, 30);
}

/* The slot holds what will be offered: the download is passed over. */
static void with_b2(struct sim_device *d)
{
    on_a1(d);
    sim_device_put(d, SIM_B2);
}

static void with_padded_b2(struct sim_device *d)
{
    with_b2(d);
    pad(d, OTTER_SLOT_B);
}

static void with_b_root(struct sim_device *d)
{
    on_a1(d);
    sim_device_put(d, SIM_B_ROOT);
}

static void with_b_key2(struct sim_device *d)
{
    on_a1(d);
    sim_device_put(d, SIM_B_KEY2);
}

/* A live set that is nearly as large as can be: two roots come on top while it turns. */
static void full_journal(struct sim_device *d)
{
    struct otter_journal *j = &d->journal;
    struct otter_rejected rejected;
    struct otter_installs installs;
    struct otter_held_report report = {.attempt = 99, .state = OTTER_UPDATE_DOWNLOADING};

    on_a1(d);
    rejected.cause = otter_status_code(OTTER_WATCHDOG);
    installs.count = 2;
    for (unsigned i = 0; i < OTTER_JOURNAL_REJECTED; i++) {
        memset(rejected.digest.b, (int)(0x40 + i), OTTER_DIGEST_LEN);
        must(otter_journal_add_rejected(j, &rejected));
    }
    for (unsigned i = 0; i < OTTER_JOURNAL_INSTALLS; i++) {
        memset(installs.digest.b, (int)(0x60 + i), OTTER_DIGEST_LEN);
        must(otter_journal_set_installs(j, &installs));
    }
    for (report.step = 1; report.step <= OTTER_JOURNAL_REPORTS; report.step++)
        must(otter_journal_add_report(j, &report));
    must(otter_journal_set_time_floor(j, 1000000));
}

static void before_turn_of_half_0(struct sim_device *d)
{
    full_journal(d);
    age(d, 40);
}

static void before_turn_of_half_1(struct sim_device *d)
{
    full_journal(d);
    turn_once(d);
    age(d, 90);
}

static bool is_half_way(struct sim_device *d)
{
    return d->client.dl.received > d->m->geometry->payload * 6 / 10;
}

static void half_way(struct sim_device *d)
{
    on_a1(d);
    sim_judge_begin(d);
    if (!sim_device_live(d, is_half_way))
        abort();
}

static void ruined_b2(struct sim_device *d)
{
    with_b2(d);
    sim_device_confirm(d, SIM_B2);
    damage(d, OTTER_SLOT_B);
}

/* The confirmed image is ruined while another one is pending. */
static void ruined_a1_pending_b2(struct sim_device *d)
{
    const struct sim_release *r = &d->m->release[SIM_B2];
    const struct otter_installs installs = {.digest = r->digest, .count = 1};
    const struct otter_pending pending = {.present = true,
                                          .slot = r->slot,
                                          .digest = r->digest,
                                          .epoch = r->epoch,
                                          .sequence = r->sequence,
                                          .counter = r->counter,
                                          .attempt = 99,
                                          .manifest = r->manifest_digest};

    with_b2(d);
    must(otter_journal_set_installs(&d->journal, &installs));
    must(otter_journal_set_pending(&d->journal, &pending));
    damage(d, OTTER_SLOT_A);
}

/* clang-format off */
const struct sim_phase sim_phases[SIM_PHASES] = {
    {"first-boot", from_factory, {SIM_NOTHING, SIM_ROOTS_NONE, SIM_GOOD, SIM_A1, false, 0}},
    {"update-a-b", on_a1, {SIM_B2, SIM_ROOTS_NONE, SIM_GOOD, SIM_B2, false, 0}},
    {"update-b-a", on_b2, {SIM_A3, SIM_ROOTS_NONE, SIM_GOOD, SIM_A3, false, 0}},
    {"resume", half_way, {SIM_B2, SIM_ROOTS_NONE, SIM_GOOD, SIM_B2, false, 0}},
    {"revert-self-test", with_b2, {SIM_B2, SIM_ROOTS_NONE, SIM_SELF_TEST_FAILS, SIM_A1, true, 0}},
    {"revert-watchdog", with_b2, {SIM_B2, SIM_ROOTS_NONE, SIM_HANGS, SIM_A1, true, 0}},
    {"revert-no-server", with_b2, {SIM_B2, SIM_ROOTS_NONE, SIM_NO_SERVER, SIM_A1, true, 0}},
    {"padded-trial", with_padded_b2, {SIM_NOTHING, SIM_ROOTS_NONE, SIM_GOOD, SIM_B2, false, 0}},
    {"journal-turn-0", before_turn_of_half_0, {SIM_NOTHING, SIM_ROOTS_TWO, SIM_GOOD, SIM_A1, false, 0}},
    {"journal-turn-1", before_turn_of_half_1, {SIM_NOTHING, SIM_ROOTS_TWO, SIM_GOOD, SIM_A1, false, 0}},
    {"root-rotation", with_b_root, {SIM_B_ROOT, SIM_ROOTS_TWO, SIM_GOOD, SIM_B_ROOT, false, 0}},
    {"key-revoked", with_b_key2, {SIM_B_KEY2, SIM_ROOTS_REVOKE, SIM_GOOD, SIM_B_KEY2, false, 0}},
    {"fallback", ruined_b2, {SIM_NOTHING, SIM_ROOTS_NONE, SIM_GOOD, SIM_A1, false, 0}},
    {"nothing-else", ruined_a1_pending_b2, {SIM_NOTHING, SIM_ROOTS_NONE, SIM_GOOD, SIM_B2, false, 4}},
};
/* clang-format on */

void sim_phase_begin(const struct sim_phase *phase, struct sim_device *d, const struct sim_material *m)
{
    sim_device_init(d, m);
    d->wish = phase->wish;
    phase->set_up(d);
    sim_judge_begin(d);
    memset(&d->server, 0, sizeof(d->server));
    memset(d->flash.erases, 0, sizeof(d->flash.erases));
    d->flash.operations = 0;
    d->boots = 0;
    d->cause = OTTER_RESET_POWER;
}
