#include "service/internal.h"
#include "service/rights.h"

#include "core/bytes.h"

#include <string.h>

static json_t *json_key(const struct store_image_key *row)
{
    char kid[OTTER_B64_LEN(OTTER_DIGEST_LEN) + 1], spki[OTTER_B64_LEN(OTTER_SPKI_LEN) + 1];

    otter_b64_encode(row->kid.b, OTTER_DIGEST_LEN, kid);
    otter_b64_encode(row->spki, OTTER_SPKI_LEN, spki);
    return json_pack("{s:s, s:s, s:s}", "product", row->product, "kid", kid, "spki", spki);
}

struct counter {
    struct store_image_key_visitor visitor;
    const struct otter_digest *kid;
    unsigned count;
    bool there;
};

static bool count_key(struct store_image_key_visitor *self, const struct store_image_key *row)
{
    struct counter *c = OTTER_CONTAINER_OF(self, struct counter, visitor);

    c->count++;
    c->there = c->there || memcmp(row->kid.b, c->kid->b, OTTER_DIGEST_LEN) == 0;
    return true;
}

static enum otter_status read_key(struct svc_call *call, struct store_image_key *row)
{
    static const char *const members[] = {"*product", "*spki", NULL};
    enum otter_status status = svc_shape(call->in.json, members, &call->out.error);
    const char *product, *spki;
    const uint8_t *point;

    if (status != OTTER_OK)
        return status;
    if (!host_json_get_string(call->in.json, "product", HOST_JSON_REQUIRED, OTTER_NAME_MAX, &product,
                              &call->out.error) ||
        !host_json_get_string(call->in.json, "spki", HOST_JSON_REQUIRED, OTTER_B64_LEN(OTTER_SPKI_LEN), &spki,
                              &call->out.error))
        return svc_refuse_host(call);
    if (!otter_name_valid(product, strlen(product)))
        return svc_refuse(call, OTTER_BAD_VALUE, "product: [A-Za-z0-9._+-]{1,64}");
    if (otter_b64_decode(spki, strlen(spki), row->spki, OTTER_SPKI_LEN) != (int)OTTER_SPKI_LEN ||
        !(point = otter_spki_point(row->spki, OTTER_SPKI_LEN)))
        return svc_refuse(call, OTTER_BAD_VALUE,
                          "spki: base64url of the DER SubjectPublicKeyInfo of a P-256 key");
    memcpy(row->product, product, strlen(product) + 1);
    otter_key_id(&otter_crypto_openssl, point, &row->kid);
    return OTTER_OK;
}

enum otter_status op_image_key_add(struct svc *svc, struct svc_call *call)
{
    struct store_image_key row = {.created = svc_now(svc)};
    struct counter c = {.visitor.row = count_key, .kid = &row.kid};
    enum otter_status status = read_key(call, &row);

    if (status == OTTER_OK)
        status = rights_need(call, row.product);
    if (status != OTTER_OK)
        return status;
    status = svc_stored(call, svc->writer->ops->image_keys(svc->writer, row.product, &c.visitor));
    if (status == OTTER_OK && !c.there && c.count == OTTER_IMAGE_KEYS)
        return svc_refuse(call, OTTER_CONFLICT, "a product has at most %u image keys, as devices have",
                          OTTER_IMAGE_KEYS);
    if (status == OTTER_OK && !c.there) {
        status = svc_stored(call, svc->writer->ops->image_key_add(svc->writer, &row));
        call->out.created = true;
    }
    if (status != OTTER_OK)
        return status;
    call->out.json = json_key(&row);
    return call->out.json ? OTTER_OK : OTTER_INTERNAL;
}

struct lister {
    struct store_image_key_visitor visitor;
    const struct list_page *page;
    json_t *items;
};

static bool list_one(struct store_image_key_visitor *self, const struct store_image_key *row)
{
    struct lister *l = OTTER_CONTAINER_OF(self, struct lister, visitor);
    struct policy_subject s = {.product = row->product};

    return !rights_see(l->page->call, row->product) || !list_wants(l->page, &s) ||
           json_array_append_new(l->items, json_key(row)) == 0;
}

enum otter_status op_image_key_list(struct svc *svc, struct svc_call *call)
{
    static const char *const sorts[] = {"product", "kid", NULL};
    auto_json json_t *items = json_array();
    struct list_page page;
    struct lister l = {.visitor.row = list_one, .page = &page, .items = items};
    enum otter_status status = list_begin(&page, call, sorts);

    if (status != OTTER_OK)
        return status;
    status = svc_stored(call, svc->reader->ops->image_keys(svc->reader, NULL, &l.visitor));
    return status == OTTER_OK ? list_end_small(&page, items) : list_drop(&page, status);
}
