/* Releases as operators see them: one, and as a list. */
#include "service/internal.h"
#include "service/rights.h"

#include "core/bytes.h"

#include <string.h>

json_t *json_digest(const struct otter_digest *digest)
{
    char hex[OTTER_DIGEST_HEX + 1];

    otter_hex_encode(digest->b, OTTER_DIGEST_LEN, hex);
    return json_string(hex);
}

static json_t *json_version(bool has, const struct otter_version *v)
{
    char text[OTTER_VERSION_STR] = "";

    if (has)
        otter_version_format(v, text);
    return json_string(text);
}

static json_t *json_images(const struct otter_manifest *m)
{
    json_t *images = json_array();

    for (unsigned i = 0; i < m->image_count; i++)
        (void)json_array_append_new(
            images, json_pack("{s:s, s:I, s:I, s:o}", "slot", otter_slot_name(m->image[i].slot), "link",
                              (json_int_t)m->image[i].link, "size", (json_int_t)m->image[i].size, "sha256",
                              json_digest(&m->image[i].sha256)));
    return images;
}

static json_t *json_withdrawn(const struct catalog_release *r)
{
    return r->withdrawn
               ? json_pack("{s:s, s:I}", "reason", r->withdrawn_reason, "at", (json_int_t)r->withdrawn)
               : json_null();
}

static json_t *json_paper(bool has, const struct otter_digest *digest)
{
    return has ? json_digest(digest) : json_null();
}

json_t *json_release(const struct catalog_release *r)
{
    const struct otter_manifest *m = &r->manifest;
    json_t *hardware = json_array();

    for (unsigned i = 0; i < m->hardware_count; i++)
        (void)json_array_append_new(hardware, json_string(m->hardware[i]));
    return json_pack(
        "{s:o, s:s, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:{s:o, s:o}, s:o, s:I, s:b, s:I, s:o, s:b, s:o, s:o}",
        "id", json_digest(&r->id), "product", m->product, "version", json_version(true, &m->version),
        "hardware", hardware, "epoch", (json_int_t)m->epoch, "sequence", (json_int_t)m->sequence,
        "security_counter", (json_int_t)m->security_counter, "created", (json_int_t)m->created, "expires",
        (json_int_t)m->expires, "requires", "from", json_version(m->has_requires_from, &m->requires_from),
        "below", json_version(m->has_requires_below, &m->requires_below), "images", json_images(m),
        "published", (json_int_t)r->published, "signature_checked", (int)r->signature_checked,
        "manifest_size", (json_int_t)r->size, "withdrawn", json_withdrawn(r), "images_held",
        (int)(r->pruned == 0), "sbom_sha256", json_paper(m->has_sbom, &m->sbom), "notes_sha256",
        json_paper(m->has_notes, &m->notes));
}

static bool wanted(const struct list_page *page, const struct catalog_release *r)
{
    char id[OTTER_DIGEST_HEX + 1];
    struct policy_subject s = {
        .product = r->manifest.product, .id = id, .has_version = true, .version = r->manifest.version};

    if (!rights_see(page->call, r->manifest.product))
        return false;
    otter_hex_encode(r->id.b, OTTER_DIGEST_LEN, id);
    for (unsigned i = 0; i < r->manifest.hardware_count; i++) {
        s.hardware = r->manifest.hardware[i];
        if (list_wants(page, &s))
            return true;
    }
    return false;
}

struct maker {
    struct list_maker maker;
    const struct catalog *c;
};

static json_t *make(struct list_maker *self, uint64_t position)
{
    const struct catalog_release *r =
        catalog_release_by_num(OTTER_CONTAINER_OF(self, struct maker, maker)->c, (int64_t)position);

    return r ? json_release(r) : NULL;
}

static struct list_key key_of(const struct catalog_release *r, const char *column)
{
    struct list_key key = {.text = "", .position = (uint64_t)r->num};

    if (strcmp(column, "id") == 0)
        key.number = otter_be64(r->id.b); /* as good as the whole */
    else if (strcmp(column, "product") == 0)
        key.text = r->manifest.product;
    else if (strcmp(column, "sequence") == 0)
        key.number = r->manifest.sequence;
    else if (strcmp(column, "created") == 0)
        key.number = r->manifest.created;
    else
        key.number = (uint64_t)r->published;
    return key;
}

enum otter_status op_release_list(struct svc *svc, struct svc_call *call)
{
    static const char *const sorts[] = {"id", "product", "sequence", "created", "published", NULL};
    auto_catalog struct catalog *c = catalog_get(svc);
    struct maker m = {.maker.make = make, .c = c};
    struct list_page page;
    enum otter_status status = list_begin(&page, call, sorts);

    if (status != OTTER_OK)
        return status;
    for (size_t i = 0; i < c->release_count; i++) {
        const struct catalog_release *r = &c->releases[i];
        struct list_key key;

        if ((!page.column && (uint64_t)r->num <= page.after) || !wanted(&page, r))
            continue;
        if (!page.column && !list_add(&page, json_release(r), (uint64_t)r->num))
            break;
        if (!page.column)
            continue;
        key = key_of(r, page.column);
        if (!list_key(&page, &key))
            return list_drop(&page, OTTER_INTERNAL);
    }
    return list_end(&page, &m.maker);
}

const struct catalog_release *release_find(const struct catalog *c, struct svc_call *call)
{
    const char *id = call->in.id ? call->in.id : "";
    struct otter_digest digest;
    const struct catalog_release *r = NULL;

    if (otter_hex_decode(id, strlen(id), digest.b, OTTER_DIGEST_LEN))
        r = catalog_release_by_id(c, &digest);
    if (r && !rights_see(call, r->manifest.product))
        r = NULL;
    if (!r)
        (void)svc_refuse(call, OTTER_NOT_FOUND, "there is no release \"%.64s\"", id);
    return r;
}

enum otter_status op_release_get(struct svc *svc, struct svc_call *call)
{
    auto_catalog struct catalog *c = catalog_get(svc);
    const struct catalog_release *r = release_find(c, call);

    if (!r)
        return OTTER_NOT_FOUND;
    call->out.json = json_release(r);
    return call->out.json ? OTTER_OK : OTTER_INTERNAL;
}

struct getter {
    struct store_release_visitor visitor;
    struct svc_call *call;
};

static bool copy_envelope(struct store_release_visitor *self, const struct store_release *row)
{
    struct svc_call *call = OTTER_CONTAINER_OF(self, struct getter, visitor)->call;

    svc_answer_bytes(call, row->envelope, row->len);
    return false;
}

enum otter_status op_release_manifest(struct svc *svc, struct svc_call *call)
{
    auto_catalog struct catalog *c = catalog_get(svc);
    const struct catalog_release *r = release_find(c, call);
    struct getter g = {.visitor.row = copy_envelope, .call = call};
    enum otter_status status;

    if (!r)
        return OTTER_NOT_FOUND;
    status = svc_stored(call, svc->reader->ops->release_get(svc->reader, &r->id, &g.visitor));
    if (status != OTTER_OK)
        return status;
    return call->out.body ? OTTER_OK : OTTER_INTERNAL;
}
