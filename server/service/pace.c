#include "service/pace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void paces_init(struct paces *p)
{
    memset(p->bucket, 0, sizeof(p->bucket));
    (void)pthread_mutex_init(&p->lock, NULL);
}

static void free_pace(struct pace *pace)
{
    for (struct pace_site *s = pace->sites, *next; s; s = next) {
        next = s->next;
        free(s);
    }
    free(pace);
}

void paces_destroy(struct paces *p)
{
    for (unsigned i = 0; i < PACE_BUCKETS; i++)
        for (struct pace *pace = p->bucket[i], *next; pace; pace = next) {
            next = pace->next;
            free_pace(pace);
        }
    (void)pthread_mutex_destroy(&p->lock);
}

static struct pace *find(const struct paces *p, int64_t rollout)
{
    struct pace *pace = p->bucket[(uint64_t)rollout % PACE_BUCKETS];

    while (pace && pace->rollout != rollout)
        pace = pace->next;
    return pace;
}

static struct pace *find_or_make(struct paces *p, int64_t rollout)
{
    struct pace **bucket = &p->bucket[(uint64_t)rollout % PACE_BUCKETS];
    struct pace *pace = find(p, rollout);

    if (pace)
        return pace;
    pace = calloc(1, sizeof(*pace));
    if (pace) {
        pace->rollout = rollout;
        pace->next = *bucket;
        *bucket = pace;
    }
    return pace;
}

static struct pace_site *find_site(const struct pace *pace, const char *name)
{
    struct pace_site *s = pace ? pace->sites : NULL;

    while (s && strcmp(s->name, name) != 0)
        s = s->next;
    return s;
}

static struct pace_site *find_or_make_site(struct pace *pace, const char *name)
{
    struct pace_site *s = find_site(pace, name);

    if (s)
        return s;
    s = calloc(1, sizeof(*s));
    if (s) {
        (void)snprintf(s->name, sizeof(s->name), "%s", name);
        s->next = pace->sites;
        pace->sites = s;
    }
    return s;
}

static bool has_site(const struct pace_ask *ask)
{
    return ask->plan->site_bytes_per_s > 0 && ask->site;
}

static uint32_t rate_of(const struct pace_ask *ask)
{
    int64_t elapsed = ask->now_us / 1000000 - ask->since;

    return policy_ramp(ask->plan, elapsed > 0 ? elapsed : 0);
}

void pace_facts(struct paces *p, const struct pace_ask *ask, struct policy_facts *facts)
{
    const struct policy_meter none = {0};
    const struct pace_site *site;
    const struct pace *pace;
    int64_t now = (int64_t)facts->now;

    (void)pthread_mutex_lock(&p->lock);
    pace = find(p, ask->rollout);
    site = has_site(ask) ? find_site(pace, ask->site) : NULL;
    facts->active = pace ? pace->active : 0;
    facts->rate_due = policy_meter_due_s(pace ? &pace->grants : &none, ask->now_us, now);
    facts->bytes_due = policy_meter_due_s(pace ? &pace->bytes : &none, ask->now_us, now);
    facts->site_due = policy_meter_due_s(site ? &site->bytes : &none, ask->now_us, now);
    (void)pthread_mutex_unlock(&p->lock);
    facts->granted_rate_per_minute = rate_of(ask);
    facts->site = ask->site;
}

/* Returns by how much the meter went up. */
static int64_t take(struct policy_meter *meter, int64_t now_us, uint64_t cells, uint64_t per_s_milli)
{
    int64_t from = meter->paid_at_us > now_us ? meter->paid_at_us : now_us;

    policy_meter_take(meter, now_us, cells, per_s_milli);
    return meter->paid_at_us > from ? meter->paid_at_us - from : 0;
}

/* A minute's cells are 60, so that the rate is whole thousandths a second. */
static void take_all(struct pace *pace, struct pace_site *site, const struct pace_ask *ask,
                     struct pace_taken *ret)
{
    uint32_t rate = rate_of(ask);

    if (rate != UINT32_MAX)
        ret->grant_us = take(&pace->grants, ask->now_us, 60, (uint64_t)rate * 1000);
    ret->bytes_us = take(&pace->bytes, ask->now_us, ask->bytes, ask->plan->bytes_per_s * 1000);
    if (site)
        ret->site_us = take(&site->bytes, ask->now_us, ask->bytes, ask->plan->site_bytes_per_s * 1000);
}

bool pace_take(struct paces *p, const struct pace_ask *ask, struct pace_taken *ret)
{
    struct pace_site *site = NULL;
    struct pace *pace;
    bool ok;

    *ret = (struct pace_taken){.rollout = ask->rollout};
    (void)pthread_mutex_lock(&p->lock);
    pace = find_or_make(p, ask->rollout);
    if (pace && has_site(ask)) {
        site = find_or_make_site(pace, ask->site);
        (void)snprintf(ret->site, sizeof(ret->site), "%s", ask->site);
    }
    ok = pace && (site || !has_site(ask));
    if (ok)
        take_all(pace, site, ask, ret);
    (void)pthread_mutex_unlock(&p->lock);
    return ok;
}

void pace_put_back(struct paces *p, struct pace_taken *taken)
{
    struct pace_site *site;
    struct pace *pace;

    if (taken->rollout == 0)
        return;
    (void)pthread_mutex_lock(&p->lock);
    pace = find(p, taken->rollout);
    if (pace) {
        pace->grants.paid_at_us -= taken->grant_us;
        pace->bytes.paid_at_us -= taken->bytes_us;
        site = taken->site_us ? find_site(pace, taken->site) : NULL;
        if (site)
            site->bytes.paid_at_us -= taken->site_us;
    }
    (void)pthread_mutex_unlock(&p->lock);
    *taken = (struct pace_taken){0};
}

bool pace_count(struct paces *p, int64_t rollout, int by)
{
    struct pace *pace;

    (void)pthread_mutex_lock(&p->lock);
    pace = find_or_make(p, rollout);
    if (pace)
        pace->active = (uint32_t)((int64_t)pace->active + by);
    (void)pthread_mutex_unlock(&p->lock);
    return pace != NULL;
}
