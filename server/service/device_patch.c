/* PATCH of one device: its labels, and the device as it is then. */
#include "service/internal.h"
#include "service/rights.h"

#include "core/bytes.h"

struct patcher {
    struct store_device_visitor visitor;
    struct svc *svc;
    struct svc_call *call;
    json_t *add, *remove, *attrs;
    uint32_t index;
    bool changed;
    enum otter_status status;
};

/* Memory has the labels only after the commit. */
static enum otter_status show(struct patcher *p, const struct store_device *row,
                              const struct fleet_pack *tags, const struct fleet_pack *attrs)
{
    json_t *json = json_device(p->svc, p->svc->writer, p->svc->catalog, p->index);

    if (!json)
        return OTTER_INTERNAL;
    (void)json_object_set_new(json, "tags", labels_json_tags(tags->data));
    (void)json_object_set_new(json, "operator_attributes", labels_json_attrs(attrs->data));
    (void)json_object_set_new(
        json, "attributes", labels_json_merged(row->own_attrs.len ? row->own_attrs.data : NULL, attrs->data));
    p->call->out.json = json;
    return OTTER_OK;
}

static bool patch(struct store_device_visitor *self, const struct store_device *row)
{
    struct patcher *p = OTTER_CONTAINER_OF(self, struct patcher, visitor);
    struct host_error *err = &p->call->out.error;
    struct fleet_pack tags, attrs;

    p->status = OTTER_INTERNAL;
    if (!fleet_pack_read(row->tags.data, row->tags.len, &tags) ||
        !fleet_pack_read(row->operator_attrs.data, row->operator_attrs.len, &attrs))
        return false;
    p->status = OTTER_BAD_VALUE;
    if (!labels_remove_tags(p->remove, &tags, err) || !labels_add_tags(p->add, &tags, err) ||
        !labels_set_attrs(p->attrs, &attrs, err))
        return false;
    p->status = labels_store(p->svc, p->call, row, &tags, &attrs, &p->changed);
    if (p->status == OTTER_OK)
        p->status = show(p, row, &tags, &attrs);
    return false;
}

static enum otter_status read_patch(struct svc_call *call, struct patcher *p)
{
    static const char *const members[] = {"tags", "attributes", NULL}, *const tags_have[] = {"add", "remove",
                                                                                             NULL};
    struct host_error *err = &call->out.error;
    enum otter_status status = svc_shape(call->in.json, members, err);
    json_t *tags = NULL;

    if (status != OTTER_OK)
        return status;
    if (!host_json_get_object(call->in.json, "tags", HOST_JSON_OPTIONAL, &tags, err) ||
        !host_json_get_object(call->in.json, "attributes", HOST_JSON_OPTIONAL, &p->attrs, err))
        return svc_refuse_host(call);
    if (!tags)
        return OTTER_OK;
    status = svc_shape(tags, tags_have, err);
    if (status != OTTER_OK)
        return status;
    if (!host_json_get_array(tags, "add", HOST_JSON_OPTIONAL, LABEL_TAGS_MAX, &p->add, err) ||
        !host_json_get_array(tags, "remove", HOST_JSON_OPTIONAL, LABEL_TAGS_MAX, &p->remove, err))
        return svc_refuse_host(call);
    return OTTER_OK;
}

enum otter_status op_device_patch(struct svc *svc, struct svc_call *call)
{
    struct patcher p = {.visitor.row = patch, .svc = svc, .call = call};
    enum otter_status status = read_patch(call, &p);
    char note[STORE_REASON_MAX + 1];

    if (status != OTTER_OK)
        return status;
    p.index = device_find(svc, call);
    if (p.index == FLEET_NONE)
        return OTTER_NOT_FOUND;
    status = rights_need(call, fleet_peek(svc->fleet, p.index)->kind->product);
    if (status != OTTER_OK)
        return status;
    status = svc_stored(call, svc->writer->ops->device_get(svc->writer, call->in.id, &p.visitor));
    if (status == OTTER_OK)
        status = p.status;
    if (status != OTTER_OK || !p.changed)
        return status;
    labels_note(p.add, p.remove, p.attrs, note);
    return device_note(svc, call, p.index, "labelled", note);
}
