/* What a device's life is made of, made once for each geometry: keys, factory data, images, signed documents.
 */
#ifndef OTTER_TESTS_SIM_MATERIAL_H
#define OTTER_TESTS_SIM_MATERIAL_H

#include "geometry.h"

#include "core/factory.h"
#include "host/crypto.h"

/* In the order of a device's life. */
enum sim_release_id {
    SIM_A1,     /* 1.0.0 in slot A: what the factory put there */
    SIM_B2,     /* 1.1.0 */
    SIM_A3,     /* 1.2.0, counter 2 */
    SIM_B_ROOT, /* in the epoch that the newest of two new roots begins */
    SIM_B_KEY2, /* signed by the second image key, under a root that revokes the first */
    SIM_RELEASES
};

struct sim_release {
    enum otter_slot slot;
    uint8_t *bytes;
    uint32_t size;
    struct otter_digest digest;
    uint64_t epoch, sequence;
    uint32_t counter;
    char *manifest; /* the envelope */
    size_t manifest_len;
    struct otter_digest manifest_digest;
};

/* The roots that the server has, from version 2 on. */
enum sim_roots { SIM_ROOTS_NONE, SIM_ROOTS_TWO, SIM_ROOTS_REVOKE, SIM_ROOT_CHAINS };
#define SIM_ROOTS_MAX 2u

struct sim_material {
    const struct sim_geometry *geometry;
    struct host_key *root_key, *release_key, *offer_key, *image_key[2];
    struct otter_root root; /* version 1 */
    struct otter_factory factory;
    struct otter_image_keys keys;
    struct sim_release release[SIM_RELEASES];
    char *roots[SIM_ROOT_CHAINS][SIM_ROOTS_MAX]; /* envelopes; NULL: there is none */
};

void sim_material_init(struct sim_material *m, const struct sim_geometry *geometry);
void sim_material_free(struct sim_material *m);

#endif
