#include "http/rates.h"

#include "host/crypto.h"
#include "host/siphash.h"
#include "http/headers.h"
#include "policy/rate.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/*
 * A place is one word, so that it changes at once: who it is in the upper bits, and in the lower ones when
 * all is paid for, in ticks. They come round after two years; what is half of that ahead has passed. A word
 * of nobody reads as paid for.
 */
#define PAID_BITS 42u
#define PAID_MASK ((UINT64_C(1) << PAID_BITS) - 1)
#define TICK_US   16
#define SET_BITS  12u
_Static_assert(1u << SET_BITS == HTTP_RATES_SETS, "the highest bits of a hash choose the set");

struct http_rates {
    struct policy_rate rate;
    uint8_t key[HOST_SIPHASH_KEY];
    _Alignas(64) _Atomic uint64_t set[HTTP_RATES_SETS][HTTP_RATES_WAYS];
};

struct http_rates *http_rates_new(uint32_t per_minute)
{
    struct http_rates *rates = aligned_alloc(_Alignof(struct http_rates), sizeof(*rates));

    if (!rates)
        return NULL;
    memset(rates, 0, sizeof(*rates));
    rates->rate = policy_rate_of(per_minute);
    host_random(rates->key, sizeof(rates->key));
    return rates;
}

void http_rates_free(struct http_rates *rates)
{
    free(rates);
}

static uint64_t tag_of(uint64_t who)
{
    return who << SET_BITS & ~PAID_MASK;
}

static struct policy_meter meter_of(uint64_t word, int64_t now_tick)
{
    uint64_t ahead = (word - (uint64_t)now_tick) & PAID_MASK;

    return (struct policy_meter){ahead <= PAID_MASK / 2 ? (now_tick + (int64_t)ahead) * TICK_US : 0};
}

static uint64_t word_of(uint64_t tag, const struct policy_meter *meter)
{
    return tag | (((uint64_t)(meter->paid_at_us - 1) / TICK_US + 1) & PAID_MASK);
}

/* The place of who it is, or the one of who owes least; *word is what stands there. */
static unsigned place_of(const _Atomic uint64_t *set, uint64_t tag, int64_t now_tick, uint64_t *word)
{
    int64_t least_owed = INT64_MAX;
    unsigned least = 0;

    for (unsigned i = 0; i < HTTP_RATES_WAYS; i++) {
        uint64_t there = atomic_load_explicit(&set[i], memory_order_relaxed);
        struct policy_meter meter = meter_of(there, now_tick);
        int64_t owed = policy_rate_owed_us(&meter, now_tick * TICK_US);

        if ((there & ~PAID_MASK) == tag) {
            *word = there;
            return i;
        }
        if (owed < least_owed) {
            least_owed = owed;
            least = i;
            *word = there;
        }
    }
    return least;
}

unsigned http_rates_take(struct http_rates *rates, uint64_t who, uint64_t now_ms)
{
    const int64_t now_tick = (int64_t)(now_ms * 1000 / TICK_US);
    _Atomic uint64_t *set = rates->set[who >> (64 - SET_BITS)];
    const uint64_t tag = tag_of(who);
    struct policy_meter meter;
    uint64_t word = 0;
    unsigned place;
    int64_t wait;

    do {
        place = place_of(set, tag, now_tick, &word);
        meter = (word & ~PAID_MASK) == tag ? meter_of(word, now_tick) : (struct policy_meter){0};
        wait = policy_rate_take(&rates->rate, &meter, now_tick * TICK_US);
        if (wait > 0)
            return (unsigned)((wait - 1) / 1000000 + 1);
    } while (!atomic_compare_exchange_weak_explicit(&set[place], &word, word_of(tag, &meter),
                                                    memory_order_relaxed, memory_order_relaxed));
    return 0;
}

/* Knuth's multiplier: numbers lie as far apart as can be, so that no two of 2^24 share set and tag. */
uint64_t http_rates_device(uint32_t number)
{
    return number * UINT64_C(11400714819323198485);
}

bool http_rates_address(const struct http_rates *rates, const char *address, uint64_t *ret)
{
    uint8_t site[HTTP_SITE];

    if (!http_site_of(address, site))
        return false;
    *ret = host_siphash(rates->key, site, sizeof(site));
    return true;
}
