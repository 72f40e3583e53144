#include "core/bytes.h"
#include "core/image.h"

#include <string.h>

#define TLV_INFO_LEN  4u
#define TLV_ENTRY_LEN 4u
#define DER_MAX       72u

/* One of the two areas, its magic and bounds checked. Entries lie in [from, end). */
struct tlv_area {
    uint32_t from;
    uint32_t end;
    bool is_protected;
};

struct tlv_entry {
    uint16_t type;
    uint16_t len;
    uint32_t at; /* of the data */
};

/*
 * Reads the info header at `at`. A size of 0 asks for whatever total stands there, else it must be that.
 * TOO_LARGE if the area does not end within the source.
 */
static enum otter_status open_area(const struct otter_image_source *source, uint32_t at, uint16_t magic,
                                   uint16_t size, struct tlv_area *ret)
{
    uint8_t info[TLV_INFO_LEN];
    enum otter_status status;
    uint16_t total;

    if (at > source->size || source->size - at < TLV_INFO_LEN)
        return OTTER_IMAGE_TOO_LARGE;
    status = source->read(source, at, info, sizeof(info));
    if (status != OTTER_OK)
        return status;
    total = otter_le16(info + 2);
    if (otter_le16(info) != magic || total < TLV_INFO_LEN || total > OTTER_TLV_AREA_MAX ||
        (size != 0 && total != size))
        return OTTER_IMAGE_TLV;
    if (total > source->size - at) /* at <= source->size, above */
        return OTTER_IMAGE_TOO_LARGE;
    *ret = (struct tlv_area){at + TLV_INFO_LEN, at + total, magic == OTTER_TLV_PROT_MAGIC};
    return OTTER_OK;
}

/* The entry at `at` < area->end: both it and its data must end within the area. */
static enum otter_status read_entry(const struct otter_image_source *source, const struct tlv_area *area,
                                    uint32_t at, struct tlv_entry *ret)
{
    uint8_t head[TLV_ENTRY_LEN];
    enum otter_status status;

    if (area->end - at < TLV_ENTRY_LEN)
        return OTTER_IMAGE_TLV;
    status = source->read(source, at, head, sizeof(head));
    if (status != OTTER_OK)
        return status;
    *ret = (struct tlv_entry){otter_le16(head), otter_le16(head + 2), at + TLV_ENTRY_LEN};
    return ret->len > area->end - ret->at ? OTTER_IMAGE_TLV : OTTER_OK;
}

/* What each entry of ours must be like. */
struct tlv_rule {
    uint16_t type;
    uint16_t min;
    uint16_t max;
    bool is_protected;
};

enum { RULE_KEYHASH, RULE_SHA256, RULE_SIG, RULE_SEC_CNT, RULE_SELFTEST, RULE_COUNT };

static const struct tlv_rule rules[RULE_COUNT] = {
    [RULE_KEYHASH] = {OTTER_TLV_KEYHASH, OTTER_DIGEST_LEN, OTTER_DIGEST_LEN, false},
    [RULE_SHA256] = {OTTER_TLV_SHA256, OTTER_DIGEST_LEN, OTTER_DIGEST_LEN, false},
    [RULE_SIG] = {OTTER_TLV_ECDSA_SIG, 0, UINT16_MAX, false}, /* its own status: IMAGE_SIGNATURE */
    [RULE_SEC_CNT] = {OTTER_TLV_SEC_CNT, 4, 4, true},
    [RULE_SELFTEST] = {OTTER_TLV_SELFTEST, 2, 2, true},
};

static enum otter_status take_signature(const uint8_t *der, uint16_t len, struct otter_image_info *info)
{
    return otter_sig_from_der(der, len, info->sig) ? OTTER_OK : OTTER_IMAGE_SIGNATURE;
}

static enum otter_status take_selftest(const uint8_t *data, struct otter_image_info *info)
{
    if ((data[0] != OTTER_SELFTEST_FAIL && data[0] != OTTER_SELFTEST_HANG) || data[1] < 1 || data[1] > 100)
        return OTTER_IMAGE_TLV;
    info->selftest = (enum otter_selftest)data[0];
    info->selftest_percent = data[1];
    return OTTER_OK;
}

/* Takes over the data of the entry that follows rule number `rule`. */
static enum otter_status take_data(unsigned rule, const uint8_t *data, uint16_t len,
                                   struct otter_image_info *info)
{
    switch (rule) {
    case RULE_KEYHASH:
        memcpy(info->key.b, data, OTTER_DIGEST_LEN);
        return OTTER_OK;
    case RULE_SHA256:
        memcpy(info->hash.b, data, OTTER_DIGEST_LEN);
        return OTTER_OK;
    case RULE_SIG:
        return take_signature(data, len, info);
    case RULE_SEC_CNT:
        info->counter = otter_le32(data);
        return OTTER_OK;
    default:
        return take_selftest(data, info);
    }
}

static enum otter_status take_entry(const struct otter_image_source *source, const struct tlv_area *area,
                                    const struct tlv_entry *entry, unsigned *seen,
                                    struct otter_image_info *info)
{
    uint8_t data[DER_MAX];
    enum otter_status status;
    unsigned i = 0;

    while (i < RULE_COUNT && rules[i].type != entry->type)
        i++;
    if (i == RULE_COUNT)
        return OTTER_OK; /* someone else's */
    if (rules[i].is_protected != area->is_protected || (*seen >> i & 1u) != 0 || entry->len < rules[i].min ||
        entry->len > rules[i].max)
        return OTTER_IMAGE_TLV;
    *seen |= 1u << i;
    if (entry->len > sizeof(data))
        return OTTER_IMAGE_SIGNATURE; /* all others have a smaller max */
    status = source->read(source, entry->at, data, entry->len);
    return status == OTTER_OK ? take_data(i, data, entry->len, info) : status;
}

static enum otter_status walk(const struct otter_image_source *source, const struct tlv_area *area,
                              unsigned *seen, struct otter_image_info *info)
{
    uint32_t at = area->from;

    while (at < area->end) {
        struct tlv_entry entry;
        enum otter_status status = read_entry(source, area, at, &entry);

        if (status == OTTER_OK)
            status = take_entry(source, area, &entry, seen, info);
        if (status != OTTER_OK)
            return status;
        at = entry.at + entry.len; /* <= area->end by read_entry, so it does not wrap */
    }
    return OTTER_OK;
}

static enum otter_status read_header(const struct otter_image_source *source, struct otter_image_header *ret)
{
    uint8_t b[OTTER_IMAGE_HEADER_LEN];
    enum otter_status status;

    if (source->size < sizeof(b))
        return OTTER_IMAGE_TOO_LARGE;
    status = source->read(source, 0, b, sizeof(b));
    return status == OTTER_OK ? otter_image_header_decode(b, ret) : status;
}

/* Opens both areas; prot->from == prot->end if there is no protected one. */
static enum otter_status open_areas(const struct otter_image_source *source,
                                    const struct otter_image_header *h, struct tlv_area *ret_prot,
                                    struct tlv_area *ret_open)
{
    /* otter_image_header_decode saw to it that neither sum exceeds 32 bits. */
    uint32_t prot_at = h->header_size + h->image_size;
    enum otter_status status;

    *ret_prot = (struct tlv_area){prot_at, prot_at, true};
    if (h->protected_size != 0) {
        status = open_area(source, prot_at, OTTER_TLV_PROT_MAGIC, h->protected_size, ret_prot);
        if (status != OTTER_OK)
            return status;
    }
    return open_area(source, prot_at + h->protected_size, OTTER_TLV_INFO_MAGIC, 0, ret_open);
}

enum otter_status otter_image_inspect(const struct otter_image_source *source, struct otter_image_info *ret)
{
    struct otter_image_info info = {0};
    struct tlv_area prot;
    struct tlv_area open;
    unsigned seen = 0;
    enum otter_status status = read_header(source, &info.header);

    if (status == OTTER_OK)
        status = open_areas(source, &info.header, &prot, &open);
    if (status == OTTER_OK)
        status = walk(source, &prot, &seen, &info);
    if (status == OTTER_OK)
        status = walk(source, &open, &seen, &info);
    if (status != OTTER_OK)
        return status;
    if ((seen >> RULE_SHA256 & 1u) == 0)
        return OTTER_IMAGE_TLV;
    info.hashed_size = prot.end;
    info.file_size = open.end;
    info.has_counter = (seen >> RULE_SEC_CNT & 1u) != 0;
    info.has_key = (seen >> RULE_KEYHASH & 1u) != 0 && (seen >> RULE_SIG & 1u) != 0;
    *ret = info;
    return OTTER_OK;
}

/* False: the visitor has seen enough, or *ret_status is not OK. */
static bool visit_area(const struct otter_image_source *source, const struct tlv_area *area,
                       struct otter_tlv_visitor *visitor, enum otter_status *ret_status)
{
    uint32_t at = area->from;

    while (at < area->end) {
        struct tlv_entry entry;

        *ret_status = read_entry(source, area, at, &entry);
        if (*ret_status != OTTER_OK ||
            !visitor->visit(visitor, area->is_protected, entry.type, entry.len, entry.at))
            return false;
        at = entry.at + entry.len;
    }
    return true;
}

enum otter_status otter_image_tlvs(const struct otter_image_source *source,
                                   const struct otter_image_info *info, struct otter_tlv_visitor *visitor)
{
    struct tlv_area prot;
    struct tlv_area open;
    enum otter_status status = open_areas(source, &info->header, &prot, &open);

    if (status == OTTER_OK && visit_area(source, &prot, visitor, &status))
        visit_area(source, &open, visitor, &status);
    return status;
}
