#include "core/bytes.h"
#include "core/document.h"
#include "core/documents.h"

#include <string.h>

static bool decode_hardware(const struct otter_json *json, unsigned array, struct otter_manifest *m)
{
    const struct otter_json_token *a = &json->token[array];

    if (a->size < 1 || a->size > OTTER_HARDWARE_MAX)
        return false;
    for (unsigned token = array + 1; token < a->next; token = json->token[token].next) {
        char *name = m->hardware[m->hardware_count];

        if (!otter_document_name(json, token, otter_name_valid, name))
            return false;
        for (unsigned i = 0; i < m->hardware_count; i++)
            if (strcmp(m->hardware[i], name) == 0)
                return false;
        m->hardware_count++;
    }
    return true;
}

/* A version, or "" for no bound. */
static bool decode_bound(const struct otter_json *json, unsigned token, bool *ret_has,
                         struct otter_version *ret)
{
    *ret_has = json->token[token].end > json->token[token].start;
    return !*ret_has || otter_document_version(json, token, ret);
}

static enum otter_status decode_requires(struct otter_json *json, unsigned object, struct otter_manifest *m)
{
    struct otter_json_field f[] = {{"from", OTTER_JSON_STRING, false, 0},
                                   {"below", OTTER_JSON_STRING, false, 0}};
    enum otter_status status = otter_json_fields(json, object, f, OTTER_ARRAY_LEN(f), false);

    if (status != OTTER_OK)
        return status;
    if (!decode_bound(json, f[0].index, &m->has_requires_from, &m->requires_from) ||
        !decode_bound(json, f[1].index, &m->has_requires_below, &m->requires_below))
        return OTTER_BAD_VALUE;
    return OTTER_OK;
}

static enum otter_status decode_image(struct otter_json *json, unsigned object, struct otter_manifest *m)
{
    enum { SLOT, LINK, SIZE, SHA256, COUNT };
    struct otter_json_field f[COUNT] = {[SLOT] = {"slot", OTTER_JSON_STRING, false, 0},
                                        [LINK] = {"link", OTTER_JSON_NUMBER, false, 0},
                                        [SIZE] = {"size", OTTER_JSON_NUMBER, false, 0},
                                        [SHA256] = {"sha256", OTTER_JSON_STRING, false, 0}};
    struct otter_manifest_image *image = &m->image[m->image_count];
    enum otter_status status = otter_json_fields(json, object, f, COUNT, false);

    if (status != OTTER_OK)
        return status;
    if (!otter_document_slot(json, f[SLOT].index, &image->slot) ||
        !otter_document_int(json, f[LINK].index, 0, &image->link) ||
        !otter_document_int(json, f[SIZE].index, 1, &image->size) ||
        !otter_json_hex(json, f[SHA256].index, image->sha256.b, OTTER_DIGEST_LEN))
        return OTTER_BAD_VALUE;
    for (unsigned i = 0; i < m->image_count; i++)
        if (m->image[i].slot == image->slot)
            return OTTER_BAD_VALUE;
    m->image_count++;
    return OTTER_OK;
}

static enum otter_status decode_images(struct otter_json *json, unsigned array, struct otter_manifest *m)
{
    const struct otter_json_token *a = &json->token[array];

    if (a->size < 1 || a->size > OTTER_IMAGES_MAX)
        return OTTER_BAD_VALUE;
    for (unsigned token = array + 1; token < a->next; token = json->token[token].next) {
        enum otter_status status = decode_image(json, token, m);

        if (status != OTTER_OK)
            return status;
    }
    return OTTER_OK;
}

enum {
    TYPE,
    PRODUCT,
    HARDWARE,
    VERSION,
    EPOCH,
    SEQUENCE,
    SECURITY_COUNTER,
    CREATED,
    EXPIRES,
    REQUIRES,
    IMAGES,
    SBOM,
    NOTES,
    MEMBERS
};

static const struct otter_json_field members[MEMBERS] = {
    [TYPE] = {"type", OTTER_JSON_STRING, false, 0},
    [PRODUCT] = {"product", OTTER_JSON_STRING, false, 0},
    [HARDWARE] = {"hardware", OTTER_JSON_ARRAY, false, 0},
    [VERSION] = {"version", OTTER_JSON_STRING, false, 0},
    [EPOCH] = {"epoch", OTTER_JSON_NUMBER, false, 0},
    [SEQUENCE] = {"sequence", OTTER_JSON_NUMBER, false, 0},
    [SECURITY_COUNTER] = {"security_counter", OTTER_JSON_NUMBER, false, 0},
    [CREATED] = {"created", OTTER_JSON_NUMBER, false, 0},
    [EXPIRES] = {"expires", OTTER_JSON_NUMBER, false, 0},
    [REQUIRES] = {"requires", OTTER_JSON_OBJECT, false, 0},
    [IMAGES] = {"images", OTTER_JSON_ARRAY, false, 0},
    [SBOM] = {"sbom_sha256", OTTER_JSON_STRING, true, 0},
    [NOTES] = {"notes_sha256", OTTER_JSON_STRING, true, 0},
};

/* A digest that may be absent. */
static bool decode_extra(const struct otter_json *json, unsigned token, bool *ret_has,
                         struct otter_digest *ret)
{
    *ret_has = token != 0;
    return token == 0 || otter_json_hex(json, token, ret->b, sizeof(ret->b));
}

static bool decode_scalars(const struct otter_json *json, const struct otter_json_field *f,
                           struct otter_manifest *m)
{
    uint64_t counter;

    if (!otter_document_name(json, f[PRODUCT].index, otter_name_valid, m->product) ||
        !otter_document_version(json, f[VERSION].index, &m->version) ||
        !otter_document_int(json, f[EPOCH].index, 0, &m->epoch) ||
        !otter_document_int(json, f[SEQUENCE].index, 0, &m->sequence) ||
        !otter_json_uint(json, f[SECURITY_COUNTER].index, UINT32_MAX, &counter) ||
        !otter_document_int(json, f[CREATED].index, 0, &m->created) ||
        !otter_document_int(json, f[EXPIRES].index, 0, &m->expires))
        return false;
    m->security_counter = (uint32_t)counter;
    return decode_extra(json, f[SBOM].index, &m->has_sbom, &m->sbom) &&
           decode_extra(json, f[NOTES].index, &m->has_notes, &m->notes);
}

enum otter_status otter_manifest_decode(const char *payload, size_t len, struct otter_manifest *ret)
{
    struct otter_json_field f[MEMBERS];
    struct otter_json json;
    struct otter_manifest m = {0};
    enum otter_status status =
        otter_document_open(&json, payload, len, "otter-manifest", members, f, MEMBERS);

    if (status != OTTER_OK)
        return status;
    if (!decode_scalars(&json, f, &m) || !decode_hardware(&json, f[HARDWARE].index, &m))
        return OTTER_BAD_VALUE;
    status = decode_requires(&json, f[REQUIRES].index, &m);
    if (status == OTTER_OK)
        status = decode_images(&json, f[IMAGES].index, &m);
    if (status == OTTER_OK)
        *ret = m;
    return status;
}
