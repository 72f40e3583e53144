#include "port/flash.h"

#include "core/bytes.h"

uint32_t otter_flash_sector(const struct otter_flash_map *map, uint32_t addr, uint32_t *ret_size)
{
    for (unsigned i = 0; i < map->run_count; i++) {
        const struct otter_flash_run *run = &map->run[i];

        /* Unsigned: an address below the run wraps to a distance beyond its end. */
        if (addr - run->base < run->count * run->size) {
            *ret_size = run->size;
            return addr - (addr - run->base) % run->size;
        }
    }
    *ret_size = 0;
    return 0;
}

static enum otter_status source_read(const struct otter_image_source *self, uint32_t off, void *buf,
                                     uint32_t len)
{
    const struct otter_flash_source *s = OTTER_CONTAINER_OF_CONST(self, struct otter_flash_source, source);

    return s->flash->read(s->flash, s->base + off, buf, len);
}

void otter_flash_source_init(struct otter_flash_source *s, struct otter_flash *flash, uint32_t base,
                             uint32_t size)
{
    s->source.read = source_read;
    s->source.size = size;
    s->flash = flash;
    s->base = base;
}
