#include "core/bytes.h"
#include "core/document.h"
#include "core/documents.h"
#include "core/jws.h"

#include <string.h>

/* {sha256, size} with one more member; the common part of the offer's three references. */
static enum otter_status decode_ref(struct otter_json *json, unsigned object, struct otter_json_field *f,
                                    unsigned n, uint64_t max, struct otter_blob_ref *ref)
{
    enum otter_status status = otter_json_fields(json, object, f, n, false);

    if (status != OTTER_OK)
        return status;
    if (!otter_json_hex(json, f[0].index, ref->sha256.b, OTTER_DIGEST_LEN) ||
        !otter_json_uint(json, f[1].index, max, &ref->size) || ref->size == 0)
        return OTTER_BAD_VALUE;
    return OTTER_OK;
}

static enum otter_status decode_manifest_ref(struct otter_json *json, unsigned object,
                                             struct otter_offer *offer)
{
    struct otter_json_field f[] = {{"sha256", OTTER_JSON_STRING, false, 0},
                                   {"size", OTTER_JSON_NUMBER, false, 0}};

    /* A larger one could never be decoded: refuse before it is fetched. */
    return decode_ref(json, object, f, OTTER_ARRAY_LEN(f), OTTER_ENVELOPE_MAX, &offer->manifest);
}

static enum otter_status decode_image_ref(struct otter_json *json, unsigned object, struct otter_offer *offer)
{
    struct otter_json_field f[] = {{"sha256", OTTER_JSON_STRING, false, 0},
                                   {"size", OTTER_JSON_NUMBER, false, 0},
                                   {"slot", OTTER_JSON_STRING, false, 0}};
    enum otter_status status = decode_ref(json, object, f, OTTER_ARRAY_LEN(f), OTTER_INT_MAX, &offer->image);

    if (status == OTTER_OK && !otter_document_slot(json, f[2].index, &offer->slot))
        status = OTTER_BAD_VALUE;
    return status;
}

static enum otter_status decode_delta_ref(struct otter_json *json, unsigned object, struct otter_offer *offer)
{
    struct otter_json_field f[] = {{"sha256", OTTER_JSON_STRING, false, 0},
                                   {"size", OTTER_JSON_NUMBER, false, 0},
                                   {"base_sha256", OTTER_JSON_STRING, false, 0}};
    enum otter_status status = decode_ref(json, object, f, OTTER_ARRAY_LEN(f), OTTER_INT_MAX, &offer->delta);

    if (status == OTTER_OK && !otter_json_hex(json, f[2].index, offer->delta_base.b, OTTER_DIGEST_LEN))
        status = OTTER_BAD_VALUE;
    offer->has_delta = true;
    return status;
}

/* Visible ASCII without quotes and backslash: it goes into a request line as it is. */
static bool decode_blobs(const struct otter_json *json, unsigned token, struct otter_offer *offer)
{
    if (!otter_json_string(json, token, offer->blobs, sizeof(offer->blobs)) || offer->blobs[0] == '\0')
        return false;
    for (const char *c = offer->blobs; *c != '\0'; c++)
        if (*c <= ' ' || *c > '~')
            return false;
    return true;
}

enum { TYPE, DEVICE, NONCE, ISSUED, DEADLINE, ATTEMPT, MANIFEST, IMAGE, DELTA, BLOBS, MEMBERS };

/* DEADLINE to IMAGE are there together, or not at all and with them neither delta nor blobs. */
static const struct otter_json_field members[MEMBERS] = {
    [TYPE] = {"type", OTTER_JSON_STRING, false, 0},
    [DEVICE] = {"device", OTTER_JSON_STRING, false, 0},
    [NONCE] = {"nonce", OTTER_JSON_STRING, false, 0},
    [ISSUED] = {"issued", OTTER_JSON_NUMBER, false, 0},
    [DEADLINE] = {"deadline", OTTER_JSON_NUMBER, true, 0},
    [ATTEMPT] = {"attempt", OTTER_JSON_NUMBER, true, 0},
    [MANIFEST] = {"manifest", OTTER_JSON_OBJECT, true, 0},
    [IMAGE] = {"image", OTTER_JSON_OBJECT, true, 0},
    [DELTA] = {"delta", OTTER_JSON_OBJECT, true, 0},
    [BLOBS] = {"blobs", OTTER_JSON_STRING, true, 0},
};

static enum otter_status decode_update(struct otter_json *json, const struct otter_json_field *f,
                                       struct otter_offer *offer)
{
    enum otter_status status;

    for (unsigned i = DEADLINE; i <= IMAGE; i++)
        if (f[i].index == 0)
            return OTTER_MISSING_MEMBER;
    if (!otter_document_int(json, f[DEADLINE].index, 0, &offer->deadline) ||
        !otter_document_int(json, f[ATTEMPT].index, 1, &offer->attempt))
        return OTTER_BAD_VALUE;
    status = decode_manifest_ref(json, f[MANIFEST].index, offer);
    if (status == OTTER_OK)
        status = decode_image_ref(json, f[IMAGE].index, offer);
    if (status == OTTER_OK && f[DELTA].index != 0)
        status = decode_delta_ref(json, f[DELTA].index, offer);
    if (status == OTTER_OK && f[BLOBS].index != 0 && !decode_blobs(json, f[BLOBS].index, offer))
        status = OTTER_BAD_VALUE;
    return status;
}

enum otter_status otter_offer_decode(const char *payload, size_t len, struct otter_offer *ret)
{
    struct otter_json_field f[MEMBERS];
    struct otter_json json;
    struct otter_offer offer = {.empty = true};
    enum otter_status status = otter_document_open(&json, payload, len, "otter-offer", members, f, MEMBERS);

    if (status != OTTER_OK)
        return status;
    if (!otter_document_name(&json, f[DEVICE].index, otter_device_id_valid, offer.device) ||
        !otter_json_b64(&json, f[NONCE].index, offer.nonce, sizeof(offer.nonce)) ||
        !otter_document_int(&json, f[ISSUED].index, 0, &offer.issued))
        return OTTER_BAD_VALUE;
    for (unsigned i = DEADLINE; i < MEMBERS; i++)
        if (f[i].index != 0)
            offer.empty = false;
    if (!offer.empty)
        status = decode_update(&json, f, &offer);
    if (status == OTTER_OK)
        *ret = offer;
    return status;
}

static void put_ref(struct otter_json_out *o, const struct otter_blob_ref *ref)
{
    otter_json_put_hex(o, "sha256", ref->sha256.b, OTTER_DIGEST_LEN);
    otter_json_put_uint(o, "size", ref->size);
}

static void put_update(struct otter_json_out *o, const struct otter_offer *offer)
{
    otter_json_put_uint(o, "deadline", offer->deadline);
    otter_json_put_uint(o, "attempt", offer->attempt);
    otter_json_begin(o, "manifest", '{');
    put_ref(o, &offer->manifest);
    otter_json_end(o, '}');
    otter_json_begin(o, "image", '{');
    otter_json_put_string(o, "slot", otter_slot_name(offer->slot));
    put_ref(o, &offer->image);
    otter_json_end(o, '}');
    if (offer->has_delta) {
        otter_json_begin(o, "delta", '{');
        otter_json_put_hex(o, "base_sha256", offer->delta_base.b, OTTER_DIGEST_LEN);
        put_ref(o, &offer->delta);
        otter_json_end(o, '}');
    }
    if (offer->blobs[0] != '\0')
        otter_json_put_string(o, "blobs", offer->blobs);
}

enum otter_status otter_offer_encode(const struct otter_offer *offer, char *out, size_t cap)
{
    struct otter_json_out o;

    otter_json_out_init(&o, out, cap);
    otter_json_begin(&o, NULL, '{');
    otter_json_put_string(&o, "type", "otter-offer");
    otter_json_put_string(&o, "device", offer->device);
    otter_json_put_b64(&o, "nonce", offer->nonce, sizeof(offer->nonce));
    otter_json_put_uint(&o, "issued", offer->issued);
    if (!offer->empty)
        put_update(&o, offer);
    otter_json_end(&o, '}');
    return otter_json_out_finish(&o) < 0 ? OTTER_NO_SPACE : OTTER_OK;
}
