/* Devices from a table: new ones are enrolled, known ones get the table's labels. */
#include "service/internal.h"
#include "service/rights.h"

#include "core/bytes.h"

#include <string.h>

#define ITEMS_MAX 1000u

enum outcome { CREATED, UPDATED, UNCHANGED, REFUSED, OUTCOMES };

struct item {
    struct store_device_visitor visitor;
    struct svc *svc;
    struct svc_call *call;
    struct host_error *err;
    const char *id, *product, *hardware, *secret;
    json_t *tags, *attributes; /* NULL: as they are */
    int64_t num;
    bool changed;
    enum otter_status status;
};

static bool is_other(const struct item *item, const struct store_device *row)
{
    return (item->product && strcmp(item->product, row->product) != 0) ||
           (item->hardware && strcmp(item->hardware, row->hardware) != 0) ||
           (item->secret && !enrolment_token_is(item->secret, &row->token_hash));
}

/* Labels that the item gives replace the operator's; the device's own attributes stay. */
static bool update(struct store_device_visitor *self, const struct store_device *row)
{
    struct item *item = OTTER_CONTAINER_OF(self, struct item, visitor);
    struct fleet_pack tags, attrs;

    /* An id is taken, whoever may see whose it is. */
    if (is_other(item, row) || !rights_see(item->call, row->product)) {
        (void)host_fail(item->err, HOST_ERROR_EXISTS,
                        "device %s exists with another product, hardware or secret", item->id);
        item->status = OTTER_ALREADY_EXISTS;
        return false;
    }
    item->status = rights_need_or(item->call, row->product, item->err);
    if (item->status != OTTER_OK)
        return false;
    item->status = OTTER_INTERNAL;
    if (!fleet_pack_read(row->tags.data, row->tags.len, &tags) ||
        !fleet_pack_read(row->operator_attrs.data, row->operator_attrs.len, &attrs))
        return false;
    if (item->tags)
        (void)fleet_pack_read(NULL, 0, &tags);
    if (item->attributes)
        (void)fleet_pack_read(NULL, 0, &attrs);
    item->status = OTTER_BAD_VALUE;
    item->num = row->num;
    if (labels_add_tags(item->tags, &tags, item->err) &&
        labels_set_attrs(item->attributes, &attrs, item->err))
        item->status = labels_store(item->svc, item->call, row, &tags, &attrs, &item->changed);
    return false;
}

static enum otter_status read_item(const json_t *json, struct item *item)
{
    static const char *const members[] = {"*id", "product", "hardware", "secret", "tags", "attributes", NULL};
    struct host_error *err = item->err;
    enum otter_status status = svc_shape(json, members, err);

    if (status != OTTER_OK)
        return status;
    if (!host_json_get_string(json, "id", HOST_JSON_REQUIRED, OTTER_NAME_MAX, &item->id, err) ||
        !host_json_get_string(json, "product", HOST_JSON_OPTIONAL, OTTER_NAME_MAX, &item->product, err) ||
        !host_json_get_string(json, "hardware", HOST_JSON_OPTIONAL, OTTER_NAME_MAX, &item->hardware, err) ||
        !host_json_get_string(json, "secret", HOST_JSON_OPTIONAL, OTTER_NAME_MAX, &item->secret, err) ||
        !host_json_get_array(json, "tags", HOST_JSON_OPTIONAL, LABEL_TAGS_MAX, &item->tags, err) ||
        !host_json_get_object(json, "attributes", HOST_JSON_OPTIONAL, &item->attributes, err))
        return OTTER_BAD_VALUE;
    if (otter_device_id_valid(item->id, strlen(item->id)))
        return OTTER_OK;
    (void)host_fail(err, HOST_ERROR_FORMAT, "id: [A-Za-z0-9._:-]{1,64}");
    return OTTER_BAD_VALUE;
}

static enum otter_status create(struct item *item, const json_t *json)
{
    struct enrolment e;
    bool created = false;
    enum otter_status status = enrolment_read(json, &e, item->err);

    if (status == OTTER_OK)
        status = rights_need_or(item->call, e.product, item->err);
    if (status == OTTER_OK)
        status = enrol(item->svc, item->call, &e, &created);
    host_wipe(e.secret, sizeof(e.secret));
    return status;
}

static enum otter_status import_one(struct item *item, const json_t *json, enum outcome *ret)
{
    struct store *store = item->svc->writer;
    enum otter_status status = read_item(json, item);

    if (status != OTTER_OK)
        return status;
    status = store->ops->device_get(store, item->id, &item->visitor);
    if (status == OTTER_NOT_FOUND) {
        *ret = CREATED;
        return create(item, json);
    }
    if (status == OTTER_OK)
        status = item->status;
    *ret = item->changed ? UPDATED : UNCHANGED;
    if (status != OTTER_OK || !item->changed)
        return status;
    return device_note(item->svc, item->call, (uint32_t)(item->num - 1), "labelled", "import");
}

/* Only trouble of the store ends the whole. */
static enum otter_status import_item(struct svc *svc, struct svc_call *call, size_t i, const json_t *json,
                                     json_t *errors, json_int_t tally[OUTCOMES])
{
    struct host_error err = {0};
    struct item item = {.visitor.row = update, .svc = svc, .call = call, .err = &err};
    enum outcome outcome = REFUSED;
    enum otter_status status = import_one(&item, json, &outcome);

    if (change_broken(status))
        return svc_stored(call, status);
    if (status == OTTER_OK) {
        tally[outcome]++;
        return OTTER_OK;
    }
    (void)json_array_append_new(errors, json_pack("{s:I, s:s, s:s, s:s}", "index", (json_int_t)i, "id",
                                                  item.id ? item.id : "", "code", otter_status_name(status),
                                                  "detail", err.message));
    return OTTER_OK;
}

enum otter_status op_device_import(struct svc *svc, struct svc_call *call)
{
    static const char *const members[] = {"*items", NULL};
    enum otter_status status = svc_shape(call->in.json, members, &call->out.error);
    auto_json json_t *errors = json_array();
    json_int_t tally[OUTCOMES] = {0};
    json_t *items = NULL;

    if (status != OTTER_OK)
        return status;
    if (!host_json_get_array(call->in.json, "items", HOST_JSON_REQUIRED, ITEMS_MAX, &items, &call->out.error))
        return svc_refuse_host(call);
    for (size_t i = 0; i < json_array_size(items) && status == OTTER_OK; i++)
        status = import_item(svc, call, i, json_array_get(items, i), errors, tally);
    if (status != OTTER_OK)
        return status;
    call->out.json = json_pack("{s:I, s:I, s:I, s:O}", "created", tally[CREATED], "updated", tally[UPDATED],
                               "unchanged", tally[UNCHANGED], "errors", errors);
    return call->out.json ? OTTER_OK : OTTER_INTERNAL;
}
