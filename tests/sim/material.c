#include "material.h"

#include "boot/keys.h"
#include "core/bytes.h"
#include "host/jws.h"
#include "memo.h"
#include "support/signed_image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAYLOAD_SKEW 96u /* versions differ in length, too */

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "sim: %s\n", what);
    abort();
}

static struct host_key *make_key(void)
{
    struct host_error err;
    struct host_key *key = host_key_generate(&err);

    must(key != NULL, "no key");
    return key;
}

static char *sign(const struct host_key *key, const char *payload, size_t *ret_len)
{
    struct host_error err;
    char *envelope;

    must(host_jws_sign(key, payload, strlen(payload), &envelope, ret_len, &err), "signing");
    return envelope;
}

/* ---- roots ---- */

static void add_role(struct otter_root *root, enum otter_role role, const struct host_key *key)
{
    struct otter_root_key *k = &root->key[root->key_count];

    k->kid = *host_key_kid(key);
    memcpy(k->point, host_key_point(key), OTTER_POINT_LEN);
    root->role[role].threshold = 1;
    root->role[role].key[root->role[role].count++] = root->key_count++;
}

static char *sign_root(const struct sim_material *m, const struct otter_root *root)
{
    char payload[OTTER_PAYLOAD_MAX + 1];
    size_t len;

    must(otter_root_encode(root, payload, sizeof(payload)) == OTTER_OK, "a root");
    return sign(m->root_key, payload, &len);
}

static void make_roots(struct sim_material *m)
{
    struct otter_root next;

    m->root = (struct otter_root){.version = 1, .created = 1000000, .expires = 9000000, .sequence_epoch = 1};
    add_role(&m->root, OTTER_ROLE_ROOT, m->root_key);
    add_role(&m->root, OTTER_ROLE_RELEASE, m->release_key);
    add_role(&m->root, OTTER_ROLE_OFFER, m->offer_key);
    next = m->root;
    for (unsigned i = 0; i < SIM_ROOTS_MAX; i++) {
        next.version++;
        next.created++;
        next.sequence_epoch += i; /* the second one begins an epoch */
        m->roots[SIM_ROOTS_TWO][i] = sign_root(m, &next);
    }
    next = m->root;
    next.version = 2;
    next.revoked[next.revoked_count++] = *host_key_kid(m->image_key[0]);
    m->roots[SIM_ROOTS_REVOKE][0] = sign_root(m, &next);
}

static void make_factory(struct sim_material *m)
{
    struct otter_factory *f = &m->factory;

    strcpy(f->device, "lamp-1");
    strcpy(f->product, "lamp");
    strcpy(f->hardware, m->geometry->map->hardware);
    strcpy(f->url[0], "http://127.0.0.1:8480");
    memset(f->secret, 0x5a, sizeof(f->secret));
    f->key_count = 2;
    for (unsigned i = 0; i < f->key_count; i++)
        memcpy(f->key[i], host_key_point(m->image_key[i]), OTTER_POINT_LEN);
    must(otter_root_encode(&m->root, f->root, sizeof(f->root)) == OTTER_OK, "the first root");
    f->root_len = (uint16_t)strlen(f->root);
    otter_image_keys_init(&sim_crypto, f, &m->keys);
}

/* ---- releases ---- */

static const struct plan {
    enum otter_slot slot;
    struct otter_version version;
    uint64_t epoch, sequence;
    uint32_t counter;
    unsigned key;
} plans[SIM_RELEASES] = {
    [SIM_A1] = {OTTER_SLOT_A, {1, 0, 0, 0}, 1, 1, 1, 0},
    [SIM_B2] = {OTTER_SLOT_B, {1, 1, 0, 0}, 1, 2, 1, 0},
    [SIM_A3] = {OTTER_SLOT_A, {1, 2, 0, 0}, 1, 3, 2, 0},
    [SIM_B_ROOT] = {OTTER_SLOT_B, {1, 1, 1, 0}, 2, 1, 1, 0},
    [SIM_B_KEY2] = {OTTER_SLOT_B, {1, 1, 2, 0}, 1, 2, 1, 1},
};

/* A signature's DER has 70 to 72 bytes: always the same number, so that operations have the same numbers. */
static void make_image(struct sim_material *m, unsigned i)
{
    const struct otter_flash_map *map = m->geometry->map;
    const struct plan *plan = &plans[i];
    struct sim_release *r = &m->release[i];
    struct signed_image_options o = {
        .version = plan->version,
        .load_addr = map->slot[plan->slot].base,
        .payload = m->geometry->payload + i * PAYLOAD_SKEW,
        .counter = plan->counter,
        .fill = (uint8_t)(i * 31),
        .key = m->image_key[plan->key],
        .header_size = (uint16_t)map->header_size,
    };
    uint32_t cap = o.payload + map->header_size + 512;

    r->bytes = malloc(cap);
    must(r->bytes != NULL, "no memory");
    do
        r->size = signed_image_build(&o, r->bytes, cap, &r->digest);
    while (r->size % 4 != 3);
    must(r->size <= map->slot[plan->slot].size - map->slot[plan->slot].trailer_size, "an image too large");
}

static void make_release(struct sim_material *m, unsigned i)
{
    const struct plan *plan = &plans[i];
    struct sim_release *r = &m->release[i];
    struct otter_manifest manifest = {
        .hardware_count = 1,
        .image_count = 1,
        .version = plan->version,
        .epoch = plan->epoch,
        .sequence = plan->sequence,
        .security_counter = plan->counter,
        .created = 1500000 + i,
        .expires = 8000000,
    };
    char payload[OTTER_PAYLOAD_MAX + 1];

    make_image(m, i);
    r->slot = plan->slot;
    r->epoch = plan->epoch;
    r->sequence = plan->sequence;
    r->counter = plan->counter;
    strcpy(manifest.product, m->factory.product);
    strcpy(manifest.hardware[0], m->factory.hardware);
    manifest.image[0] = (struct otter_manifest_image){plan->slot, m->geometry->map->slot[plan->slot].base,
                                                      r->size, r->digest};
    must(otter_manifest_encode(&manifest, payload, sizeof(payload)) == OTTER_OK, "a manifest");
    r->manifest = sign(m->release_key, payload, &r->manifest_len);
    otter_sha256_of(&otter_crypto_openssl, r->manifest, r->manifest_len, &r->manifest_digest);
}

void sim_material_init(struct sim_material *m, const struct sim_geometry *geometry)
{
    memset(m, 0, sizeof(*m));
    m->geometry = geometry;
    m->root_key = make_key();
    m->release_key = make_key();
    m->offer_key = make_key();
    m->image_key[0] = make_key();
    m->image_key[1] = make_key();
    make_roots(m);
    make_factory(m);
    for (unsigned i = 0; i < SIM_RELEASES; i++)
        make_release(m, i);
}

void sim_material_free(struct sim_material *m)
{
    host_key_free(m->root_key);
    host_key_free(m->release_key);
    host_key_free(m->offer_key);
    host_key_free(m->image_key[0]);
    host_key_free(m->image_key[1]);
    for (unsigned i = 0; i < SIM_RELEASES; i++) {
        free(m->release[i].bytes);
        free(m->release[i].manifest);
    }
    for (unsigned i = 0; i < SIM_ROOT_CHAINS; i++)
        for (unsigned n = 0; n < SIM_ROOTS_MAX; n++)
            free(m->roots[i][n]);
}
