/*
 * How many may begin: each rollout's meters of grants, of bytes, and of bytes a site, and how many attempts
 * of it are open. Taken by the writer at the grant, put back when the grant is undone; read by any thread, so
 * that a poll that must wait is refused from memory.
 */
#ifndef OTTER_SERVICE_PACE_H
#define OTTER_SERVICE_PACE_H

#include "policy/decide.h"
#include "policy/pace.h"

#include <pthread.h>

#define PACE_BUCKETS 64u

struct pace_site {
    struct pace_site *next;
    struct policy_meter bytes;
    char name[OTTER_NAME_BUF];
};

/* Of one rollout; kept as long as the services are open. */
struct pace {
    struct pace *next;
    int64_t rollout;
    uint32_t active; /* as committed */
    struct policy_meter grants, bytes;
    struct pace_site *sites;
};

struct paces {
    pthread_mutex_t lock;
    struct pace *bucket[PACE_BUCKETS];
};

/* What is about to begin. */
struct pace_ask {
    int64_t rollout;
    const struct policy_plan *plan;
    int64_t since;    /* when its phase opened or it was resumed: from then on its ramp rises */
    const char *site; /* of the device; NULL: none */
    uint64_t bytes;   /* of the image */
    int64_t now_us;   /* of a clock that does not go back */
};

/* What a grant has put on the meters; zero-initialised: nothing. */
struct pace_taken {
    int64_t rollout;
    char site[OTTER_NAME_BUF];
    int64_t grant_us, bytes_us, site_us;
};

/* Empty; and frees what it holds. */
void paces_init(struct paces *p);
void paces_destroy(struct paces *p);

/* Fills active, granted_rate_per_minute and the three dues; of the facts it reads `now`. Any thread. */
void pace_facts(struct paces *p, const struct pace_ask *ask, struct policy_facts *facts);
/* It begins. False when out of memory. Writer thread. */
bool pace_take(struct paces *p, const struct pace_ask *ask, struct pace_taken *ret);
/* It did not, after all. */
void pace_put_back(struct paces *p, struct pace_taken *taken);
/* An attempt opened (1) or ended (-1). False when out of memory. */
bool pace_count(struct paces *p, int64_t rollout, int by);

#endif
