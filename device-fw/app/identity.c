#include "app/identity.h"

#include "core/bytes.h"
#include "port/board.h"

#include <string.h>

/* Their addresses are the values (app.ld.in). */
extern const char otter_link_slot[], otter_slot_base[];

struct memory_source {
    struct otter_image_source source;
    const uint8_t *base;
};

static enum otter_status memory_read(const struct otter_image_source *self, uint32_t off, void *buf,
                                     uint32_t len)
{
    const struct memory_source *m = OTTER_CONTAINER_OF_CONST(self, struct memory_source, source);

    memcpy(buf, m->base + off, len);
    return OTTER_OK;
}

static struct memory_source source_of(const struct identity *id)
{
    const struct otter_slot_layout *slot = &id->map->slot[id->slot];

    return (struct memory_source){
        .source = {.read = memory_read, .size = slot->size - slot->trailer_size},
        .base = (const uint8_t *)(uintptr_t)slot->base,
    };
}

static void read_image(struct identity *id)
{
    const struct memory_source m = source_of(id);

    id->image = (uintptr_t)otter_slot_base != (uintptr_t)m.base ? OTTER_SLOT_CONFUSED
                                                                : otter_image_inspect(&m.source, &id->info);
}

void identity_read(struct identity *ret)
{
    memset(ret, 0, sizeof(*ret));
    ret->slot = (uintptr_t)otter_link_slot == 1 ? OTTER_SLOT_A : OTTER_SLOT_B;
    ret->image = OTTER_WRONG_HARDWARE;
    ret->map = otter_flash_map_find(board_hardware);
    if (ret->map == NULL)
        return;
    read_image(ret);
    ret->has_factory = otter_factory_decode((const uint8_t *)(uintptr_t)ret->map->factory_base,
                                            OTTER_FACTORY_MAX, &ret->factory) == OTTER_OK;
}

enum otter_status identity_image_digest(const struct identity *id, const struct otter_crypto *crypto,
                                        struct otter_digest *ret)
{
    struct memory_source m;
    struct otter_digest hash;

    if (id->image != OTTER_OK)
        return id->image;
    m = source_of(id);
    return otter_image_digest(crypto, &m.source, &id->info, ret, &hash);
}

uint32_t identity_image_crc(const struct identity *id)
{
    if (id->image != OTTER_OK)
        return 0;
    return otter_crc32(0, (const uint8_t *)(uintptr_t)id->map->slot[id->slot].base, id->info.file_size);
}

int identity_poll(const struct identity *id, char *out, size_t cap)
{
    struct otter_poll poll;

    if (!id->has_factory || id->image != OTTER_OK)
        return -1;
    memset(&poll, 0, sizeof(poll));
    memcpy(poll.device, id->factory.device, sizeof(poll.device));
    memcpy(poll.product, id->factory.product, sizeof(poll.product));
    memcpy(poll.hardware, id->factory.hardware, sizeof(poll.hardware));
    poll.running.version = id->info.header.version;
    poll.running.slot = id->slot;
    return otter_poll_encode(&poll, out, cap);
}
