#include "device_internal.h"

#include "core/bytes.h"
#include "ports/posix/net_posix.h"

/* Steps of the updater in one pass, so that no device starves the others. */
#define STEPS_A_PASS 32

static const struct emu_wait again = {.again = true};

void emu_device_say(const struct emu_device *d, const char *event, const char *state, const char *reason,
                    const char *text)
{
    emu_event_write(&d->world->events, &(struct emu_event){
                                           .device = d->id,
                                           .event = event,
                                           .state = state,
                                           .reason = reason,
                                           .text = text,
                                           .uptime_ms = emu_clock_ms(&d->clock, d->world->links.now_us),
                                       });
}

struct emu_wait emu_device_wait(const struct emu_device *d, uint64_t uptime_ms)
{
    return (struct emu_wait){.due_us = emu_clock_real_at(&d->clock, uptime_ms)};
}

/* Not a device's fate but the host's: the run is over, and what the device would do now does not count. */
static struct emu_wait host_failed(struct emu_device *d)
{
    if (d->world->flash_error == 0)
        d->world->flash_error = d->flash.error;
    return (struct emu_wait){.due_us = EMU_NEVER};
}

struct emu_wait emu_device_cut(struct emu_device *d)
{
    if (d->flash.error != 0)
        return host_failed(d);
    d->total.cuts++;
    emu_device_say(d, "power-cut", NULL, NULL, NULL);
    otter_flash_file_power_on(&d->flash);
    d->flash.cut_at = emu_cut_next(&d->world->options->cut, d->index, d->world->devices, d->flash.operations);
    return emu_device_reset(d, OTTER_RESET_POWER);
}

struct emu_wait emu_device_reset(struct emu_device *d, enum otter_reset_cause cause)
{
    emu_secure_reset(&d->secure);
    d->stand = EMU_STAND_OFF;
    d->cause = cause;
    return again;
}

/*
 * At rest between two polls, and so until a poll brings something: a fleet that polls without a pause is
 * never at rest as a whole.
 */
static bool settled(const struct emu_device *d, const struct otter_client_next *next,
                    const struct otter_client_view *view)
{
    if (view->on_trial || d->ram->journal.live.report_count > 0 || view->polls <= d->polls_at_confirm)
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

    otter_client_view(&d->ram->client, &view);
    polls = view.polls - d->polls_seen;
    d->polls_seen = view.polls;
    if (d->polling != (d->ram->client.phase == OTTER_PHASE_POLL && d->ram->client.ex.busy)) {
        d->polling = !d->polling;
        if (d->polling)
            emu_device_say(d, "poll", NULL, NULL, NULL);
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
        struct otter_client_next next = otter_client_step(&d->ram->client, now_ms);
        uint64_t link_due = EMU_NEVER;

        if (d->flash.power_off)
            return emu_device_cut(d);
        observe(d, &next);
        if (next.want == OTTER_WANT_RESET)
            return emu_device_reset(d, OTTER_RESET_SOFTWARE);
        emu_clock_set_rate(&d->clock, now_us, next.want == OTTER_WANT_TIME ? d->world->options->speed : 1);
        if (next.want == OTTER_WANT_STEP || next.wake_ms <= now_ms)
            continue;
        if (next.want == OTTER_WANT_NET && emu_link_ready(&d->link, next.net_write, &link_due))
            continue;
        return (struct emu_wait){.due_us = earlier(link_due, emu_clock_real_at(&d->clock, next.wake_ms))};
    }
    return again;
}

/* By where it stands. */
static struct emu_wait live(struct emu_device *d)
{
    uint64_t now_us = d->world->links.now_us;
    uint64_t limit_ms = d->stand == EMU_STAND_HUNG ? EMU_WATCHDOG_MS : EMU_RETRY_MS;

    if (d->clock.rate == 0)
        emu_clock_set_rate(&d->clock, now_us, d->world->options->speed);
    switch (d->stand) {
    case EMU_STAND_CONFIRMED:
    case EMU_STAND_TRIAL:
        return run_application(d);
    case EMU_STAND_HUNG:
    case EMU_STAND_NOTHING:
        if (emu_clock_ms(&d->clock, now_us) < limit_ms)
            return emu_device_wait(d, limit_ms);
        if (d->stand == EMU_STAND_HUNG) {
            d->total.watchdogs++;
            return emu_device_reset(d, OTTER_RESET_WATCHDOG);
        }
        return emu_device_restart(d);
    case EMU_STAND_SILENT:
        return (struct emu_wait){.due_us = EMU_NEVER};
    case EMU_STAND_OFF:
    case EMU_STAND_COUNT:
        break;
    }
    return emu_device_restart(d);
}

static void wake(struct emu_device *d)
{
    if (d->awake)
        return;
    d->awake = true;
    d->world->awake++;
    emu_memory_wake(&d->world->memory, d->index, &d->packed);
    d->ram->device = d;
}

/* A device that hangs, or whose updater never starts, leaves that by a reset alone: its RAM is nobody's. */
static void rest(struct emu_device *d)
{
    struct emu_memory *m = &d->world->memory;

    if (d->stand == EMU_STAND_HUNG || d->stand == EMU_STAND_SILENT)
        emu_memory_forget(m, d->index, &d->packed);
    else if (!emu_memory_rest(m, d->index, &d->packed))
        return; /* no memory to pack it into: it stays awake */
    otter_flash_file_rest(&d->flash);
    d->awake = false;
    d->world->awake--;
}

struct emu_wait emu_device_pass(struct emu_device *d)
{
    struct emu_wait wait;

    wake(d);
    wait = live(d);
    if (!wait.again && !emu_link_is_open(&d->link))
        rest(d);
    return wait;
}

void emu_device_hold(struct emu_device *d)
{
    emu_clock_set_rate(&d->clock, d->world->links.now_us, 0);
}
