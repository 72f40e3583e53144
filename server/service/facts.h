/*
 * The facts that decisions are made of, built in one place for whoever decides or explains: polls from
 * memory, the writer's check in its transaction, explanations, previews. Inside server/service only.
 */
#ifndef OTTER_SERVICE_FACTS_H
#define OTTER_SERVICE_FACTS_H

#include "service/internal.h"
#include "service/pace.h"
#include "service/zones.h"

/* They outlive the device's lock: what lies in its record is copied. The catalog must be held, and the poll
 * whose words they are. Not to be copied: `f` points into it. */
struct device_facts {
    struct policy_facts f;
    struct otter_running running;
    struct zone_view zone;
    char site[OTTER_NAME_BUF];
    uint64_t position;
    uint32_t group_bits;  /* bit i: the group of the plan's i-th phase holds it */
    int image;            /* of the manifest, for the device's free slot; -1: none */
    int64_t target_until; /* when time alone may change in_target; 0: never */
    bool took_part;       /* has an attempt in the rollout: membership is fixed at the grant */
    bool settled, proven; /* its newest attempt is open and its poll ends it, as succeeded */
    bool whole;           /* else only what refusals before OTTER_NOT_IN_PHASE ask for, and one holds */
    struct pace_ask pace;
};

/* A device in its lock as it stands before all rollouts, looked up once for a round of them. */
struct facts_view {
    struct svc *svc;
    const struct catalog *c;
    const struct fleet_device *d;
    const struct otter_poll *poll; /* its words go before what memory took down; or NULL */
    uint32_t index;
    bool took_part; /* in the rollout, as the store knows */
    struct policy_subject subject;
};

void facts_look(struct svc *svc, const struct catalog *c, const struct fleet_device *d, uint32_t index,
                int64_t at, struct facts_view *ret);
/* What refusals before OTTER_NOT_IN_PHASE ask for: neither digest nor zone nor meter. Of a device that the
 * target does not select, what those before OTTER_NOT_IN_TARGET do. */
void facts_first(const struct facts_view *view, const struct catalog_rollout *r, struct device_facts *ret);
/* And all others, behind facts_first, if the target selects it. */
void facts_rest(const struct facts_view *view, const struct catalog_rollout *r, struct device_facts *ret);

/*
 * Both: all that memory knows of the device in a rollout at the time `at`; d is locked. What the store alone
 * knows of its past (facts_of_past) is taken for the best. Any thread.
 */
void facts_of_device(struct svc *svc, const struct catalog *c, const struct catalog_rollout *r,
                     const struct fleet_device *d, uint32_t index, int64_t at, struct device_facts *ret);

/* The same, and its poll's own words where they differ from what memory took down. */
void facts_of_poll(const struct otter_poll *poll, struct device_facts *facts);

/*
 * The device runs a version below the one that r asks for: may another rollout, as soon as its phase opens or
 * goes on, take it to a higher one? Then r is not through with it. Any thread; no device is locked.
 */
bool facts_led_on(struct svc *svc, const struct catalog *c, const struct catalog_rollout *r, uint32_t index,
                  int64_t at);

/* What the store knows: losses here and in a row, and whether the attempt here is over. `store`: the calling
 * thread's. */
enum otter_status facts_of_past(struct store *store, const struct catalog_rollout *r, uint32_t index,
                                struct device_facts *facts);

/*
 * What the transaction of a grant sees and memory may not know yet: the rollout's row, what operators did,
 * open attempts. Writer thread.
 */
enum otter_status facts_of_transaction(struct svc *svc, const struct catalog_rollout *r, uint32_t index,
                                       struct device_facts *facts);
/* By a rollout's row that is newer than the catalog's. */
void facts_of_row(const struct svc *svc, const struct store_rollout *row, struct device_facts *facts);

/* What it runs, by its newest poll. d is locked. */
void facts_of_running(const struct fleet_device *d, struct otter_running *ret);

/* A device's site by the plan: the first of its tags that begins so; "": none. d is locked. */
void facts_site(const struct policy_plan *plan, const struct fleet_device *d, char ret[OTTER_NAME_BUF]);
/* From when on a rollout's ramp rises: its newest phase opened, or it was resumed. */
int64_t facts_ramp_since(const struct store_rollout *row);

/* What all rollouts say to a device, in their order of precedence. */
struct weigher {
    /* The decision, and the facts that it was made of. False ends the round. */
    bool (*each)(struct weigher *self, const struct catalog_rollout *r, struct device_facts *facts,
                 enum otter_status decision);
};

struct weigh_from {
    uint32_t index;
    const struct fleet_device *d;  /* locked by the caller; NULL: is locked here */
    const struct otter_poll *poll; /* or NULL: as it polled last */
    struct store *store;           /* the calling thread's; NULL: by memory alone */
    int64_t at;
    int64_t ahead; /* seconds by which `at` is not now */
    /* Its newest attempt as its poll leaves it, which memory has otherwise; or NULL. */
    const struct store_attempt *newest;
    bool settled;      /* its poll ends that one first (poll_settles), */
    bool proven;       /* as succeeded */
    bool running_only; /* leave out rollouts that do not run: they grant nothing */
    bool granting; /* whom the target does not select is refused by that, though a row before it may hold */
    bool thorough; /* tell of refusals by the store, too, where memory's were enough */
};

/*
 * Rollouts of the device's product. One that wants the device, now or as soon as its window or its pace lets
 * it, supersedes those behind it. OK, or the store's trouble.
 */
enum otter_status weigh(struct svc *svc, const struct catalog *c, const struct weigh_from *from,
                        struct weigher *weigher);

/* What a poll says of the device's newest attempt, which is open or timed out. */
struct poll_says {
    const struct otter_running *running;
    const struct otter_manifest *manifest; /* of the attempt's rollout */
    enum policy_rollout_state rollout;
    enum otter_slot slot; /* of the attempt */
    enum otter_update_state state;
};
/* Does the poll itself end it, before anything is granted, and how? Proven, needless, or recalled. */
bool poll_settles(const struct poll_says *says, enum otter_update_state *ret_state,
                  enum otter_status *ret_reason);

/* Does this answer of a rollout hold the device back from those behind it? */
bool weigh_claims(enum otter_status decision);

#endif
