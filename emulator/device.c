#include "device.h"

#include "boot/keys.h"
#include "core/bytes.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Steps of the updater in one pass, so that no device starves the others. */
#define STEPS_A_PASS 32

static const struct emu_wait again = {.again = true};

static const struct otter_flash_map *map_of(const struct emu_device *d)
{
    return d->flash.flash.map;
}

static void say(const struct emu_device *d, const char *event, const char *state, const char *reason,
                const char *text)
{
    emu_event_write(&d->world->events, &(struct emu_event){
                                           .device = d->factory.device,
                                           .event = event,
                                           .state = state,
                                           .reason = reason,
                                           .text = text,
                                           .uptime_ms = emu_clock_ms(&d->clock, d->world->links.now_us),
                                       });
}

/* --server, --tls-name and --cacert play what may be compiled into the application. */
static void override_factory(const struct emu_world *world, struct otter_factory *f)
{
    const char *server = world->options->server;
    const char *tls_name = world->options->tls_name;

    if (server != NULL) {
        memcpy(f->url[0], server, strlen(server) + 1); /* options.c bounds it by OTTER_URL_MAX */
        f->url[1][0] = '\0';
        f->tls_name[0][0] = '\0';
    }
    if (tls_name != NULL)
        memcpy(f->tls_name[0], tls_name, strlen(tls_name) + 1); /* likewise by OTTER_NAME_MAX */
    if (world->ca_len > 0) {
        memcpy(f->ca, world->ca, world->ca_len);
        f->ca_len = world->ca_len;
    }
}

/* As the bootloader does: factory data as flash holds them. */
static void read_factory(struct emu_device *d)
{
    const struct otter_flash_map *map = map_of(d);
    uint8_t raw[OTTER_FACTORY_MAX];
    uint32_t len = map->factory_size < sizeof(raw) ? map->factory_size : sizeof(raw);

    d->has_factory = d->flash.flash.read(&d->flash.flash, map->factory_base, raw, len) == OTTER_OK &&
                     otter_factory_decode(raw, len, &d->factory) == OTTER_OK;
    if (!d->has_factory) {
        d->keys = (struct otter_image_keys){0};
        return;
    }
    otter_image_keys_init(d->world->crypto, &d->factory, &d->keys);
    override_factory(d->world, &d->factory);
}

static enum otter_selftest_result self_test(struct otter_client_hooks *self)
{
    const struct emu_device *d = OTTER_CONTAINER_OF(self, struct emu_device, hooks);

    return d->self_test_fails ? OTTER_SELFTEST_FAILED : OTTER_SELFTEST_PASSED;
}

/* How long the updater wants to wait after a failed cycle: tests hold its polls against it. */
static void say_back_off(struct emu_device *d)
{
    char text[64];

    snprintf(text, sizeof(text), "failures %" PRIu32 ", due %" PRIu64, d->client.failures,
             d->client.next_poll_ms);
    say(d, "back-off", NULL, NULL, text);
}

static void client_event(struct otter_client_hooks *self, enum otter_update_state state,
                         enum otter_status reason, const char *text)
{
    struct emu_device *d = OTTER_CONTAINER_OF(self, struct emu_device, hooks);

    if (d->flash.power_off)
        return; /* code that runs on without power does not exist */
    emu_outcome_event(&d->outcome, state, reason);
    d->world->failure[reason]++;
    say(d, "client", state == OTTER_UPDATE_STATE_COUNT ? NULL : otter_update_state_name(state),
        reason == OTTER_OK ? NULL : otter_status_name(reason), text);
    if (state == OTTER_UPDATE_STATE_COUNT && strcmp(text, "roots") != 0)
        say_back_off(d);
}

/* What this image does on this device: as --bad has it, else as the image says about its self-test. */
static enum emu_badness badness_of(struct emu_device *d, const struct otter_image_info *info,
                                   const struct otter_flash_source *source)
{
    enum emu_badness bad = emu_bad_of(&d->world->options->bad, &info->header.version, d->factory.device);
    struct otter_digest digest, hash;

    if (bad != EMU_BAD_NOT)
        return bad;
    if (info->selftest == OTTER_SELFTEST_NONE ||
        otter_image_digest(d->world->crypto, &source->source, info, &digest, &hash) != OTTER_OK ||
        !otter_selftest_applies(d->world->crypto, &digest, d->factory.device, info->selftest_percent))
        return EMU_BAD_NOT;
    return info->selftest == OTTER_SELFTEST_HANG ? EMU_BAD_HANG : EMU_BAD_FAIL;
}

/* The power failed in this or the last call: the device comes back by its bootloader. */
static struct emu_wait power_cut(struct emu_device *d)
{
    d->total.cuts++;
    say(d, "power-cut", NULL, NULL, NULL);
    otter_flash_file_power_on(&d->flash);
    d->flash.cut_at = emu_cut_next(&d->world->options->cut, d->index, d->world->devices, d->flash.operations);
    emu_secure_reset(&d->secure);
    d->stand = EMU_STAND_OFF;
    d->cause = OTTER_RESET_POWER;
    return again;
}

static struct emu_wait reset(struct emu_device *d, enum otter_reset_cause cause)
{
    emu_secure_reset(&d->secure);
    d->stand = EMU_STAND_OFF;
    d->cause = cause;
    return again;
}

/* It no longer does what an application does: feed the watchdog, or run the updater. */
static struct emu_wait go_wrong(struct emu_device *d, enum emu_badness bad)
{
    d->stand = bad == EMU_BAD_HANG ? EMU_STAND_HUNG : EMU_STAND_SILENT;
    say(d, bad == EMU_BAD_HANG ? "hang" : "silent", NULL, NULL,
        bad == EMU_BAD_HANG ? "the application stops feeding the watchdog" : "the updater is never heard of");
    return again;
}

/* The jump: the image in its slot starts. */
static struct emu_wait start_application(struct emu_device *d, enum otter_slot slot)
{
    const struct otter_slot_layout *layout = &map_of(d)->slot[slot];
    struct otter_flash_source source;
    struct otter_image_info info;
    enum emu_badness bad;
    struct otter_client_config config = {
        .flash = &d->flash.flash,
        .journal = &d->journal,
        .net = &d->secure.net,
        .random = d->world->random,
        .crypto = d->world->crypto,
        .factory = d->has_factory ? &d->factory : NULL,
        .keys = &d->keys,
        .handover = &d->handover,
        .hooks = &d->hooks,
        .link_slot = slot,
        .always_hmac = d->world->options->auth_hmac,
    };

    otter_flash_source_init(&source, &d->flash.flash, layout->base, layout->size - layout->trailer_size);
    if (otter_image_inspect(&source.source, &info) != OTTER_OK)
        return reset(d, OTTER_RESET_SOFTWARE); /* authentic a moment ago: flash failed in between */
    d->outcome.has_version = true;
    d->outcome.version = info.header.version;
    d->stand = d->handover.trial ? EMU_STAND_TRIAL : EMU_STAND_CONFIRMED;
    bad = badness_of(d, &info, &source);
    if (bad == EMU_BAD_HANG || bad == EMU_BAD_SILENT)
        return go_wrong(d, bad);
    d->self_test_fails = bad == EMU_BAD_FAIL;
    d->hooks = (struct otter_client_hooks){.self_test = self_test, .event = client_event};
    if (otter_journal_open(&d->journal, &d->flash.flash) != OTTER_OK)
        return d->flash.power_off ? power_cut(d) : reset(d, OTTER_RESET_SOFTWARE);
    d->polls_seen = 0;
    d->polling = false;
    d->polls_at_confirm = 0;
    if (otter_client_init(&d->client, &config, emu_clock_ms(&d->clock, d->world->links.now_us)) != OTTER_OK)
        say(d, "updater-off", NULL, NULL, NULL); /* its steps only wait */
    return d->flash.power_off ? power_cut(d) : again;
}

static struct emu_wait wait_until(const struct emu_device *d, uint64_t uptime_ms)
{
    return (struct emu_wait){.due_us = emu_clock_real_at(&d->clock, uptime_ms)};
}

static void count_boot(struct emu_device *d, const struct otter_boot_decision *decision)
{
    char text[96];

    if (d->was_trial && !d->handover.trial && decision->slot != d->was_slot)
        d->total.reverts++;
    d->was_trial = d->handover.trial;
    d->was_slot = decision->slot;
    snprintf(text, sizeof(text), "slot %s, row %s, boots used %u", otter_slot_name(decision->slot),
             decision->row, d->handover.boots_used);
    say(d, "boot", d->handover.trial ? "trial" : "confirmed",
        d->cause == OTTER_RESET_WATCHDOG ? "watchdog"
        : d->cause == OTTER_RESET_POWER  ? "power"
                                         : "reset",
        text);
}

static struct emu_wait restart(struct emu_device *d)
{
    struct otter_boot boot = {
        .flash = &d->flash.flash,
        .crypto = d->world->crypto,
        .keys = &d->keys,
        .journal = &d->journal,
        .is_open = d->journal_is_open,
    };
    struct otter_boot_decision decision = {0};
    enum otter_status status;

    emu_clock_start(&d->clock, d->world->links.now_us, d->world->options->speed);
    d->outcome.settled = false;
    read_factory(d);
    boot.factory = d->has_factory ? &d->factory : NULL;
    d->total.boots++;
    status = otter_boot_run(&boot, d->cause, &decision, &d->handover);
    d->journal_is_open = boot.is_open && !decision.jump && !d->flash.power_off;
    if (d->flash.power_off)
        return power_cut(d);
    if (status == OTTER_OK && decision.jump) {
        count_boot(d, &decision);
        return start_application(d, decision.slot);
    }
    d->stand = EMU_STAND_NOTHING;
    say(d, "nothing-bootable", otter_status_name(decision.why[0]), otter_status_name(decision.why[1]),
        status == OTTER_OK ? "why slot A, why slot B" : otter_status_name(status));
    return wait_until(d, EMU_RETRY_MS);
}

/*
 * At rest between two polls, and so until a poll brings something: a fleet that polls without a pause is
 * never at rest as a whole.
 */
static bool settled(const struct emu_device *d, const struct otter_client_next *next,
                    const struct otter_client_view *view)
{
    if (view->on_trial || d->journal.live.report_count > 0 || view->polls <= d->polls_at_confirm)
        return false;
    if (next->want == OTTER_WANT_TIME && !emu_link_is_open(&d->link))
        return true;
    return d->outcome.settled && view->attempt == 0;
}

/* Takes over what the updater shows after a step. */
static void observe(struct emu_device *d, const struct otter_client_next *next)
{
    struct otter_client_view view;
    uint64_t polls;

    otter_client_view(&d->client, &view);
    polls = view.polls - d->polls_seen;
    d->polls_seen = view.polls;
    if (d->polling != (d->client.phase == OTTER_PHASE_POLL && d->client.ex.busy)) {
        d->polling = !d->polling;
        if (d->polling)
            say(d, "poll", NULL, NULL, NULL);
    }
    d->total.polls += polls;
    d->outcome.error = view.last_error;
    if (view.attempt != 0 || view.on_trial)
        d->outcome.quiet = 0;
    else
        d->outcome.quiet += (uint32_t)polls;
    if (d->stand == EMU_STAND_TRIAL && !view.on_trial)
        d->polls_at_confirm = view.polls;
    d->stand = view.on_trial ? EMU_STAND_TRIAL : EMU_STAND_CONFIRMED;
    d->outcome.settled = settled(d, next, &view);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static struct emu_wait run_application(struct emu_device *d)
{
    uint64_t now_us = d->world->links.now_us;

    for (int i = 0; i < STEPS_A_PASS; i++) {
        uint64_t now_ms = emu_clock_ms(&d->clock, now_us);
        struct otter_client_next next = otter_client_step(&d->client, now_ms);
        uint64_t link_due = EMU_NEVER;

        if (d->flash.power_off)
            return power_cut(d);
        observe(d, &next);
        if (next.want == OTTER_WANT_RESET)
            return reset(d, OTTER_RESET_SOFTWARE);
        emu_clock_set_rate(&d->clock, now_us, next.want == OTTER_WANT_TIME ? d->world->options->speed : 1);
        if (next.want == OTTER_WANT_STEP || next.wake_ms <= now_ms)
            continue;
        if (next.want == OTTER_WANT_NET && emu_link_ready(&d->link, next.net_write, &link_due))
            continue;
        return (struct emu_wait){.due_us = earlier(link_due, emu_clock_real_at(&d->clock, next.wake_ms))};
    }
    return again;
}

struct emu_wait emu_device_pass(struct emu_device *d)
{
    const uint32_t speed = d->world->options->speed;
    uint64_t now_us = d->world->links.now_us;
    uint64_t limit_ms = d->stand == EMU_STAND_HUNG ? EMU_WATCHDOG_MS : EMU_RETRY_MS;

    if (d->clock.rate == 0)
        emu_clock_set_rate(&d->clock, now_us, speed);
    switch (d->stand) {
    case EMU_STAND_CONFIRMED:
    case EMU_STAND_TRIAL:
        return run_application(d);
    case EMU_STAND_HUNG:
    case EMU_STAND_NOTHING:
        if (emu_clock_ms(&d->clock, now_us) < limit_ms)
            return wait_until(d, limit_ms);
        if (d->stand == EMU_STAND_HUNG) {
            d->total.watchdogs++;
            return reset(d, OTTER_RESET_WATCHDOG);
        }
        return restart(d);
    case EMU_STAND_SILENT:
        return (struct emu_wait){.due_us = EMU_NEVER};
    case EMU_STAND_OFF:
    case EMU_STAND_COUNT:
        break;
    }
    return restart(d);
}

void emu_device_hold(struct emu_device *d)
{
    emu_clock_set_rate(&d->clock, d->world->links.now_us, 0);
}

bool emu_device_may_connect(const struct emu_device *d)
{
    return (d->stand == EMU_STAND_CONFIRMED || d->stand == EMU_STAND_TRIAL) && !emu_link_is_open(&d->link);
}
