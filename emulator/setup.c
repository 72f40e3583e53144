/* What a run stands on: its fleet, the devices' flash and memory, limits. */
#include "run_internal.h"

#include "core/bytes.h"
#include "host/certificate.h"
#include "host/cleanup.h"
#include "host/file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

/* A socket for each device that is awake, and with --keep a flash file. */
static bool raise_file_limit(const struct emu_options *o, struct host_error *err)
{
    rlim_t need = (rlim_t)o->concurrency * 2 + 32;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return host_fail_errno(err, HOST_ERROR_FILE, "RLIMIT_NOFILE");
    if (limit.rlim_cur >= need)
        return true;
    if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < need)
        return host_fail(err, HOST_ERROR_FILE,
                         "--concurrency %" PRIu32 " needs %" PRIu64 " open files, and only %" PRIu64
                         " are allowed (ulimit -Hn)",
                         o->concurrency, (uint64_t)need, (uint64_t)limit.rlim_max);
    limit.rlim_cur = need;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        return host_fail_errno(err, HOST_ERROR_FILE, "RLIMIT_NOFILE");
    return true;
}

static bool load_ca(struct emu_run_state *r, struct host_error *err)
{
    size_t len = 0;

    if (r->o->cacert != NULL && !host_ca_read(r->o->cacert, r->world.ca, sizeof(r->world.ca), &len, err))
        return false;
    r->world.ca_len = (uint16_t)len; /* <= OTTER_CA_MAX */
    return true;
}

static bool load_fleet_key(struct emu_run_state *r, struct host_error *err)
{
    const char *path = r->o->fleet_key;
    auto_free char *text = NULL;
    size_t len;

    if (path == NULL)
        return true;
    if (!host_file_read(path, 256, &text, &len, err))
        return false;
    r->world.has_fleet_key = otter_b64_decode(text, strcspn(text, "\r\n"), r->world.fleet_key,
                                              OTTER_SECRET_LEN) == (int)OTTER_SECRET_LEN;
    return r->world.has_fleet_key ||
           host_fail(err, HOST_ERROR_FORMAT, "%s: no fleet key: 32 bytes in base64url are expected", path);
}

static bool open_log(struct emu_run_state *r, struct host_error *err)
{
    if (r->o->verbose)
        r->world.events.terminal = r->err;
    if (r->o->log == NULL)
        return true;
    r->world.events.file = fopen(r->o->log, "we");
    return r->world.events.file != NULL || host_fail_errno(err, HOST_ERROR_FILE, "%s", r->o->log);
}

/* In `dir`, a file each; NULL: in the pool. */
static bool open_devices(struct emu_run_state *r, const char *dir, struct host_error *err)
{
    for (; r->opened < r->fleet.count; r->opened++) {
        const struct emu_member *member = &r->fleet.member[r->opened];
        auto_free char *path = NULL;

        if (dir != NULL && asprintf(&path, "%s/%s.flash", dir, member->id) < 0) {
            path = NULL;
            return host_fail(err, HOST_ERROR_MEMORY, "out of memory");
        }
        if (!emu_device_open(&r->device[r->opened], &r->world, r->opened, member, path, err))
            return false;
    }
    return true;
}

static bool open_flash(struct emu_run_state *r, struct host_error *err)
{
    const char *dir = secure_getenv("TMPDIR");
    int error;

    if (r->o->keep != NULL)
        return host_mkdir_p(r->o->keep, 0755, err) && open_devices(r, r->o->keep, err);
    if (dir == NULL || dir[0] == '\0')
        dir = "/tmp";
    error = otter_flash_pool_open(dir, r->o->pool_mb, &r->world.pool);
    errno = -error;
    if (error != 0)
        return host_fail_errno(err, HOST_ERROR_FILE, "%s: the devices' flash", dir);
    return open_devices(r, NULL, err);
}

bool emu_run_set_up(struct emu_run_state *r, struct host_error *err)
{
    if (!load_ca(r, err) || !load_fleet_key(r, err) || !emu_fleet_load(r->o, &r->fleet, err) ||
        !raise_file_limit(r->o, err) || !open_log(r, err))
        return false;
    r->world.devices = r->fleet.count;
    r->world.links.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (r->world.links.epoll_fd < 0)
        return host_fail_errno(err, HOST_ERROR_FILE, "epoll");
    r->device = calloc(r->fleet.count, sizeof(*r->device));
    if (r->device == NULL || !emu_memory_init(&r->world.memory, r->fleet.count, sizeof(struct emu_ram)) ||
        !emu_loop_init(&r->loop, &r->world, r->fleet.count, r->o->concurrency))
        return host_fail(err, HOST_ERROR_MEMORY, "out of memory");
    return open_flash(r, err);
}

bool emu_run_tear_down(struct emu_run_state *r, struct host_error *err)
{
    bool ok = true;

    for (uint32_t i = 0; i < r->opened; i++)
        emu_device_close(&r->device[i]);
    free(r->device);
    otter_flash_pool_close(r->world.pool);
    emu_base_image_free(&r->world.base);
    emu_memory_free(&r->world.memory);
    emu_loop_free(&r->loop);
    emu_fleet_free(&r->fleet);
    if (r->world.links.epoll_fd >= 0)
        (void)close(r->world.links.epoll_fd);
    if (r->world.events.file != NULL && (ferror(r->world.events.file) | fclose(r->world.events.file)) != 0)
        ok = host_fail(err, HOST_ERROR_FILE, "%s: could not be written", r->o->log);
    return ok;
}
