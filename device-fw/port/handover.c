#include "port/system.h"

#include "core/bytes.h"

static uint32_t handover_crc(const struct otter_handover *h)
{
    uint8_t b[8];

    otter_put_le32(b, h->magic);
    b[4] = h->slot;
    b[5] = h->trial;
    b[6] = h->boots_used;
    b[7] = h->reset_cause;
    return otter_crc32(0, b, sizeof(b));
}

void otter_handover_seal(struct otter_handover *h)
{
    h->magic = OTTER_HANDOVER_MAGIC;
    h->crc = handover_crc(h);
}

bool otter_handover_valid(const struct otter_handover *h)
{
    return h->magic == OTTER_HANDOVER_MAGIC && h->crc == handover_crc(h) && h->slot <= OTTER_SLOT_B &&
           h->reset_cause <= OTTER_RESET_WATCHDOG;
}
