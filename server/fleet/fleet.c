#include "fleet/fleet.h"

#include "core/bytes.h"
#include "fleet/index.h"
#include "fleet/proof.h"
#include "fleet/said.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Records come in pieces that never move; at most CHUNKS * CHUNK devices. */
#define CHUNK       4096u
#define CHUNKS      4096u
#define STRIPES     64u
#define ARENA_PIECE 65536u
#define KINDS       256u

struct arena_piece {
    struct arena_piece *next;
    size_t used;
    _Alignas(max_align_t) char bytes[ARENA_PIECE];
};

_Static_assert(sizeof(struct fleet_device) == 80, "1,000,000 devices are to fit into 120 MB");
_Static_assert(CHUNKS *CHUNK > FLEET_MAX && FLEET_MAX == FLEET_INDEX_MAX, "a place for each device");
_Static_assert(OTTER_STATUS_COUNT <= 256, "a status fits 8 bits");

struct chunk {
    struct fleet_device device[CHUNK];
    _Atomic uint64_t dirty[CHUNK / 64];
    _Atomic uint64_t retired[CHUNK / 64]; /* copies of FLEET_RETIRED, to be asked without a lock */
    _Atomic uint8_t pace[CHUNK];
};

struct fleet {
    uint64_t seed;
    _Atomic uint32_t count;
    _Atomic uint32_t retired;
    struct fleet_index by_id;
    struct fleet_index by_token;
    struct fleet_hasher id_hasher;
    struct fleet_hasher token_hasher;
    struct arena_piece *arena;
    const struct fleet_kind *kind[KINDS]; /* few, so a plain list */
    unsigned kind_count;
    struct said_table said;
    pthread_mutex_t stripe[STRIPES];
    _Atomic(struct chunk *) chunk[CHUNKS];
};

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

static struct chunk *chunk_of(const struct fleet *f, uint32_t index)
{
    return atomic_load_explicit(&f->chunk[index / CHUNK], memory_order_acquire);
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

    return hash_token(fleet_peek(f, record)->token);
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
    for (unsigned i = 0; i < STRIPES; i++)
        (void)pthread_mutex_init(&f->stripe[i], NULL);
    if (fleet_index_init(&f->by_id) && fleet_index_init(&f->by_token))
        return f;
    fleet_free(f);
    return NULL;
}

bool fleet_reserve(struct fleet *fleet, uint32_t devices)
{
    return devices <= FLEET_MAX && fleet_index_reserve(&fleet->by_id, devices) &&
           fleet_index_reserve(&fleet->by_token, devices);
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

static void free_chunk(struct fleet *f, struct chunk *c)
{
    for (unsigned i = 0; c && i < CHUNK; i++) {
        free_extra(c->device[i].extra);
        if (c->device[i].said)
            said_put(&f->said, c->device[i].said);
    }
    free(c);
}

void fleet_free(struct fleet *fleet)
{
    if (!fleet)
        return;
    for (unsigned i = 0; i < CHUNKS; i++)
        free_chunk(fleet, atomic_load(&fleet->chunk[i]));
    said_destroy(&fleet->said);
    for (struct arena_piece *p = fleet->arena, *next; p; p = next) {
        next = p->next;
        free(p);
    }
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
    uint64_t word =
        atomic_load_explicit(&chunk_of(fleet, index)->retired[index % CHUNK / 64], memory_order_acquire);

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

uint32_t fleet_find_token(const struct fleet *fleet, const struct otter_digest *token_hash)
{
    struct fleet_walk walk = fleet_index_walk(&fleet->by_token, hash_token(token_hash->b));
    uint32_t record;

    while (fleet_index_next(&walk, &record))
        if (fleet_token_is(fleet, record, token_hash) && !fleet_is_retired(fleet, record))
            return record;
    return FLEET_NONE;
}

bool fleet_token_is(const struct fleet *fleet, uint32_t index, const struct otter_digest *token_hash)
{
    return otter_equal_ct(fleet_peek(fleet, index)->token, token_hash->b, FLEET_TOKEN);
}

/* Strings are at most OTTER_NAME_MAX long, so any fits a fresh piece. */
static void *take(struct fleet *f, size_t n, size_t align)
{
    size_t at = f->arena ? (f->arena->used + align - 1) & ~(align - 1) : ARENA_PIECE;

    if (at > ARENA_PIECE || n > ARENA_PIECE - at) {
        struct arena_piece *p = malloc(sizeof(*p));

        if (!p || n > ARENA_PIECE) {
            free(p);
            return NULL;
        }
        p->next = f->arena;
        f->arena = p;
        at = 0;
    }
    f->arena->used = at + n;
    return f->arena->bytes + at;
}

static const char *keep(struct fleet *f, const char *s)
{
    size_t n = strlen(s) + 1;
    char *out = n <= OTTER_NAME_BUF ? take(f, n, 1) : NULL; /* what is enrolled is no longer */

    if (out)
        memcpy(out, s, n);
    return out;
}

/* Beyond KINDS different ones each device keeps its own copy. */
static const struct fleet_kind *intern(struct fleet *f, const char *product, const char *hardware)
{
    struct fleet_kind *kind;

    for (unsigned i = 0; i < f->kind_count; i++)
        if (strcmp(f->kind[i]->product, product) == 0 && strcmp(f->kind[i]->hardware, hardware) == 0)
            return f->kind[i];
    kind = take(f, sizeof(*kind), _Alignof(struct fleet_kind));
    if (!kind)
        return NULL;
    kind->product = keep(f, product);
    kind->hardware = keep(f, hardware);
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
    d->id = keep(fleet, id);
    d->kind = intern(fleet, product, hardware);
    d->said = &fleet->said.nothing;
    memcpy(d->token, token_hash->b, FLEET_TOKEN);
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
    now = said_get(&fleet->said, said);
    if (!now)
        return false;
    said_put(&fleet->said, d->said);
    d->said = now;
    return true;
}

const char *fleet_tags(const struct fleet_device *d)
{
    return d->extra && d->extra->tags_len ? d->extra->labels : NULL;
}

const char *fleet_own_attrs(const struct fleet_device *d)
{
    return d->extra && d->extra->own_len ? d->extra->labels + d->extra->tags_len : NULL;
}

const char *fleet_operator_attrs(const struct fleet_device *d)
{
    return d->extra && d->extra->operator_len ? d->extra->labels + d->extra->tags_len + d->extra->own_len
                                              : NULL;
}

struct fleet_extra *fleet_extra(struct fleet_device *d)
{
    if (!d->extra)
        d->extra = calloc(1, sizeof(*d->extra));
    return d->extra;
}

static void count_retired(struct fleet *fleet, uint32_t index, bool retired)
{
    _Atomic uint64_t *word = &chunk_of(fleet, index)->retired[index % CHUNK / 64];
    uint64_t bit = UINT64_C(1) << (index % 64);

    if (retired == fleet_is_retired(fleet, index))
        return;
    if (retired) {
        atomic_fetch_or_explicit(word, bit, memory_order_acq_rel);
        atomic_fetch_add_explicit(&fleet->retired, 1, memory_order_acq_rel);
    } else {
        atomic_fetch_and_explicit(word, ~bit, memory_order_acq_rel);
        atomic_fetch_sub_explicit(&fleet->retired, 1, memory_order_acq_rel);
    }
}

bool fleet_set_marks(struct fleet *fleet, uint32_t index, struct fleet_device *d, uint8_t marks, uint32_t pin)
{
    if (pin && !fleet_extra(d))
        return false;
    if (d->extra)
        d->extra->pin = pin;
    d->marks = (uint8_t)((marks & ~FLEET_RETRY) | (d->marks & FLEET_RETRY));
    count_retired(fleet, index, (marks & FLEET_RETIRED) != 0);
    return true;
}

void fleet_set_retry(struct fleet_device *d, bool retry)
{
    d->marks = (uint8_t)((d->marks & ~FLEET_RETRY) | (retry ? FLEET_RETRY : 0));
}

uint32_t fleet_pin(const struct fleet_device *d)
{
    return d->extra ? d->extra->pin : 0;
}

bool fleet_set_labels(struct fleet_device *d, const char *tags, size_t tags_len, const char *own,
                      size_t own_len, const char *operator_attrs, size_t operator_len)
{
    size_t total = tags_len + own_len + operator_len;
    struct fleet_extra *extra = d->extra;
    char *labels = NULL;

    if (tags_len > UINT16_MAX || own_len > UINT16_MAX || operator_len > UINT16_MAX)
        return false;
    if (total > 0) {
        extra = fleet_extra(d);
        labels = extra ? malloc(total) : NULL;
        if (!labels)
            return false;
        if (tags_len)
            memcpy(labels, tags, tags_len);
        if (own_len)
            memcpy(labels + tags_len, own, own_len);
        if (operator_len)
            memcpy(labels + tags_len + own_len, operator_attrs, operator_len);
    }
    if (!extra)
        return true;
    free(extra->labels);
    extra->labels = labels;
    extra->tags_len = (uint16_t)tags_len;
    extra->own_len = (uint16_t)own_len;
    extra->operator_len = (uint16_t)operator_len;
    return true;
}

uint8_t fleet_pace(const struct fleet *fleet, uint32_t index)
{
    return atomic_load(&chunk_of(fleet, index)->pace[index % CHUNK]);
}

void fleet_set_pace(struct fleet *fleet, uint32_t index, uint8_t pace)
{
    atomic_store(&chunk_of(fleet, index)->pace[index % CHUNK], pace);
}

void fleet_forget_paces(struct fleet *fleet)
{
    uint32_t count = fleet_count(fleet);

    for (uint32_t i = 0; i < count; i++)
        fleet_set_pace(fleet, i, 0);
}

void fleet_mark_dirty(struct fleet *fleet, uint32_t index)
{
    struct chunk *c = chunk_of(fleet, index);
    _Atomic uint64_t *word = &c->dirty[index % CHUNK / 64];
    uint64_t bit = UINT64_C(1) << (index % 64);

    /* Most polls find it marked: a read keeps the line shared between cores. */
    if (!(atomic_load_explicit(word, memory_order_relaxed) & bit))
        atomic_fetch_or_explicit(word, bit, memory_order_release);
}

uint32_t fleet_take_dirty(struct fleet *fleet, uint32_t from)
{
    uint32_t count = fleet_count(fleet);

    for (uint32_t i = from; i < count;) {
        _Atomic uint64_t *word = &chunk_of(fleet, i)->dirty[i % CHUNK / 64];
        uint64_t bits = atomic_load_explicit(word, memory_order_acquire) & (~UINT64_C(0) << (i % 64));

        if (bits == 0) {
            i = (i | 63u) + 1;
            continue;
        }
        i = (i & ~63u) + (uint32_t)__builtin_ctzll(bits);
        atomic_fetch_and_explicit(word, ~(UINT64_C(1) << (i % 64)), memory_order_acq_rel);
        return i;
    }
    return FLEET_NONE;
}
