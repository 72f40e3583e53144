/* A run of a fleet, from its first look to its summary. */
#include "run_internal.h"

#include "crypto/crypto_bearssl.h"
#include "host/cleanup.h"
#include "host/clock.h"
#include "host/crypto.h"
#include "ports/posix/random_posix.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define LOOK_EVERY_US 50000u /* at the devices' outcomes, */
#define LOOK_SHARE    20u    /* or, with many of them, so many times as long as a look takes */
#define PROGRESS_US   500000u

static volatile sig_atomic_t stop_asked;

static void on_signal(int number)
{
    (void)number;
    stop_asked = 1;
}

static void take_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal}; /* no SA_RESTART: epoll_wait must return */

    stop_asked = 0;
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

static void look(struct emu_run_state *r)
{
    struct emu_summary *s = &r->summary;
    struct otter_flash_pool_use use = {0};

    if (r->world.pool != NULL)
        otter_flash_pool_use(r->world.pool, &use);
    *s = (struct emu_summary){
        .total = {.sockets = r->world.links.open_max_seen, .stored = use.bytes_max, .held = use.held}};
    memcpy(s->failure, r->world.failure, sizeof(s->failure));
    for (uint32_t i = 0; i < r->fleet.count; i++) {
        struct emu_device *d = &r->device[i];

        d->outcome.stand = d->stand;
        emu_summary_add(s, &r->o->expect, &d->outcome);
        s->total.boots += d->total.boots;
        s->total.reverts += d->total.reverts;
        s->total.watchdogs += d->total.watchdogs;
        s->total.cuts += d->total.cuts;
        s->total.polls += d->total.polls;
        s->total.operations += d->flash.operations;
        s->total.erases += d->flash.erases;
        s->total.received += d->link.received;
        s->total.sent += d->link.sent;
        s->total.drops += d->link.drops;
        s->total.corrupted += d->link.corrupted;
        s->total.handshakes += d->secure.tls.handshakes;
        s->total.resumed += d->secure.tls.resumed;
    }
}

static double seconds_since(const struct emu_run_state *r)
{
    return (double)(r->world.links.now_us - r->start_us) / 1e6;
}

static void show_progress(struct emu_run_state *r)
{
    char line[160];

    if (!r->terminal || r->world.links.now_us < r->progress_us)
        return;
    r->progress_us = r->world.links.now_us + PROGRESS_US;
    emu_summary_progress(line, sizeof(line), &r->summary, seconds_since(r));
    fprintf(r->err, "\r\033[K%s", line);
    fflush(r->err);
}

static bool as_expected(const struct emu_run_state *r)
{
    return !emu_expect_any(&r->o->expect) ||
           emu_expect_reached(&r->o->expect, r->summary.met, r->summary.devices);
}

static bool finished(const struct emu_run_state *r)
{
    uint64_t limit_us = (uint64_t)r->o->timeout_s * 1000000u;

    if (stop_asked || (limit_us > 0 && r->world.links.now_us - r->start_us >= limit_us))
        return true;
    if (r->o->until_idle)
        return r->summary.idle == r->summary.devices;
    return emu_expect_any(&r->o->expect) && as_expected(r);
}

/* The host's flash, not a device's: nothing that comes of it would mean anything. */
static bool flash_failed(const struct emu_run_state *r, struct host_error *err)
{
    struct otter_flash_pool_use use = {0};

    if (r->world.pool != NULL)
        otter_flash_pool_use(r->world.pool, &use);
    if (r->world.flash_error == -ENOSPC && use.limit > 0 && use.bytes == use.limit)
        return host_fail(err, HOST_ERROR_FILE,
                         "the flash of these devices needs more than --pool %" PRIu32 " (MB)", r->o->pool_mb);
    errno = -r->world.flash_error;
    return host_fail_errno(err, HOST_ERROR_FILE, "the devices' flash");
}

static bool run_devices(struct emu_run_state *r, struct host_error *err)
{
    uint64_t look_us;

    r->start_us = r->world.links.now_us = host_clock_mono_us();
    for (uint32_t i = 0; i < r->fleet.count; i++)
        emu_loop_wake(&r->loop, &r->device[i]);
    look(r);
    for (uint64_t next_us = r->start_us; !finished(r);) {
        if (!emu_loop_round(&r->loop, next_us))
            return host_fail_errno(err, HOST_ERROR_INTERNAL, "epoll");
        if (r->world.flash_error != 0)
            return flash_failed(r, err);
        if (r->world.links.now_us < next_us)
            continue;
        look_us = host_clock_mono_us();
        look(r);
        show_progress(r);
        next_us = host_clock_mono_us();
        look_us = (next_us - look_us) * LOOK_SHARE;
        next_us += look_us > LOOK_EVERY_US ? look_us : LOOK_EVERY_US;
    }
    if (r->terminal)
        fputs("\r\033[K", r->err);
    return true;
}

static bool print_summary(const struct emu_run_state *r, bool ok, FILE *out, struct host_error *err)
{
    auto_json json_t *j = NULL;
    auto_free char *text = NULL;
    size_t len;

    if (!r->o->json) {
        emu_summary_print(out, &r->summary, ok, seconds_since(r));
    } else {
        j = emu_summary_json(&r->summary, ok, seconds_since(r));
        text = j != NULL ? host_json_dump_pretty(j, &len) : NULL;
        if (text == NULL)
            return host_fail(err, HOST_ERROR_MEMORY, "out of memory");
        fwrite(text, 1, len, out);
    }
    return fflush(out) == 0 || host_fail_errno(err, HOST_ERROR_FILE, "standard output");
}

int emu_run(const struct emu_options *o, FILE *out, FILE *err)
{
    struct host_error error = {0};
    struct emu_run_state r = {
        .o = o,
        .err = err,
        .world = {.options = o,
                  .crypto = o->openssl ? &otter_crypto_openssl : &otter_crypto_bearssl,
                  .random = &otter_posix_random,
                  .links = {.plan = &o->fault, .sources = &o->sources, .epoll_fd = -1}},
        .terminal = !o->quiet && !o->verbose && isatty(fileno(err)),
    };
    bool done, ok = false;

    take_signals();
    done = emu_run_set_up(&r, &error) && run_devices(&r, &error);
    if (done) {
        look(&r);
        ok = as_expected(&r);
        done = print_summary(&r, ok, out, &error);
    }
    if (!emu_run_tear_down(&r, done ? &error : NULL))
        done = false;
    if (!done) {
        fprintf(err, "otter-emu: %s\n", error.message);
        return EMU_EXIT_FILE;
    }
    return ok ? EMU_EXIT_OK : EMU_EXIT_UNEXPECTED;
}
