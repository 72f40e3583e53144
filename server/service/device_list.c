/* The fleet as a list, from memory. */
#include "service/internal.h"
#include "service/rights.h"

#include "core/bytes.h"

#include <string.h>

static bool wanted(struct svc *svc, const struct list_page *page, bool retired, uint32_t index)
{
    struct policy_subject subject;
    bool wants;

    if (!rights_see_device(svc, page->call, index))
        return false;
    if (!retired && fleet_is_retired(svc->fleet, index))
        return false;
    device_subject(fleet_lock(svc->fleet, index), page->now, &subject);
    wants = list_wants(page, &subject);
    fleet_unlock(svc->fleet, index);
    return wants;
}

static uint64_t version_number(const struct otter_version *v)
{
    return (uint64_t)v->major << 56 | (uint64_t)v->minor << 48 | (uint64_t)v->revision << 32 | v->build;
}

/* The device is locked; texts must outlive that. */
static void by_id(const struct fleet_device *d, struct list_key *key)
{
    key->text = d->id;
}

static void by_product(const struct fleet_device *d, struct list_key *key)
{
    key->text = d->kind->product;
}

static void by_hardware(const struct fleet_device *d, struct list_key *key)
{
    key->text = d->kind->hardware;
}

static void by_state(const struct fleet_device *d, struct list_key *key)
{
    key->text = device_state_name(d);
}

static void by_version(const struct fleet_device *d, struct list_key *key)
{
    key->number = version_number(&d->said->version);
}

static void by_first_seen(const struct fleet_device *d, struct list_key *key)
{
    key->number = d->first_seen;
}

static void by_last_seen(const struct fleet_device *d, struct list_key *key)
{
    key->number = d->last_seen;
}

typedef void key_function(const struct fleet_device *d, struct list_key *key);

static const char *const sorts[] = {"id",      "product",    "hardware",  "state",
                                    "version", "first_seen", "last_seen", NULL};
static key_function *const key_functions[] = {by_id,      by_product,    by_hardware, by_state,
                                              by_version, by_first_seen, by_last_seen};

static key_function *key_function_of(const char *column)
{
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(key_functions); i++)
        if (strcmp(sorts[i], column) == 0)
            return key_functions[i];
    return by_id;
}

struct maker {
    struct list_maker maker;
    struct svc *svc;
    const struct catalog *c;
};

static json_t *make(struct list_maker *self, uint64_t position)
{
    struct maker *m = OTTER_CONTAINER_OF(self, struct maker, maker);

    return json_device(m->svc, m->svc->reader, m->c, (uint32_t)position);
}

static enum otter_status gather(struct svc *svc, struct list_page *page, bool retired)
{
    key_function *key_of = key_function_of(page->column);
    uint32_t count = fleet_count(svc->fleet);

    for (uint32_t i = 0; i < count; i++) {
        struct list_key key = {.text = "", .position = i};

        if (!wanted(svc, page, retired, i))
            continue;
        key_of(fleet_lock(svc->fleet, i), &key);
        fleet_unlock(svc->fleet, i);
        if (!list_key(page, &key))
            return OTTER_INTERNAL;
    }
    return OTTER_OK;
}

enum otter_status op_device_list(struct svc *svc, struct svc_call *call)
{
    auto_catalog struct catalog *c = catalog_get(svc);
    struct maker m = {.maker.make = make, .svc = svc, .c = c};
    uint32_t count = fleet_count(svc->fleet);
    struct list_page page;
    enum otter_status status = list_begin_devices(&page, svc, call, sorts);
    bool retired;

    if (status != OTTER_OK)
        return status;
    retired = list_wants_retired(&page);
    if (page.column) {
        status = gather(svc, &page, retired);
        return status == OTTER_OK ? list_end(&page, &m.maker) : list_drop(&page, status);
    }
    for (uint32_t i = page.after > count ? count : (uint32_t)page.after; i < count; i++) {
        if (!wanted(svc, &page, retired, i))
            continue;
        if (json_array_size(page.items) == page.limit) {
            page.more = true;
            break;
        }
        (void)list_add(&page, make(&m.maker, i), (uint64_t)i + 1);
    }
    return list_end(&page, NULL);
}
