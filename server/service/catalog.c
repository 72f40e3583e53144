#include "service/groups.h"

#include "core/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct catalog *catalog_get(struct svc *svc)
{
    struct catalog *c;

    (void)pthread_mutex_lock(&svc->catalog_lock);
    c = svc->catalog;
    if (c)
        atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
    (void)pthread_mutex_unlock(&svc->catalog_lock);
    return c;
}

void catalog_put(struct catalog *catalog)
{
    if (!catalog || atomic_fetch_sub_explicit(&catalog->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < catalog->root_count; i++)
        free(catalog->roots[i].envelope);
    free(catalog->roots);
    free(catalog->releases);
    for (size_t i = 0; i < catalog->rollout_count; i++)
        catalog_rollout_free(&catalog->rollouts[i]);
    free(catalog->rollouts);
    free(catalog->paced);
    free(catalog->groups);
    free(catalog->order);
    operators_free(&catalog->operators);
    free(catalog->fleet_keys);
    free(catalog);
}

void catalog_cleanup(struct catalog **catalog)
{
    catalog_put(*catalog);
    *catalog = NULL;
}

const struct catalog_release *catalog_release_by_num(const struct catalog *c, int64_t num)
{
    for (size_t low = 0, high = c->release_count; low < high;) {
        size_t mid = low + (high - low) / 2;

        if (c->releases[mid].num == num)
            return &c->releases[mid];
        if (c->releases[mid].num < num)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

const struct catalog_release *catalog_release_by_id(const struct catalog *c, const struct otter_digest *id)
{
    for (size_t i = 0; i < c->release_count; i++)
        if (memcmp(c->releases[i].id.b, id->b, OTTER_DIGEST_LEN) == 0)
            return &c->releases[i];
    return NULL;
}

const struct catalog_root *catalog_root_by_version(const struct catalog *c, uint64_t version)
{
    for (size_t i = c->root_count; i-- > 0;) /* few, and the newest are asked for */
        if (c->roots[i].version == version)
            return &c->roots[i];
    return NULL;
}

const struct catalog_rollout *catalog_rollout_by_id(const struct catalog *c, int64_t id)
{
    for (size_t low = 0, high = c->rollout_count; low < high;) {
        size_t mid = low + (high - low) / 2;

        if (c->rollouts[mid].row.id == id)
            return &c->rollouts[mid];
        if (c->rollouts[mid].row.id < id)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

/* Grows an array by one element; false when out of memory. */
static bool grow(void **array, size_t count, size_t element)
{
    void *bigger;

    if (count > 0 && (count & (count - 1)) != 0)
        return true;
    bigger = realloc(*array, (count ? count * 2 : 1) * element);
    if (bigger)
        *array = bigger;
    return bigger != NULL;
}

struct loader {
    struct store_root_visitor roots;
    struct store_release_visitor releases;
    struct store_rollout_visitor rollouts;
    struct store_fleet_key_visitor fleet_keys;
    struct store *store;
    struct catalog *c;
    enum otter_status status;
};

static bool keep_root(struct catalog *c, const struct store_root *row)
{
    void *array = c->roots;
    char *envelope = malloc(row->len + 1);

    if (!envelope || !grow(&array, c->root_count, sizeof(*c->roots))) {
        free(envelope);
        return false;
    }
    memcpy(envelope, row->envelope, row->len);
    envelope[row->len] = '\0';
    c->roots = array;
    c->roots[c->root_count++] =
        (struct catalog_root){.version = row->version, .envelope = envelope, .len = row->len};
    return true;
}

static bool load_root(struct store_root_visitor *self, const struct store_root *row)
{
    struct loader *l = OTTER_CONTAINER_OF(self, struct loader, roots);
    struct otter_jws jws;

    if (!keep_root(l->c, row)) {
        l->status = OTTER_INTERNAL;
        return false;
    }
    l->status = otter_jws_decode(row->envelope, row->len, &jws);
    if (l->status == OTTER_OK)
        l->status = otter_root_decode(&otter_crypto_openssl, jws.payload, jws.payload_len, &l->c->root);
    l->c->has_root = l->status == OTTER_OK;
    return l->status == OTTER_OK;
}

static bool load_release(struct store_release_visitor *self, const struct store_release *row)
{
    struct loader *l = OTTER_CONTAINER_OF(self, struct loader, releases);
    void *array = l->c->releases;
    struct catalog_release *r;
    struct otter_jws jws;

    if (!grow(&array, l->c->release_count, sizeof(*r))) {
        l->status = OTTER_INTERNAL;
        return false;
    }
    l->c->releases = array;
    r = &l->c->releases[l->c->release_count];
    *r = (struct catalog_release){.num = row->num,
                                  .id = row->id,
                                  .size = row->len,
                                  .published = row->published,
                                  .signature_checked = row->signature_checked,
                                  .withdrawn = row->withdrawn,
                                  .pruned = row->pruned};
    (void)snprintf(r->withdrawn_reason, sizeof(r->withdrawn_reason), "%s", row->withdrawn_reason);
    l->status = otter_jws_decode(row->envelope, row->len, &jws);
    if (l->status == OTTER_OK)
        l->status = otter_manifest_decode(jws.payload, jws.payload_len, &r->manifest);
    if (l->status == OTTER_OK)
        l->c->release_count++;
    return l->status == OTTER_OK;
}

/* Groups that a rollout named may be gone when it is over, or so large that its target with them passes a
 * bound: then it selects nobody. */
static bool load_target(const struct catalog *c, struct catalog_rollout *r)
{
    struct policy_target_error error;

    if (target_compile(c, r->row.target, &r->target, &error))
        return true;
    policy_target_nobody(&r->target);
    return !rollout_is_live(r->state);
}

static bool load_rollout(struct store_rollout_visitor *self, const struct store_rollout *row)
{
    struct loader *l = OTTER_CONTAINER_OF(self, struct loader, rollouts);
    void *array = l->c->rollouts;
    struct catalog_rollout *r;

    if (!grow(&array, l->c->rollout_count, sizeof(*r))) {
        l->status = OTTER_INTERNAL;
        return false;
    }
    l->c->rollouts = array;
    r = &l->c->rollouts[l->c->rollout_count];
    r->row = *row;
    r->state = policy_rollout_state_find(row->state);
    r->release = catalog_release_by_num(l->c, row->release);
    if (!r->release || r->state == POLICY_ROLLOUT_STATE_COUNT || !load_target(l->c, r)) {
        l->status = OTTER_INTERNAL;
        return false;
    }
    l->status = catalog_rollout_load(r, l->store);
    if (l->status != OTTER_OK) {
        catalog_rollout_free(r);
        return false;
    }
    l->c->rollout_count++;
    return true;
}

static bool load_fleet_key(struct store_fleet_key_visitor *self, const struct store_fleet_key *row)
{
    struct loader *l = OTTER_CONTAINER_OF(self, struct loader, fleet_keys);
    void *array = l->c->fleet_keys;

    if (!grow(&array, l->c->fleet_key_count, sizeof(*row))) {
        l->status = OTTER_INTERNAL;
        return false;
    }
    l->c->fleet_keys = array;
    l->c->fleet_keys[l->c->fleet_key_count++] = *row;
    return true;
}

static struct catalog *read_catalog(struct store *store, enum otter_status *ret_status)
{
    struct loader l = {.roots.row = load_root,
                       .releases.row = load_release,
                       .rollouts.row = load_rollout,
                       .fleet_keys.row = load_fleet_key,
                       .store = store,
                       .c = calloc(1, sizeof(*l.c))};
    enum otter_status status = OTTER_INTERNAL;

    if (l.c) {
        atomic_init(&l.c->refs, 1);
        status = store->ops->roots(store, &l.roots);
        if (status == OTTER_OK && l.status == OTTER_OK)
            status = store->ops->releases(store, &l.releases);
        if (status == OTTER_OK && l.status == OTTER_OK)
            status = groups_read(l.c, store);
        if (status == OTTER_OK && l.status == OTTER_OK)
            status = store->ops->rollouts(store, &l.rollouts);
        if (status == OTTER_OK && l.status == OTTER_OK)
            status = operators_load(&l.c->operators, store);
        if (status == OTTER_OK && l.status == OTTER_OK)
            status = store->ops->fleet_keys(store, &l.fleet_keys);
        if (status == OTTER_OK && l.status == OTTER_OK)
            status = store->ops->freeze_get(store, &l.c->freeze);
    }
    if (status == OTTER_OK && l.status == OTTER_OK && !catalog_order(l.c))
        status = OTTER_INTERNAL;
    *ret_status = status != OTTER_OK ? status : l.status;
    if (*ret_status == OTTER_OK)
        return l.c;
    catalog_put(l.c);
    return NULL;
}

enum otter_status catalog_reload(struct svc *svc, struct store *store)
{
    enum otter_status status;
    struct catalog *fresh = read_catalog(store, &status), *old;

    if (!fresh)
        return status;
    (void)pthread_mutex_lock(&svc->catalog_lock);
    old = svc->catalog;
    fresh->generation = old ? old->generation + 1 : 1;
    operators_keep_uses(&fresh->operators, old ? &old->operators : NULL);
    svc->catalog = fresh;
    if (fresh->has_root)
        offer_keys_choose(&svc->offer_keys, &fresh->root);
    atomic_store_explicit(&svc->root_version, fresh->has_root ? fresh->root.version : 0,
                          memory_order_release);
    atomic_store_explicit(&svc->generation, fresh->generation, memory_order_release);
    (void)pthread_mutex_unlock(&svc->catalog_lock);
    offer_keys_settle(&svc->offer_keys, svc->dir);
    groups_published(svc, old, fresh);
    catalog_put(old);
    return OTTER_OK;
}
