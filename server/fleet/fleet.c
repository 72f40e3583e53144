#include "fleet/fleet.h"

#include "core/bytes.h"
#include "fleet/proof.h"
#include "fleet/records.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(struct fleet_device) == 80, "1,000,000 devices are to fit into 120 MB");
_Static_assert(CHUNKS *CHUNK > FLEET_MAX && FLEET_MAX == FLEET_INDEX_MAX, "a place for each device");
_Static_assert(OTTER_STATUS_COUNT <= 256, "a status fits 8 bits");

/* FNV-1a over the id, seeded, with a final mix so that all bits count. */
static uint64_t hash_id(uint64_t seed, const char *id)
{
    uint64_t h = UINT64_C(14695981039346656037) ^ seed;

    for (; *id; id++)
        h = (h ^ (uint8_t)*id) * UINT64_C(1099511628211);
    h ^= h >> 32;
    h *= UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 29;
}

/* Of a token's hash; the record's 16 bytes of it begin alike. */
static uint64_t hash_token(const uint8_t token[FLEET_TOKEN])
{
    return otter_le64(token);
}

const struct fleet_device *fleet_peek(const struct fleet *fleet, uint32_t index)
{
    return &chunk_of(fleet, index)->device[index % CHUNK];
}

static uint64_t rehash_id(const struct fleet_hasher *self, uint32_t record)
{
    const struct fleet *f = OTTER_CONTAINER_OF_CONST(self, struct fleet, id_hasher);

    return hash_id(f->seed, fleet_peek(f, record)->id);
}

static uint64_t rehash_token(const struct fleet_hasher *self, uint32_t record)
{
    const struct fleet *f = OTTER_CONTAINER_OF_CONST(self, struct fleet, token_hasher);

    return atomic_load_explicit(&fleet_peek(f, record)->token[0], memory_order_relaxed);
}

struct fleet *fleet_new(uint64_t seed)
{
    struct fleet *f = calloc(1, sizeof(*f));

    if (!f)
        return NULL;
    f->seed = seed;
    f->id_hasher.hash = rehash_id;
    f->token_hasher.hash = rehash_token;
    said_init(&f->said);
    second_init(&f->seconds);
    (void)pthread_mutex_init(&f->filling, NULL);
    for (unsigned i = 0; i < STRIPES; i++)
        (void)pthread_mutex_init(&f->stripe[i], NULL);
    if (fleet_index_init(&f->by_id) && fleet_index_init(&f->by_token))
        return f;
    fleet_free(f);
    return NULL;
}

static bool reserve_records(struct fleet *f, uint32_t devices)
{
    uint32_t count = (devices + CHUNK - 1) / CHUNK;

    if (count == 0 || f->reserved || chunk_of(f, 0))
        return true;
    f->reserved = calloc(count, sizeof(struct chunk));
    if (!f->reserved)
        return false;
    f->reserved_count = count;
    for (uint32_t i = 0; i < count; i++)
        atomic_store_explicit(&f->chunk[i], &f->reserved[i], memory_order_release);
    return true;
}

bool fleet_reserve(struct fleet *fleet, uint32_t devices)
{
    return devices <= FLEET_MAX && fleet_index_reserve(&fleet->by_id, devices) &&
           fleet_index_reserve(&fleet->by_token, devices) && reserve_records(fleet, devices);
}

static void free_extra(struct fleet_extra *extra)
{
    if (!extra)
        return;
    free(extra->labels);
    fleet_pose_free(extra->poses);
    fleet_proof_free(extra->proof);
    free(extra);
}

static void empty_chunk(struct fleet *f, struct chunk *c)
{
    for (unsigned i = 0; c && i < CHUNK; i++) {
        free_extra(c->device[i].extra);
        if (c->device[i].said)
            said_put(&f->said, c->device[i].said, 1);
    }
}

void fleet_free(struct fleet *fleet)
{
    if (!fleet)
        return;
    for (unsigned i = 0; i < CHUNKS; i++) {
        empty_chunk(fleet, atomic_load(&fleet->chunk[i]));
        if (i >= fleet->reserved_count)
            free(atomic_load(&fleet->chunk[i]));
    }
    free(fleet->reserved);
    said_destroy(&fleet->said);
    second_destroy(&fleet->seconds);
    arena_free(&fleet->arena);
    (void)pthread_mutex_destroy(&fleet->filling);
    for (unsigned i = 0; i < STRIPES; i++)
        (void)pthread_mutex_destroy(&fleet->stripe[i]);
    fleet_index_clear(&fleet->by_id);
    fleet_index_clear(&fleet->by_token);
    free(fleet);
}

uint32_t fleet_count(const struct fleet *fleet)
{
    return atomic_load_explicit(&fleet->count, memory_order_acquire);
}

uint32_t fleet_in_service(const struct fleet *fleet)
{
    return fleet_count(fleet) - atomic_load_explicit(&fleet->retired, memory_order_acquire);
}

bool fleet_is_retired(const struct fleet *fleet, uint32_t index)
{
    uint64_t word = atomic_load_explicit(&bits_of(fleet, index)->retired, memory_order_acquire);

    return (word >> (index % 64) & 1u) != 0;
}

uint32_t fleet_find(const struct fleet *fleet, const char *id)
{
    struct fleet_walk walk = fleet_index_walk(&fleet->by_id, hash_id(fleet->seed, id));
    uint32_t record;

    while (fleet_index_next(&walk, &record))
        if (strcmp(fleet_peek(fleet, record)->id, id) == 0)
            return record;
    return FLEET_NONE;
}

uint32_t fleet_find_token(struct fleet *fleet, const struct otter_digest *token_hash)
{
    struct fleet_walk walk;
    uint32_t record, moves;

    do {
        moves = fleet_index_moves(&fleet->by_token);
        walk = fleet_index_walk(&fleet->by_token, hash_token(token_hash->b));
        while (fleet_index_next(&walk, &record))
            if (fleet_token_is(fleet, record, token_hash) && !fleet_is_retired(fleet, record))
                return record;
    } while (fleet_index_moved(&fleet->by_token, moves));
    record = fleet_find_second(fleet, token_hash);
    return record != FLEET_NONE && !fleet_is_retired(fleet, record) ? record : FLEET_NONE;
}

/* Beyond KINDS different ones each device keeps its own copy. */
const struct fleet_kind *fleet_intern(struct fleet *f, const char *product, const char *hardware)
{
    struct fleet_kind *kind;

    for (unsigned i = 0; i < f->kind_count; i++)
        if (strcmp(f->kind[i]->product, product) == 0 && strcmp(f->kind[i]->hardware, hardware) == 0)
            return f->kind[i];
    kind = arena_take(&f->arena, sizeof(*kind), _Alignof(struct fleet_kind));
    if (!kind)
        return NULL;
    kind->product = arena_keep(&f->arena, product);
    kind->hardware = arena_keep(&f->arena, hardware);
    if (!kind->product || !kind->hardware)
        return NULL;
    if (f->kind_count < KINDS)
        f->kind[f->kind_count++] = kind;
    return kind;
}

static struct chunk *chunk_for(struct fleet *f, uint32_t index)
{
    struct chunk *c;

    if (index / CHUNK >= CHUNKS)
        return NULL;
    c = chunk_of(f, index);
    if (c)
        return c;
    c = calloc(1, sizeof(*c));
    if (c)
        atomic_store_explicit(&f->chunk[index / CHUNK], c, memory_order_release);
    return c;
}

uint32_t fleet_add(struct fleet *fleet, const char *id, const char *product, const char *hardware,
                   const struct otter_digest *token_hash)
{
    uint32_t index = atomic_load_explicit(&fleet->count, memory_order_relaxed);
    uint64_t id_hash = hash_id(fleet->seed, id), token = hash_token(token_hash->b);
    struct chunk *c = chunk_for(fleet, index);
    struct fleet_device *d;

    if (!c)
        return FLEET_NONE;
    fleet_index_prepare(&fleet->by_id, id_hash);
    fleet_index_prepare(&fleet->by_token, token);
    d = &c->device[index % CHUNK];
    d->id = arena_keep(&fleet->arena, id);
    d->kind = fleet_intern(fleet, product, hardware);
    d->said = &fleet->said.nothing;
    fleet_token_put(d, token_hash->b);
    if (!d->id || !d->kind || !fleet_index_add(&fleet->by_id, id_hash, index, &fleet->id_hasher) ||
        !fleet_index_add(&fleet->by_token, token, index, &fleet->token_hasher))
        return FLEET_NONE;
    atomic_store_explicit(&fleet->count, index + 1, memory_order_release);
    return index;
}

struct fleet_device *fleet_lock(struct fleet *fleet, uint32_t index)
{
    (void)pthread_mutex_lock(&fleet->stripe[index % STRIPES]);
    return &chunk_of(fleet, index)->device[index % CHUNK];
}

void fleet_unlock(struct fleet *fleet, uint32_t index)
{
    (void)pthread_mutex_unlock(&fleet->stripe[index % STRIPES]);
}

bool fleet_say(struct fleet *fleet, struct fleet_device *d, const struct fleet_said *said)
{
    struct fleet_said *now;

    if (fleet_said_equal(d->said, said))
        return true;
    now = said_get(&fleet->said, said, 1);
    if (!now)
        return false;
    said_put(&fleet->said, d->said, 1);
    d->said = now;
    return true;
}
