/* The image reader stays within its source and its areas whatever the header and the TLVs say. */
#include "fuzz.h"

#include "core/bytes.h"
#include "core/image.h"
#include "host/crypto.h"

struct memory {
    struct otter_image_source source;
    const uint8_t *bytes;
};

static enum otter_status read_memory(const struct otter_image_source *self, uint32_t off, void *buf,
                                     uint32_t len)
{
    const struct memory *m = OTTER_CONTAINER_OF_CONST(self, struct memory, source);

    MUST(off <= self->size && len <= self->size - off);
    memcpy(buf, m->bytes + off, len);
    return OTTER_OK;
}

struct counter {
    struct otter_tlv_visitor visitor;
    uint32_t end;
    unsigned count;
};

static bool count_tlv(struct otter_tlv_visitor *self, bool is_protected, uint16_t type, uint16_t len,
                      uint32_t data_off)
{
    struct counter *c = OTTER_CONTAINER_OF(self, struct counter, visitor);

    (void)is_protected;
    (void)type;
    MUST(data_off <= c->end && len <= c->end - data_off);
    return ++c->count < 4000;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct memory m = {{read_memory, (uint32_t)size}, data};
    struct counter c = {.visitor = {count_tlv}};
    struct otter_image_info info;
    struct otter_digest digest;
    struct otter_digest hash;

    if (size > UINT32_MAX || otter_image_inspect(&m.source, &info) != OTTER_OK)
        return 0;
    MUST(info.hashed_size < info.file_size && info.file_size <= size);
    c.end = info.file_size;
    MUST(otter_image_tlvs(&m.source, &info, &c.visitor) == OTTER_OK && c.count > 0);
    MUST(otter_image_digest(&otter_crypto_openssl, &m.source, &info, &digest, &hash) == OTTER_OK);
    return 0;
}
