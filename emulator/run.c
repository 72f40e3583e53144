#include "run.h"

#include "crypto/crypto_bearssl.h"
#include "host/certificate.h"
#include "host/cleanup.h"
#include "host/clock.h"
#include "host/file.h"
#include "loop.h"
#include "ports/posix/random_posix.h"
#include "summary.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#define LOOK_EVERY_US 50000u /* at the devices' outcomes */
#define PROGRESS_US   500000u

struct run {
    const struct emu_options *o;
    FILE *err;
    struct emu_world world;
    struct emu_fleet fleet;
    struct emu_device *device;
    uint32_t opened;
    struct emu_loop loop;
    struct emu_summary summary;
    uint64_t start_us;
    uint64_t progress_us; /* next line */
    bool terminal;
};

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

/* A flash file and a socket each. */
static bool raise_file_limit(const struct emu_options *o, uint32_t devices, struct host_error *err)
{
    rlim_t need = (rlim_t)devices + o->concurrency + 32;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return host_fail_errno(err, HOST_ERROR_FILE, "RLIMIT_NOFILE");
    if (limit.rlim_cur >= need)
        return true;
    if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < need)
        return host_fail(err, HOST_ERROR_FILE,
                         "%" PRIu32 " devices need %" PRIu64 " open files, and only %" PRIu64
                         " are allowed (ulimit -Hn): use --devices or --concurrency",
                         devices, (uint64_t)need, (uint64_t)limit.rlim_max);
    limit.rlim_cur = need;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        return host_fail_errno(err, HOST_ERROR_FILE, "RLIMIT_NOFILE");
    return true;
}

static bool load_ca(struct run *r, struct host_error *err)
{
    size_t len = 0;

    if (r->o->cacert != NULL && !host_ca_read(r->o->cacert, r->world.ca, sizeof(r->world.ca), &len, err))
        return false;
    r->world.ca_len = (uint16_t)len; /* <= OTTER_CA_MAX */
    return true;
}

static bool open_log(struct run *r, struct host_error *err)
{
    if (r->o->verbose)
        r->world.events.terminal = r->err;
    if (r->o->log == NULL)
        return true;
    r->world.events.file = fopen(r->o->log, "we");
    return r->world.events.file != NULL || host_fail_errno(err, HOST_ERROR_FILE, "%s", r->o->log);
}

/* Opens all devices' flash files in `dir`; the names go at once where the files are temporary. */
static bool open_devices(struct run *r, const char *dir, struct host_error *err)
{
    for (; r->opened < r->fleet.count; r->opened++) {
        const struct emu_member *member = &r->fleet.member[r->opened];
        auto_free char *path = NULL;
        bool ok;

        if (asprintf(&path, "%s/%s.flash", dir, member->id) < 0) {
            path = NULL;
            return host_fail(err, HOST_ERROR_MEMORY, "out of memory");
        }
        ok = emu_device_open(&r->device[r->opened], &r->world, r->opened, member, path, err);
        if (r->o->keep == NULL)
            (void)unlink(path);
        if (!ok)
            return false;
    }
    return true;
}

static bool open_flash(struct run *r, struct host_error *err)
{
    const char *parent = secure_getenv("TMPDIR");
    auto_free char *dir = NULL;
    bool ok;

    if (r->o->keep != NULL)
        return host_mkdir_p(r->o->keep, 0755, err) && open_devices(r, r->o->keep, err);
    if (asprintf(&dir, "%s/otter-emu-XXXXXX", parent != NULL && parent[0] != '\0' ? parent : "/tmp") < 0) {
        dir = NULL;
        return host_fail(err, HOST_ERROR_MEMORY, "out of memory");
    }
    if (mkdtemp(dir) == NULL)
        return host_fail_errno(err, HOST_ERROR_FILE, "%s", dir);
    ok = open_devices(r, dir, err);
    (void)rmdir(dir);
    return ok;
}

static bool set_up(struct run *r, struct host_error *err)
{
    if (!load_ca(r, err) || !emu_fleet_load(r->o, &r->fleet, err) ||
        !raise_file_limit(r->o, r->fleet.count, err) || !open_log(r, err))
        return false;
    r->world.devices = r->fleet.count;
    r->world.links.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (r->world.links.epoll_fd < 0)
        return host_fail_errno(err, HOST_ERROR_FILE, "epoll");
    r->device = calloc(r->fleet.count, sizeof(*r->device));
    if (r->device == NULL || !emu_loop_init(&r->loop, &r->world, r->fleet.count, r->o->concurrency))
        return host_fail(err, HOST_ERROR_MEMORY, "out of memory");
    return open_flash(r, err);
}

static bool tear_down(struct run *r, struct host_error *err)
{
    bool ok = true;

    for (uint32_t i = 0; i < r->opened; i++)
        emu_device_close(&r->device[i]);
    free(r->device);
    emu_loop_free(&r->loop);
    emu_fleet_free(&r->fleet);
    if (r->world.links.epoll_fd >= 0)
        (void)close(r->world.links.epoll_fd);
    if (r->world.events.file != NULL && (ferror(r->world.events.file) | fclose(r->world.events.file)) != 0)
        ok = host_fail(err, HOST_ERROR_FILE, "%s: could not be written", r->o->log);
    return ok;
}

static void look(struct run *r)
{
    struct emu_summary *s = &r->summary;

    *s = (struct emu_summary){.total.sockets = r->world.links.open_max_seen};
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
        s->total.received += d->link.received;
        s->total.sent += d->link.sent;
        s->total.drops += d->link.drops;
        s->total.corrupted += d->link.corrupted;
        s->total.handshakes += d->secure.tls.handshakes;
        s->total.resumed += d->secure.tls.resumed;
    }
}

static double seconds_since(const struct run *r)
{
    return (double)(r->world.links.now_us - r->start_us) / 1e6;
}

static void show_progress(struct run *r)
{
    char line[160];

    if (!r->terminal || r->world.links.now_us < r->progress_us)
        return;
    r->progress_us = r->world.links.now_us + PROGRESS_US;
    emu_summary_progress(line, sizeof(line), &r->summary, seconds_since(r));
    fprintf(r->err, "\r\033[K%s", line);
    fflush(r->err);
}

static bool as_expected(const struct run *r)
{
    return !emu_expect_any(&r->o->expect) ||
           emu_expect_reached(&r->o->expect, r->summary.met, r->summary.devices);
}

static bool finished(const struct run *r)
{
    uint64_t limit_us = (uint64_t)r->o->timeout_s * 1000000u;

    if (stop_asked || (limit_us > 0 && r->world.links.now_us - r->start_us >= limit_us))
        return true;
    if (r->o->until_idle)
        return r->summary.idle == r->summary.devices;
    return emu_expect_any(&r->o->expect) && as_expected(r);
}

static bool run_devices(struct run *r, struct host_error *err)
{
    r->start_us = r->world.links.now_us = host_clock_mono_us();
    for (uint32_t i = 0; i < r->fleet.count; i++)
        emu_loop_wake(&r->loop, &r->device[i]);
    look(r);
    for (uint64_t next_us = r->start_us; !finished(r);) {
        if (!emu_loop_round(&r->loop, next_us))
            return host_fail_errno(err, HOST_ERROR_INTERNAL, "epoll");
        if (r->world.links.now_us < next_us)
            continue;
        look(r);
        show_progress(r);
        next_us = host_clock_mono_us() + LOOK_EVERY_US;
    }
    if (r->terminal)
        fputs("\r\033[K", r->err);
    return true;
}

static bool print_summary(const struct run *r, bool ok, FILE *out, struct host_error *err)
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
    struct run r = {
        .o = o,
        .err = err,
        .world = {.options = o,
                  .crypto = &otter_crypto_bearssl,
                  .random = &otter_posix_random,
                  .links = {.plan = &o->fault, .epoll_fd = -1}},
        .terminal = !o->quiet && !o->verbose && isatty(fileno(err)),
    };
    bool done, ok = false;

    take_signals();
    done = set_up(&r, &error) && run_devices(&r, &error);
    if (done) {
        look(&r);
        ok = as_expected(&r);
        done = print_summary(&r, ok, out, &error);
    }
    if (!tear_down(&r, done ? &error : NULL))
        done = false;
    if (!done) {
        fprintf(err, "otter-emu: %s\n", error.message);
        return EMU_EXIT_FILE;
    }
    return ok ? EMU_EXIT_OK : EMU_EXIT_UNEXPECTED;
}
