/* What operators are granted: read from a request, stored, and shown. */
#include "service/internal.h"

#include "core/bytes.h"

#include <string.h>

static enum otter_status read_grant(struct svc_call *call, const json_t *json, struct store_grant *ret)
{
    static const char *const members[] = {"*role", "*product", NULL};
    struct host_error *err = &call->out.error;
    enum otter_status status = svc_shape(json, members, err);
    const char *role, *product;
    enum policy_role known;

    if (status != OTTER_OK)
        return status;
    if (!host_json_get_string(json, "role", HOST_JSON_REQUIRED, STORE_ROLE_MAX, &role, err) ||
        !host_json_get_string(json, "product", HOST_JSON_REQUIRED, OTTER_NAME_MAX, &product, err))
        return svc_refuse_host(call);
    if (!policy_role_find(role, &known))
        return svc_refuse(call, OTTER_BAD_VALUE, "role: viewer, operator, publisher, approver or admin");
    if (!policy_grant_product_valid(product))
        return svc_refuse(call, OTTER_BAD_VALUE, "product: [A-Za-z0-9._+-]{1,64}, or * for everything");
    memcpy(ret->role, role, strlen(role) + 1);
    memcpy(ret->product, product, strlen(product) + 1);
    return OTTER_OK;
}

enum otter_status grants_read(struct svc_call *call, const char *member, const char *operator,
                              struct operator_grants * ret)
{
    enum otter_status status = OTTER_OK;
    json_t *list = NULL;

    ret->count = 0;
    if (!host_json_get_array(call->in.json, member, HOST_JSON_OPTIONAL, OPERATOR_GRANTS, &list,
                             &call->out.error))
        return svc_refuse_host(call);
    for (size_t i = 0; i < json_array_size(list) && status == OTTER_OK; i++) {
        struct store_grant *g = &ret->grant[ret->count++];

        memcpy(g->operator, operator, strlen(operator) + 1);
        status = read_grant(call, json_array_get(list, i), g);
    }
    return status;
}

struct grant_lister {
    struct store_grant_visitor visitor;
    const char *name;
    json_t *list;
};

static bool list_grant(struct store_grant_visitor *self, const struct store_grant *row)
{
    struct grant_lister *l = OTTER_CONTAINER_OF(self, struct grant_lister, visitor);

    return strcmp(row->operator, l->name) != 0 ||
           json_array_append_new(l->list,
                                 json_pack("{s:s, s:s}", "role", row->role, "product", row->product)) == 0;
}

json_t *operator_json_grants(struct store *store, const char *name)
{
    struct grant_lister l = {.visitor.row = list_grant, .name = name, .list = json_array()};

    if (strcmp(name, SVC_ADMIN) == 0) {
        (void)json_array_append_new(l.list, json_pack("{s:s, s:s}", "role", policy_role_name(POLICY_ADMIN),
                                                      "product", POLICY_EVERYWHERE));
        return l.list;
    }
    if (store->ops->grants(store, &l.visitor) == OTTER_OK)
        return l.list;
    json_decref(l.list);
    return NULL;
}

enum otter_status grants_put(struct svc *svc, struct svc_call *call, const struct operator_grants *grants)
{
    enum otter_status status = OTTER_OK;

    for (unsigned i = 0; i < grants->count && status == OTTER_OK; i++)
        status = svc_stored(call, svc->writer->ops->grant_put(svc->writer, &grants->grant[i]));
    return status;
}

enum otter_status grants_take(struct svc *svc, struct svc_call *call, const struct operator_grants *grants)
{
    for (unsigned i = 0; i < grants->count; i++) {
        const struct store_grant *g = &grants->grant[i];
        enum otter_status status = svc->writer->ops->grant_delete(svc->writer, g);

        if (status == OTTER_NOT_FOUND)
            return svc_refuse(call, status, "operator %s is no %s of %s: otter operator show %s", g->operator,
                              g->role, g->product, g->operator);
        if (status != OTTER_OK)
            return svc_stored(call, status);
    }
    return OTTER_OK;
}

unsigned grants_count(struct svc *svc, const char *name)
{
    auto_json json_t *list = operator_json_grants(svc->writer, name);

    return (unsigned)json_array_size(list);
}
