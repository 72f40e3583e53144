#include "inspect.h"

#include "boot/keys.h"
#include "core/bytes.h"
#include "device.h"

#include <stdlib.h>
#include <string.h>

/* The flash file with the journal's two halves copied to memory: what is written goes there alone. */
struct overlay {
    struct otter_flash flash;
    struct otter_flash_file *file;
    uint8_t *journal;
};

static uint32_t journal_size(const struct otter_flash_map *map)
{
    return 2 * map->journal_half;
}

/* Where in the copy the range lies; NULL if it is not wholly in the journal. */
static uint8_t *in_journal(const struct overlay *o, uint32_t addr, uint32_t len)
{
    const struct otter_flash_map *map = o->flash.map;

    if (addr < map->journal_base || addr - map->journal_base > journal_size(map) ||
        len > journal_size(map) - (addr - map->journal_base))
        return NULL;
    return o->journal + (addr - map->journal_base);
}

static enum otter_status overlay_read(struct otter_flash *self, uint32_t addr, void *buf, uint32_t len)
{
    const struct overlay *o = OTTER_CONTAINER_OF(self, struct overlay, flash);
    const uint8_t *from = in_journal(o, addr, len);

    if (from == NULL)
        return otter_flash_file_peek(o->file, addr, buf, len) == 0 ? OTTER_OK : OTTER_IO_ERROR;
    memcpy(buf, from, len);
    return OTTER_OK;
}

static enum otter_status overlay_program(struct otter_flash *self, uint32_t addr, const void *buf,
                                         uint32_t len)
{
    const struct overlay *o = OTTER_CONTAINER_OF(self, struct overlay, flash);
    uint8_t *to = in_journal(o, addr, len);

    if (to == NULL)
        return OTTER_FLASH_ERROR;
    for (uint32_t i = 0; i < len; i++)
        to[i] &= ((const uint8_t *)buf)[i];
    return OTTER_OK;
}

static enum otter_status overlay_erase(struct otter_flash *self, uint32_t addr)
{
    const struct overlay *o = OTTER_CONTAINER_OF(self, struct overlay, flash);
    uint32_t size;
    uint32_t base = otter_flash_sector(o->flash.map, addr, &size);
    uint8_t *to = in_journal(o, base, size);

    if (to == NULL)
        return OTTER_FLASH_ERROR;
    memset(to, 0xff, size);
    return OTTER_OK;
}

static void inspect_slot(struct otter_flash *flash, enum otter_slot slot, const struct otter_crypto *crypto,
                         const struct otter_image_keys *keys, struct emu_slot_report *ret)
{
    const struct otter_slot_layout *layout = &flash->map->slot[slot];
    struct otter_flash_source source;
    struct otter_image_info info;
    struct otter_digest hash;

    otter_flash_source_init(&source, flash, layout->base, layout->size - layout->trailer_size);
    ret->structure = otter_image_inspect(&source.source, &ret->info);
    if (ret->structure == OTTER_OK)
        ret->structure = otter_image_digest(crypto, &source.source, &ret->info, &ret->digest, &hash);
    ret->authentic = otter_verify_image(crypto, keys, &source.source, &info, &hash);
}

bool emu_inspect_flash(struct otter_flash_file *file, const struct otter_crypto *crypto,
                       struct emu_report *ret)
{
    const struct otter_flash_map *map = file->flash.map;
    auto_free uint8_t *copy = malloc(journal_size(map));
    struct overlay overlay = {
        .flash = {.map = map, .read = overlay_read, .program = overlay_program, .erase = overlay_erase},
        .file = file,
        .journal = copy,
    };
    struct otter_image_keys keys = {0};
    struct otter_journal journal;
    uint8_t raw[OTTER_FACTORY_MAX];
    uint32_t len = map->factory_size < sizeof(raw) ? map->factory_size : sizeof(raw);

    *ret = (struct emu_report){0};
    if (copy == NULL)
        return false;
    ret->factory_status = otter_flash_file_peek(file, map->factory_base, raw, len) == 0
                              ? otter_factory_decode(raw, len, &ret->factory)
                              : OTTER_IO_ERROR;
    if (ret->factory_status == OTTER_OK)
        otter_image_keys_init(crypto, &ret->factory, &keys);
    ret->journal_status = otter_flash_file_peek(file, map->journal_base, copy, journal_size(map)) == 0
                              ? otter_journal_open(&journal, &overlay.flash)
                              : OTTER_IO_ERROR;
    if (ret->journal_status == OTTER_OK) {
        ret->journal = journal.live;
        keys.revoked_count = 0;
        for (uint8_t i = 0; i < ret->journal.revoked_count; i++)
            keys.revoked[keys.revoked_count++] = ret->journal.revoked[i];
    }
    for (unsigned i = 0; i < 2; i++)
        inspect_slot(&overlay.flash, (enum otter_slot)i, crypto, &keys, &ret->slot[i]);
    return true;
}
