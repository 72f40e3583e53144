#include "service/open_attempts.h"

#include <stdlib.h>

#define SIZE_MIN 64u

void open_attempts_free(struct open_attempts *t)
{
    free(t->places);
    *t = (struct open_attempts){0};
}

/* Knuth's multiplicative hash: indexes are dense. */
static uint32_t home(const struct open_attempts *t, uint32_t index)
{
    return index * 2654435769u & (t->size - 1);
}

/* The device's place, or the free one where it would be. */
static uint32_t place_of(const struct open_attempts *t, uint32_t index)
{
    uint32_t at = home(t, index);

    while (t->places[at].attempt != 0 && t->places[at].index != index)
        at = (at + 1) & (t->size - 1);
    return at;
}

struct open_attempt *open_attempts_find(const struct open_attempts *t, uint32_t index)
{
    struct open_attempt *a = t->size ? &t->places[place_of(t, index)] : NULL;

    return a && a->attempt != 0 ? a : NULL;
}

static bool grow(struct open_attempts *t)
{
    struct open_attempts bigger = {
        .size = t->size ? t->size * 2 : SIZE_MIN, .count = t->count, .looked = t->looked};

    bigger.places = calloc(bigger.size, sizeof(*bigger.places));
    if (!bigger.places)
        return false;
    for (uint32_t i = 0; i < t->size; i++)
        if (t->places[i].attempt != 0)
            bigger.places[place_of(&bigger, t->places[i].index)] = t->places[i];
    free(t->places);
    *t = bigger;
    return true;
}

bool open_attempts_put(struct open_attempts *t, const struct open_attempt *a)
{
    struct open_attempt *place;

    if (t->count >= t->size / 2 && !grow(t))
        return false;
    place = &t->places[place_of(t, a->index)];
    t->count += place->attempt == 0;
    *place = *a;
    return true;
}

struct open_attempt *open_attempts_look(struct open_attempts *t, uint32_t *places)
{
    while (t->looked<t->size && * places> 0) {
        struct open_attempt *a = &t->places[t->looked++];

        --*places;
        if (a->attempt != 0)
            return a;
    }
    if (t->looked >= t->size)
        t->looked = 0;
    return NULL;
}

/* Does the entry at `at` miss the free place when it is looked for? Then it has to move there. */
static bool strays(const struct open_attempts *t, uint32_t freed, uint32_t at)
{
    uint32_t mask = t->size - 1, from = home(t, t->places[at].index);

    return ((at - from) & mask) >= ((at - freed) & mask);
}

void open_attempts_drop(struct open_attempts *t, uint32_t index)
{
    uint32_t freed = t->size ? place_of(t, index) : 0, at = freed;

    if (!t->size || t->places[freed].attempt == 0)
        return;
    t->count--;
    for (;;) {
        at = (at + 1) & (t->size - 1);
        if (t->places[at].attempt == 0)
            break;
        if (!strays(t, freed, at))
            continue;
        t->places[freed] = t->places[at];
        freed = at;
    }
    t->places[freed].attempt = 0;
}
