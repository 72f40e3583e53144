#include "fleet/fill.h"

#include "fleet/records.h"

#include <stdlib.h>
#include <string.h>

/* References are fetched by the hundred: the table's lock would go from thread to thread else. */
#define HOLDS 16u
#define REFS  256u

struct hold {
    struct fleet_said *said; /* NULL: none */
    uint32_t refs;
};

struct fleet_hand {
    struct fleet *fleet;
    struct arena arena;
    const struct fleet_kind *kind; /* of the device before */
    struct hold hold[HOLDS];
    uint32_t placed;
};

struct fleet_hand *fleet_hand_new(struct fleet *fleet)
{
    struct fleet_hand *hand = calloc(1, sizeof(*hand));

    if (hand)
        hand->fleet = fleet;
    return hand;
}

static void let_go(struct fleet_hand *hand, struct hold *h)
{
    if (h->said)
        said_put(&hand->fleet->said, h->said, h->refs);
    *h = (struct hold){0};
}

void fleet_hand_free(struct fleet_hand *hand)
{
    if (!hand)
        return;
    for (unsigned i = 0; i < HOLDS; i++)
        let_go(hand, &hand->hold[i]);
    (void)pthread_mutex_lock(&hand->fleet->filling);
    arena_merge(&hand->fleet->arena, &hand->arena);
    hand->fleet->placed += hand->placed;
    (void)pthread_mutex_unlock(&hand->fleet->filling);
    free(hand);
}

static const struct fleet_kind *kind_of(struct fleet_hand *hand, const char *product, const char *hardware)
{
    const struct fleet_kind *kind = hand->kind;

    if (kind && strcmp(kind->product, product) == 0 && strcmp(kind->hardware, hardware) == 0)
        return kind;
    (void)pthread_mutex_lock(&hand->fleet->filling);
    kind = hand->kind = fleet_intern(hand->fleet, product, hardware);
    (void)pthread_mutex_unlock(&hand->fleet->filling);
    return kind;
}

struct fleet_device *fleet_place(struct fleet_hand *hand, uint32_t index, const char *id, const char *product,
                                 const char *hardware, const struct otter_digest *token_hash)
{
    struct fleet_device *d = &chunk_of(hand->fleet, index)->device[index % CHUNK];

    d->kind = kind_of(hand, product, hardware);
    d->id = d->kind ? arena_keep(&hand->arena, id) : NULL;
    if (!d->id)
        return NULL;
    d->said = &hand->fleet->said.nothing;
    fleet_token_put(d, token_hash->b);
    hand->placed++;
    return d;
}

struct fleet_device *fleet_placed(struct fleet_hand *hand, uint32_t index)
{
    struct fleet_device *d = &chunk_of(hand->fleet, index)->device[index % CHUNK];

    return d->id ? d : NULL;
}

bool fleet_place_said(struct fleet_hand *hand, struct fleet_device *d, const struct fleet_said *said)
{
    struct hold *h = &hand->hold[(said->sha256.b[0] ^ said->root) % HOLDS];

    if (!h->said || !fleet_said_equal(h->said, said)) {
        let_go(hand, h);
        h->said = said_get(&hand->fleet->said, said, REFS);
        if (!h->said)
            return false;
        h->refs = REFS;
    }
    d->said = h->said;
    if (--h->refs == 0)
        h->said = NULL;
    return true;
}

static void *index_tokens(void *arg)
{
    struct fleet *fleet = arg;

    fleet_index_fill(&fleet->by_token, fleet->placed, &fleet->token_hasher);
    return NULL;
}

bool fleet_filled(struct fleet *fleet, uint32_t devices)
{
    pthread_t thread;
    bool helped;

    /* Each place was taken once and lies below what was reserved: as many as places are all of them. */
    if (fleet->placed != devices)
        return false;
    helped = pthread_create(&thread, NULL, index_tokens, fleet) == 0;
    if (!helped)
        (void)index_tokens(fleet);
    fleet_index_fill(&fleet->by_id, devices, &fleet->id_hasher);
    if (helped)
        (void)pthread_join(thread, NULL);
    atomic_store_explicit(&fleet->count, devices, memory_order_release);
    return true;
}
