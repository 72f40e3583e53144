/* Whose image is this digest, and is it a paper of any release? Each sorted over all releases. */
#include "service/internal.h"

#include <stdlib.h>
#include <string.h>

static int order(const void *a, const void *b)
{
    const struct digest_use *x = a, *y = b;
    int by_digest = memcmp(x->sha256.b, y->sha256.b, OTTER_DIGEST_LEN);

    return by_digest ? by_digest : (x->release > y->release) - (x->release < y->release);
}

/* Room for so many of each release. */
static bool make_room(const struct catalog *c, size_t each, struct digest_map *ret)
{
    ret->count = 0;
    ret->use = calloc(c->release_count * each + 1, sizeof(*ret->use));
    return ret->use != NULL;
}

bool digest_map_make(const struct catalog *c, struct digest_map *ret)
{
    size_t n = 0;

    if (!make_room(c, OTTER_IMAGES_MAX, ret))
        return false;
    for (size_t r = 0; r < c->release_count; r++) {
        const struct otter_manifest *m = &c->releases[r].manifest;

        for (unsigned i = 0; i < m->image_count; i++)
            ret->use[n++] = (struct digest_use){.sha256 = m->image[i].sha256, .release = r};
    }
    ret->count = n;
    qsort(ret->use, n, sizeof(*ret->use), order);
    return true;
}

bool digest_map_make_papers(const struct catalog *c, struct digest_map *ret)
{
    size_t n = 0;

    if (!make_room(c, 2, ret))
        return false;
    for (size_t r = 0; r < c->release_count; r++) {
        const struct otter_manifest *m = &c->releases[r].manifest;

        if (m->has_sbom)
            ret->use[n++] = (struct digest_use){.sha256 = m->sbom, .release = r};
        if (m->has_notes)
            ret->use[n++] = (struct digest_use){.sha256 = m->notes, .release = r};
    }
    ret->count = n;
    qsort(ret->use, n, sizeof(*ret->use), order);
    return true;
}

void digest_map_free(struct digest_map *map)
{
    free(map->use);
    map->use = NULL;
}

const struct digest_use *digest_map_find(const struct digest_map *map, const struct otter_digest *sha256)
{
    size_t low = 0, high = map->count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (memcmp(map->use[mid].sha256.b, sha256->b, OTTER_DIGEST_LEN) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    if (low == map->count || memcmp(map->use[low].sha256.b, sha256->b, OTTER_DIGEST_LEN) != 0)
        return NULL;
    return &map->use[low];
}

const struct digest_use *digest_map_next(const struct digest_map *map, const struct digest_use *use)
{
    const struct digest_use *next = use + 1;

    if (next == map->use + map->count || memcmp(next->sha256.b, use->sha256.b, OTTER_DIGEST_LEN) != 0)
        return NULL;
    return next;
}
