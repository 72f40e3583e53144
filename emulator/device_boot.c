/* A restart: the bootloader over the device's flash, and the start of what it chose. */
#include "device_internal.h"

#include "boot/keys.h"
#include "core/bytes.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct emu_wait again = {.again = true};

static const struct otter_flash_map *map_of(const struct emu_device *d)
{
    return d->flash.flash.map;
}

/* --server, --tls-name and --cacert play what may be compiled into the application; --fleet-key, another
 * factory. */
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
    if (world->has_fleet_key) {
        memcpy(f->secret, world->fleet_key, sizeof(f->secret));
        f->fleet_key = true;
    }
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

    d->ram->has_factory = d->flash.flash.read(&d->flash.flash, map->factory_base, raw, len) == OTTER_OK &&
                          otter_factory_decode(raw, len, &d->ram->factory) == OTTER_OK;
    if (!d->ram->has_factory) {
        d->ram->keys = (struct otter_image_keys){0};
        return;
    }
    otter_image_keys_init(d->world->crypto, &d->ram->factory, &d->ram->keys);
    override_factory(d->world, &d->ram->factory);
}

static enum otter_selftest_result self_test(struct otter_client_hooks *self)
{
    const struct emu_device *d = OTTER_CONTAINER_OF(self, struct emu_ram, hooks)->device;

    return d->self_test_fails ? OTTER_SELFTEST_FAILED : OTTER_SELFTEST_PASSED;
}

/* How long the updater wants to wait after a failed cycle: tests hold its polls against it. */
static void say_back_off(struct emu_device *d)
{
    char text[64];

    snprintf(text, sizeof(text), "failures %" PRIu32 ", due %" PRIu64, d->ram->client.failures,
             d->ram->client.next_poll_ms);
    emu_device_say(d, "back-off", NULL, NULL, text);
}

static void client_event(struct otter_client_hooks *self, enum otter_update_state state,
                         enum otter_status reason, const char *text)
{
    struct emu_device *d = OTTER_CONTAINER_OF(self, struct emu_ram, hooks)->device;

    if (d->flash.power_off)
        return; /* code that runs on without power does not exist */
    emu_outcome_event(&d->outcome, state, reason);
    d->world->failure[reason]++;
    emu_device_say(d, "client", state == OTTER_UPDATE_STATE_COUNT ? NULL : otter_update_state_name(state),
                   reason == OTTER_OK ? NULL : otter_status_name(reason), text);
    if (state == OTTER_UPDATE_STATE_COUNT && strcmp(text, "roots") != 0)
        say_back_off(d);
}

/* What this image does on this device: as --bad has it, else as the image says about its self-test. */
static enum emu_badness badness_of(struct emu_device *d, const struct otter_image_info *info,
                                   const struct otter_flash_source *source)
{
    enum emu_badness bad = emu_bad_of(&d->world->options->bad, &info->header.version, d->ram->factory.device);
    struct otter_digest digest, hash;

    if (bad != EMU_BAD_NOT)
        return bad;
    if (info->selftest == OTTER_SELFTEST_NONE ||
        otter_image_digest(d->world->crypto, &source->source, info, &digest, &hash) != OTTER_OK ||
        !otter_selftest_applies(d->world->crypto, &digest, d->ram->factory.device, info->selftest_percent))
        return EMU_BAD_NOT;
    return info->selftest == OTTER_SELFTEST_HANG ? EMU_BAD_HANG : EMU_BAD_FAIL;
}

/* It no longer does what an application does: feed the watchdog, or run the updater. */
static struct emu_wait go_wrong(struct emu_device *d, enum emu_badness bad)
{
    d->stand = bad == EMU_BAD_HANG ? EMU_STAND_HUNG : EMU_STAND_SILENT;
    emu_device_say(d, bad == EMU_BAD_HANG ? "hang" : "silent", NULL, NULL,
                   bad == EMU_BAD_HANG ? "the application stops feeding the watchdog"
                                       : "the updater is never heard of");
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
        .journal = &d->ram->journal,
        .net = &d->secure.net,
        .random = d->world->random,
        .crypto = d->world->crypto,
        .factory = d->ram->has_factory ? &d->ram->factory : NULL,
        .keys = &d->ram->keys,
        .handover = &d->handover,
        .hooks = &d->ram->hooks,
        .link_slot = slot,
        .always_hmac = d->world->options->auth_hmac,
    };

    otter_flash_source_init(&source, &d->flash.flash, layout->base, layout->size - layout->trailer_size);
    if (otter_image_inspect(&source.source, &info) != OTTER_OK)
        return emu_device_reset(d,
                                OTTER_RESET_SOFTWARE); /* authentic a moment ago: flash failed in between */
    d->outcome.has_version = true;
    d->outcome.version = info.header.version;
    d->stand = d->handover.trial ? EMU_STAND_TRIAL : EMU_STAND_CONFIRMED;
    bad = badness_of(d, &info, &source);
    if (bad == EMU_BAD_HANG || bad == EMU_BAD_SILENT)
        return go_wrong(d, bad);
    d->self_test_fails = bad == EMU_BAD_FAIL;
    d->ram->hooks = (struct otter_client_hooks){.self_test = self_test, .event = client_event};
    if (otter_journal_open(&d->ram->journal, &d->flash.flash) != OTTER_OK)
        return d->flash.power_off ? emu_device_cut(d) : emu_device_reset(d, OTTER_RESET_SOFTWARE);
    d->polls_seen = 0;
    d->polling = false;
    d->polls_at_confirm = 0;
    if (otter_client_init(&d->ram->client, &config, emu_clock_ms(&d->clock, d->world->links.now_us)) !=
        OTTER_OK)
        emu_device_say(d, "updater-off", NULL, NULL, NULL); /* its steps only wait */
    return d->flash.power_off ? emu_device_cut(d) : again;
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
    emu_device_say(d, "boot", d->handover.trial ? "trial" : "confirmed",
                   d->cause == OTTER_RESET_WATCHDOG ? "watchdog"
                   : d->cause == OTTER_RESET_POWER  ? "power"
                                                    : "reset",
                   text);
}

struct emu_wait emu_device_restart(struct emu_device *d)
{
    struct otter_boot boot = {
        .flash = &d->flash.flash,
        .crypto = d->world->crypto,
        .keys = &d->ram->keys,
        .journal = &d->ram->journal,
        .is_open = d->ram->journal_is_open,
    };
    struct otter_boot_decision decision = {0};
    enum otter_status status;

    emu_clock_start(&d->clock, d->world->links.now_us, d->world->options->speed);
    d->outcome.settled = false;
    read_factory(d);
    boot.factory = d->ram->has_factory ? &d->ram->factory : NULL;
    d->total.boots++;
    status = otter_boot_run(&boot, d->cause, &decision, &d->handover);
    d->ram->journal_is_open = boot.is_open && !decision.jump && !d->flash.power_off;
    if (d->flash.power_off)
        return emu_device_cut(d);
    if (status == OTTER_OK && decision.jump) {
        count_boot(d, &decision);
        return start_application(d, decision.slot);
    }
    d->stand = EMU_STAND_NOTHING;
    emu_device_say(d, "nothing-bootable", otter_status_name(decision.why[0]),
                   otter_status_name(decision.why[1]),
                   status == OTTER_OK ? "why slot A, why slot B" : otter_status_name(status));
    return emu_device_wait(d, EMU_RETRY_MS);
}
