#include "device.h"

#include "memo.h"

#include "core/bytes.h"

#include <stdlib.h>
#include <string.h>

#define BOOTS_MAX   10u     /* without a cut; each one allows two more */
#define STEPS_MAX   400000u /* of a boot */
#define DAYS_MAX    10u     /* of a boot */
#define SELFTEST_MS 2500u   /* longer than the first answer takes: the server comes first */
#define TRIAL_MS    600000u /* instead of an hour of polls that nobody answers */
#define DAY_MS      UINT64_C(86400000)
#define LOOKS       3u /* of a bootloader that meets a flash error */
#define OUT_SPARE   2048u

/* ---- ports and hooks ---- */

static void fill_random(struct otter_random *self, void *buf, size_t len)
{
    struct sim_device *d = OTTER_CONTAINER_OF(self, struct sim_device, random);
    uint8_t *p = buf;

    for (size_t i = 0; i < len; i++) {
        d->seed ^= d->seed << 13;
        d->seed ^= d->seed >> 7;
        d->seed ^= d->seed << 17;
        p[i] = (uint8_t)(d->seed >> 32);
    }
}

static bool fails_now(struct sim_device *d)
{
    if (d->wish.fate == SIM_SELF_TEST_FAILS)
        return true;
    return d->failed_tests < d->wish.lonely_trials && ++d->failed_tests > 0;
}

static enum otter_selftest_result self_test(struct otter_client_hooks *self)
{
    struct sim_device *d = OTTER_CONTAINER_OF(self, struct sim_device, hooks);

    if (d->now - d->boot_ms < SELFTEST_MS)
        return OTTER_SELFTEST_RUNNING;
    if (fails_now(d))
        return OTTER_SELFTEST_FAILED;
    d->judge.self_test_passed = true;
    sim_judge_licence(d);
    return OTTER_SELFTEST_PASSED;
}

/* ---- set-up ---- */

void sim_device_init(struct sim_device *d, const struct sim_material *m)
{
    memset(d, 0, sizeof(*d));
    d->m = m;
    sim_flash_init(&d->flash, m->geometry->map);
    d->random.fill = fill_random;
    d->hooks.self_test = self_test;
    memory_net_init(&d->net);
    d->net.serve = sim_server_serve;
    d->net.now = &d->now;
    d->net.piece = OTTER_CLIENT_CHUNK;
    d->net.out_max = m->release[SIM_RELEASES - 1].size + OUT_SPARE;
    d->net.out = malloc(d->net.out_max);
    if (d->net.out == NULL)
        abort();
    d->now = 1000;
}

void sim_device_free(struct sim_device *d)
{
    free(d->net.out);
    sim_flash_free(&d->flash);
}

void sim_device_put(struct sim_device *d, enum sim_release_id id)
{
    const struct sim_release *r = &d->m->release[id];

    memcpy(sim_flash_at(&d->flash, d->flash.flash.map->slot[r->slot].base), r->bytes, r->size);
}

void sim_device_confirm(struct sim_device *d, enum sim_release_id id)
{
    const struct sim_release *r = &d->m->release[id];
    const struct otter_confirmed confirmed = {.present = true,
                                              .slot = r->slot,
                                              .digest = r->digest,
                                              .epoch = r->epoch,
                                              .sequence = r->sequence,
                                              .counter = r->counter};

    if (otter_journal_open(&d->journal, &d->flash.flash) != OTTER_OK ||
        otter_journal_set_confirmed(&d->journal, &confirmed) != OTTER_OK)
        abort();
}

/* ---- a boot ---- */

static bool start_client(struct sim_device *d, enum otter_slot slot)
{
    struct otter_client_timing timing = otter_client_timing_default; /* the client keeps a copy */
    struct otter_client_config config = {
        .flash = &d->flash.flash,
        .journal = &d->journal,
        .net = &d->net.net,
        .random = &d->random,
        .crypto = &sim_crypto,
        .factory = &d->m->factory,
        .keys = &d->m->keys,
        .handover = &d->handover,
        .hooks = &d->hooks,
        .timing = &timing,
        .link_slot = slot,
    };
    const struct otter_slot_layout *layout = &d->flash.flash.map->slot[slot];
    enum otter_status status;

    timing.trial_deadline_ms = TRIAL_MS;
    d->flash.booting = false;
    d->flash.keep_base = layout->base;
    d->flash.keep_size = layout->size;
    d->boot_ms = d->now;
    /* The application opens the journal for itself. */
    status = sim_judge_open(d);
    if (status == OTTER_OK)
        status = otter_client_init(&d->client, &config, d->now);
    sim_judge_look(d);
    if (status != OTTER_OK)
        sim_fail(d, "the client does not start: %s", otter_status_name(status));
    return !d->judge.failed;
}

/* What a reset leaves of the RAM is nothing. */
static void lose_ram(struct sim_device *d)
{
    memset(&d->client, 0, sizeof(d->client));
    memset(&d->journal, 0, sizeof(d->journal));
    memset(&d->handover, 0, sizeof(d->handover));
    memset(d->net.in, 0, sizeof(d->net.in));
    d->net.open = false;
    d->net.in_len = d->net.out_at = d->net.out_len = 0;
    d->net.next_ms = 0;
    d->row = "none";
}

static bool boot(struct sim_device *d)
{
    struct otter_boot_decision decision = {.row = "none"};
    struct otter_boot boot = {&d->flash.flash, &sim_crypto, &d->m->keys, &d->m->factory, &d->journal, false};
    enum otter_status status = OTTER_FLASH_ERROR;

    d->seed = ++d->boots * UINT64_C(0x9e3779b97f4a7c15);
    d->flash.booting = true;
    d->flash.keep_size = 0;
    /* A flash error does not end a bootloader: it looks again. */
    for (unsigned i = 0; i < LOOKS && status != OTTER_OK && !d->judge.failed; i++) {
        if (!boot.is_open)
            boot.is_open = sim_judge_open(d) == OTTER_OK;
        status = otter_boot_run(&boot, d->cause, &decision, &d->handover);
    }
    d->row = decision.row;
    if (status != OTTER_OK || !decision.jump) {
        sim_fail(d, "bricked: %s, row %s, A %s, B %s", otter_status_name(status), decision.row,
                 otter_status_name(decision.why[0]), otter_status_name(decision.why[1]));
        return false;
    }
    sim_judge_look(d);
    sim_judge_jump(d, decision.slot);
    return !d->judge.failed && start_client(d, decision.slot);
}

/* ---- a life ---- */

/* Nothing is left to do, and the server knows: of the wish, or after a dip of the refusal. */
static bool is_fulfilled(const struct sim_device *d)
{
    const struct otter_journal_live *live = &d->journal.live;
    const struct sim_release *end = &d->m->release[d->wish.end];
    const struct otter_running *running = &d->server.running;
    bool failed = d->dips > 0 && d->server.told[OTTER_UPDATE_FAILED];

    if (d->client.on_trial || live->pending.present || live->report_count > 0 || !d->judge.answered ||
        !running->confirmed || memcmp(running->sha256.b, live->confirmed.digest.b, OTTER_DIGEST_LEN) != 0)
        return false;
    if (failed)
        return true;
    if (d->wish.roots == SIM_ROOTS_REVOKE && live->revoked_count == 0)
        return false;
    for (unsigned i = 0; i < SIM_ROOTS_MAX; i++)
        if (d->m->roots[d->wish.roots][i] != NULL && live->root_version < i + 2)
            return false;
    return memcmp(running->sha256.b, end->digest.b, OTTER_DIGEST_LEN) == 0 &&
           (!d->wish.reverts || d->server.told[OTTER_UPDATE_REVERTED]);
}

enum what_next { GO_ON, RESET, DONE };

static enum what_next step(struct sim_device *d, bool (*until)(struct sim_device *d))
{
    struct otter_client_next next = otter_client_step(&d->client, d->now);

    sim_judge_look(d);
    if (d->judge.failed || (until != NULL && until(d)))
        return DONE;
    if (next.want == OTTER_WANT_RESET)
        return RESET;
    if (next.want == OTTER_WANT_STEP || (next.want == OTTER_WANT_NET && memory_net_ready(&d->net)))
        return GO_ON;
    if (is_fulfilled(d))
        return DONE;
    if (next.wake_ms - d->boot_ms > DAYS_MAX * DAY_MS)
        sim_fail(d, "it rests, and has not ended: row %s, trial %d, pending %d, reports %u", d->row,
                 d->client.on_trial, d->journal.live.pending.present, d->journal.live.report_count);
    d->now = next.wake_ms;
    return d->judge.failed ? DONE : GO_ON;
}

static enum what_next run(struct sim_device *d, bool (*until)(struct sim_device *d))
{
    enum what_next what = GO_ON;

    for (unsigned steps = 0; what == GO_ON; steps++) {
        what = step(d, until);
        if (steps > STEPS_MAX)
            sim_fail(d, "the client does not come to rest");
    }
    return what;
}

bool sim_device_live(struct sim_device *d, bool (*until)(struct sim_device *d))
{
    enum what_next what = RESET;

    while (what == RESET && !d->judge.failed) {
        if (d->boots > BOOTS_MAX + 2 * d->cuts)
            sim_fail(d, "%u boots, and no end: row %s", d->boots, d->row);
        lose_ram(d);
        if (d->judge.failed || (until != NULL && until(d)) || !boot(d))
            break;
        d->cause = OTTER_RESET_SOFTWARE;
        if (d->wish.fate == SIM_HANGS && d->handover.trial != 0)
            d->cause = OTTER_RESET_WATCHDOG; /* it never comes to its updater */
        else
            what = run(d, until);
    }
    return !d->judge.failed;
}
