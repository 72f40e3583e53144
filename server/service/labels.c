/* Tags and operators' attributes: how operators send them, how they are kept and shown. */
#include "service/internal.h"

#include "core/bytes.h"

#include <stdio.h>
#include <string.h>

bool labels_printable(const char *value)
{
    for (; *value; value++)
        if ((unsigned char)*value < 0x20 || *value == 0x7f)
            return false;
    return true;
}

bool labels_add_tags(const json_t *tags, struct fleet_pack *ret, struct host_error *err)
{
    const char *tag;

    for (size_t i = 0; i < json_array_size(tags); i++) {
        tag = json_string_value(json_array_get(tags, i));
        if (!tag || !otter_name_valid(tag, strlen(tag)))
            return host_fail(err, HOST_ERROR_FORMAT, "tag %zu: [A-Za-z0-9._+-]{1,64}", i + 1);
        if (!fleet_pack_add(ret, tag) || fleet_pack_count(ret->data) > LABEL_TAGS_MAX)
            return host_fail(err, HOST_ERROR_FORMAT, "at most %u tags of 2,048 bytes in all", LABEL_TAGS_MAX);
    }
    return true;
}

bool labels_remove_tags(const json_t *tags, struct fleet_pack *ret, struct host_error *err)
{
    for (size_t i = 0; i < json_array_size(tags); i++) {
        const char *tag = json_string_value(json_array_get(tags, i));

        if (!tag)
            return host_fail(err, HOST_ERROR_FORMAT, "tags to remove: strings");
        fleet_pack_remove(ret, tag);
    }
    return true;
}

bool labels_set_attrs(json_t *attrs, struct fleet_pack *ret, struct host_error *err)
{
    const char *name;
    json_t *member;

    json_object_foreach(attrs, name, member)
    {
        const char *value = json_string_value(member);

        if (!otter_name_valid(name, strlen(name)))
            return host_fail(err, HOST_ERROR_FORMAT, "attribute \"%.64s\": names are [A-Za-z0-9._+-]{1,64}",
                             name);
        if (json_is_null(member)) {
            fleet_pack_drop(ret, name);
            continue;
        }
        if (!value || strlen(value) > LABEL_VALUE_MAX || !labels_printable(value))
            return host_fail(err, HOST_ERROR_FORMAT, "attribute %s: a printable string of at most %u bytes",
                             name, LABEL_VALUE_MAX);
        if (!fleet_pack_put(ret, name, value) || fleet_pack_count(ret->data) / 2 > LABEL_ATTRS_MAX)
            return host_fail(err, HOST_ERROR_FORMAT, "at most %u attributes of 2,048 bytes in all",
                             LABEL_ATTRS_MAX);
    }
    return true;
}

json_t *labels_json_tags(const char *pack)
{
    json_t *names = json_array();

    for (const char *p = fleet_pack_next(pack, NULL); p; p = fleet_pack_next(pack, p))
        (void)json_array_append_new(names, json_string(p));
    return names;
}

static void add_pairs(json_t *to, const char *pack)
{
    for (const char *p = fleet_pack_next(pack, NULL); p;) {
        const char *value = p + strlen(p) + 1;

        (void)json_object_set_new(to, p, json_string(value));
        p = fleet_pack_next(pack, value);
    }
}

json_t *labels_json_merged(const char *own, const char *operators)
{
    json_t *pairs = json_object();

    add_pairs(pairs, own);
    add_pairs(pairs, operators);
    return pairs;
}

json_t *labels_json_attrs(const char *pack)
{
    return labels_json_merged(NULL, pack);
}

static bool same_pack(const struct store_pack *a, const struct fleet_pack *b)
{
    return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

enum otter_status labels_store(struct svc *svc, struct svc_call *call, const struct store_device *row,
                               const struct fleet_pack *tags, const struct fleet_pack *attrs,
                               bool *ret_changed)
{
    struct store_device changed = *row;
    enum otter_status status;

    *ret_changed = !same_pack(&row->tags, tags) || !same_pack(&row->operator_attrs, attrs);
    if (!*ret_changed)
        return OTTER_OK;
    changed.tags = (struct store_pack){.data = tags->data, .len = tags->len};
    changed.operator_attrs = (struct store_pack){.data = attrs->data, .len = attrs->len};
    status = svc->writer->ops->device_labels(svc->writer, &changed);
    if (status != OTTER_OK)
        return svc_stored(call, status);
    return effects_labels(call, (uint32_t)(row->num - 1), &changed) ? OTTER_OK : OTTER_INTERNAL;
}

/* Appends what fits. */
static void append(char note[STORE_REASON_MAX + 1], const char *before, const char *name, const char *value)
{
    size_t len = strlen(note);

    (void)snprintf(note + len, STORE_REASON_MAX + 1 - len, "%s%s%s%s%s", len ? " " : "", before, name,
                   value ? "=" : "", value ? value : "");
}

/* A text cut short must not end inside a character of UTF-8: JSON would not take it. */
static void mend_end(char note[STORE_REASON_MAX + 1])
{
    size_t len = strlen(note);

    if (len < STORE_REASON_MAX)
        return;
    while (len > 0 && ((unsigned char)note[len - 1] & 0xc0) == 0x80)
        len--;
    if (len > 0 && (unsigned char)note[len - 1] >= 0xc0)
        len--;
    note[len] = '\0';
}

void labels_note(const json_t *add, const json_t *remove, json_t *attrs, char note[STORE_REASON_MAX + 1])
{
    const char *name;
    json_t *value;

    note[0] = '\0';
    for (size_t i = 0; i < json_array_size(add); i++)
        append(note, "+", json_string_value(json_array_get(add, i)), NULL);
    for (size_t i = 0; i < json_array_size(remove); i++) {
        const char *tag = json_string_value(json_array_get(remove, i));

        if (otter_name_valid(tag, strlen(tag))) /* else no device can have had it */
            append(note, "-", tag, NULL);
    }
    json_object_foreach(attrs, name, value) append(note, json_is_null(value) ? "-" : "", name,
                                                   json_is_null(value) ? NULL : json_string_value(value));
    mend_end(note);
}

enum otter_status reason_read(struct svc_call *call, const char **ret)
{
    if (!host_json_get_string(call->in.json, "reason", HOST_JSON_OPTIONAL, STORE_REASON_MAX, ret,
                              &call->out.error))
        return svc_refuse_host(call);
    if (!labels_printable(*ret))
        return svc_refuse(call, OTTER_BAD_VALUE, "reason: printable text of at most %u bytes",
                          STORE_REASON_MAX);
    return OTTER_OK;
}

enum otter_status reason_need(struct svc_call *call, const char **ret)
{
    enum otter_status status;

    *ret = "";
    status = reason_read(call, ret);
    if (status == OTTER_OK && **ret == '\0')
        return svc_refuse(call, OTTER_BAD_VALUE, "reason: say why, for whoever finds it so");
    return status;
}
