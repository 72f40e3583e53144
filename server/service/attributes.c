#include "service/internal.h"

#include "core/bytes.h"

#include <string.h>

#define ATTRIBUTES_MAX       16u
#define ATTRIBUTES_MAX_BYTES 1024u
#define VALUE_MAX            256u

/* Printable text: no control characters, which would end up in terminals and CSV. */
static bool value_valid(const char *value)
{
    for (; *value; value++)
        if ((unsigned char)*value < 0x20 || *value == 0x7f)
            return false;
    return true;
}

static enum otter_status read_all(struct svc_call *call, struct fleet_pack *ret)
{
    const char *name, *value;
    size_t bytes = 0;
    json_t *member;

    ret->len = 0;
    if (!json_is_object(call->in.json))
        return svc_refuse(call, OTTER_BAD_VALUE, "attributes are one object of strings");
    if (json_object_size(call->in.json) > ATTRIBUTES_MAX)
        return svc_refuse(call, OTTER_BAD_VALUE, "at most %u attributes", ATTRIBUTES_MAX);
    json_object_foreach(call->in.json, name, member)
    {
        value = json_string_value(member);
        if (!otter_name_valid(name, strlen(name)) || !value || strlen(value) > VALUE_MAX ||
            !value_valid(value))
            return svc_refuse(
                call, OTTER_BAD_VALUE,
                "attribute \"%.64s\": names are [A-Za-z0-9._+-]{1,64}, values printable strings of"
                " at most %u bytes",
                name, VALUE_MAX);
        bytes += strlen(name) + strlen(value);
        if (bytes > ATTRIBUTES_MAX_BYTES || !fleet_pack_put(ret, name, value))
            return svc_refuse(call, OTTER_BAD_VALUE, "attributes of at most 1,024 bytes in all");
    }
    return OTTER_OK;
}

struct writer {
    struct store_device_visitor visitor;
    struct svc *svc;
    struct svc_call *call;
    const struct fleet_pack *own;
    uint32_t index;
    enum otter_status status;
};

static bool replace(struct store_device_visitor *self, const struct store_device *row)
{
    struct writer *w = OTTER_CONTAINER_OF(self, struct writer, visitor);
    struct store_device changed = *row;

    changed.own_attrs = (struct store_pack){.data = w->own->data, .len = w->own->len};
    if (row->own_attrs.len == w->own->len &&
        (w->own->len == 0 || memcmp(row->own_attrs.data, w->own->data, w->own->len) == 0))
        return false; /* as before: nothing to write */
    w->status = svc_stored(w->call, w->svc->writer->ops->device_labels(w->svc->writer, &changed));
    if (w->status == OTTER_OK && !effects_labels(w->call, w->index, &changed))
        w->status = OTTER_INTERNAL;
    return false;
}

/* The device's own attributes, all of them: what it does not send is gone. */
enum otter_status op_attributes(struct svc *svc, struct svc_call *call)
{
    struct fleet_pack own;
    struct writer w = {.visitor.row = replace, .svc = svc, .call = call, .own = &own};
    enum otter_status status;

    w.index = call->in.device ? fleet_find(svc->fleet, call->in.device) : FLEET_NONE;
    if (w.index == FLEET_NONE || fleet_is_retired(svc->fleet, w.index))
        return svc_refuse(call, OTTER_UNKNOWN_DEVICE, "no such device");
    status = read_all(call, &own);
    if (status != OTTER_OK)
        return status;
    status = svc_stored(call, svc->writer->ops->device_get(svc->writer, call->in.device, &w.visitor));
    return status == OTTER_OK ? w.status : status;
}
