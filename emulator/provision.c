/* Opening a device's flash, and filling that of a new one as the factory does. */
#include "device.h"

#include "core/bytes.h"
#include "host/cleanup.h"
#include "host/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Why, by errno: the pool is full, or the disk. */
static bool flash_failed(const struct emu_device *d, struct host_error *err)
{
    errno = -d->flash.error;
    return host_fail_errno(err, HOST_ERROR_FILE, "device %s: writing its flash", d->id);
}

/* The image at `path`, at most max bytes; the world keeps it. */
static bool read_base(struct emu_base_image *base, const char *path, size_t max, struct host_error *err)
{
    auto_free char *name = NULL, *data = NULL;
    size_t len;

    if (base->path != NULL && strcmp(base->path, path) == 0 && base->len <= max)
        return true;
    if (!host_file_read(path, max, &data, &len, err))
        return false;
    name = strdup(path);
    if (name == NULL)
        return host_fail(err, HOST_ERROR_MEMORY, "out of memory");
    emu_base_image_free(base);
    *base = (struct emu_base_image){.path = HOST_STEAL(name), .data = HOST_STEAL(data), .len = len};
    return true;
}

void emu_base_image_free(struct emu_base_image *base)
{
    free(base->path);
    free(base->data);
    *base = (struct emu_base_image){0};
}

static bool load_image(struct emu_device *d, const char *path, struct host_error *err)
{
    const struct otter_slot_layout *slot = &d->flash.flash.map->slot[OTTER_SLOT_A];
    uint32_t room = slot->size - slot->trailer_size;
    const struct emu_base_image *base = &d->world->base;
    struct otter_flash_source source;
    struct otter_image_info info;
    enum otter_status status;

    if (!read_base(&d->world->base, path, slot->size, err))
        return false;
    if (otter_flash_file_load(&d->flash, slot->base, base->data, (uint32_t)base->len) != 0)
        return flash_failed(d, err);
    otter_flash_source_init(&source, &d->flash.flash, slot->base, room);
    status = otter_image_inspect(&source.source, &info);
    if (status != OTTER_OK)
        return host_fail(err, HOST_ERROR_FILE, "%s: no image for slot A (%s)", path,
                         otter_status_name(status));
    return true;
}

static bool is_new(struct emu_device *d, bool *ret_new)
{
    uint8_t magic[4];

    if (otter_flash_file_peek(&d->flash, d->flash.flash.map->factory_base, magic, sizeof(magic)) != 0)
        return false;
    *ret_new = memcmp(magic, "\xff\xff\xff\xff", sizeof(magic)) == 0;
    return true;
}

static bool fill(struct emu_device *d, const struct emu_member *member, const uint8_t *raw, size_t len,
                 struct host_error *err)
{
    const char *image = member->image != NULL ? member->image : d->world->options->slot_a;
    bool fresh;

    if (!is_new(d, &fresh))
        return host_fail(err, HOST_ERROR_FILE, "device %s: its flash file cannot be read", member->id);
    if (!fresh)
        return true;
    if (image != NULL && !load_image(d, image, err))
        return false;
    /* Factory data last: a flash file with them is whole. */
    if (otter_flash_file_load(&d->flash, d->flash.flash.map->factory_base, raw, (uint32_t)len) != 0)
        return flash_failed(d, err);
    return true;
}

static int open_flash(struct emu_device *d, const char *path, const struct otter_flash_map *map)
{
    struct otter_flash_bytes *bytes;
    int r;

    if (d->world->pool == NULL)
        return otter_flash_file_open(&d->flash, path, map);
    r = otter_flash_pool_share(d->world->pool, map->size, &bytes);
    if (r == 0)
        otter_flash_file_init(&d->flash, bytes, map);
    return r;
}

bool emu_device_open(struct emu_device *d, struct emu_world *world, uint32_t index,
                     const struct emu_member *member, const char *path, struct host_error *err)
{
    const struct otter_flash_map *map;
    struct otter_factory factory;
    uint8_t raw[OTTER_FACTORY_MAX];
    size_t len;
    int error;

    *d = (struct emu_device){.world = world, .id = member->id, .index = index, .cause = OTTER_RESET_POWER};
    if (!emu_factory_read(member->factory, raw, &len, &factory, err))
        return false;
    if (strcmp(factory.device, member->id) != 0)
        return host_fail(err, HOST_ERROR_FORMAT, "%s: is of device %s, not %s", member->factory,
                         factory.device, member->id);
    map = otter_flash_map_find(factory.hardware);
    if (map == NULL)
        return host_fail(err, HOST_ERROR_FORMAT, "%s: no flash map for hardware %s", member->factory,
                         factory.hardware);
    error = open_flash(d, path, map);
    errno = -error;
    if (error != 0)
        return host_fail_errno(err, HOST_ERROR_FILE, "%s", path);
    d->flash.seed = world->options->fault.seed ^ index;
    if (!fill(d, member, raw, len, err)) {
        otter_flash_file_close(&d->flash);
        return false;
    }
    otter_flash_file_rest(&d->flash);
    d->flash.cut_at = emu_cut_next(&world->options->cut, index, world->devices, d->flash.operations);
    d->ram = emu_memory_of(&world->memory, index);
    emu_link_init(&d->link, &world->links, index, d, &d->flash.power_off);
    emu_secure_init(&d->secure, &d->link, world->random);
    return true;
}

void emu_device_close(struct emu_device *d)
{
    if (d->world != NULL && d->link.links != NULL)
        d->secure.net.close(&d->secure.net);
    otter_flash_file_close(&d->flash);
    free(d->packed.bytes);
}
