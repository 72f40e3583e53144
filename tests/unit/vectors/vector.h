/* Golden vectors (manifests/vectors/<group>/<name>.json): loading them, and asking lib/core about one. */
#ifndef OTTER_TEST_VECTORS_VECTOR_H
#define OTTER_TEST_VECTORS_VECTOR_H

#include "core/crypto.h"
#include "core/status.h"
#include "host/json.h"

struct vector {
    char name[128]; /* "root/valid" */
    json_t *json;
    enum otter_status expect;
};

struct vector_set {
    struct vector *vector;
    size_t count;
};

/* All of them, or false with *err: an unreadable file, one that is no vector, or none at all in a folder. */
bool vector_load_all(const char *dir, struct vector_set *ret, struct host_error *err);
void vector_free(struct vector_set *set);

/*
 * What lib/core says about the vector under an adapter. A valid one's `decoded` members are compared, too: an
 * unequal one is INTERNAL with *err. A vector that lacks an input is INTERNAL with *err.
 */
enum otter_status vector_judge(const struct otter_crypto *crypto, const struct vector *v,
                               struct host_error *err);

#endif
