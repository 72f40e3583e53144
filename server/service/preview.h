/* Inside server/service only: who a rollout would reach, in which phase, and by when. */
#ifndef OTTER_SERVICE_PREVIEW_H
#define OTTER_SERVICE_PREVIEW_H

#include "policy/forecast.h"
#include "service/facts.h"

#define PREVIEW_IDS    10u /* devices named of each phase and of each refusal */
#define PREVIEW_KINDS  64u /* hardware names and versions that are told apart in a phase */
#define PREVIEW_STATUS OTTER_STATUS_COUNT

/* Devices that have something in common: how many, and the first of them (indexes). */
struct preview_some {
    uint64_t devices;
    uint32_t first[PREVIEW_IDS];
};

/* How many of each name. */
struct preview_kinds {
    unsigned count;
    struct {
        char name[OTTER_NAME_BUF];
        uint64_t devices;
    } kind[PREVIEW_KINDS];
    uint64_t others;
};

struct preview_phase {
    struct preview_some all;
    uint64_t granted; /* of them, before now */
    uint64_t bytes;   /* of the images that are still to be sent */
    struct preview_kinds hardware, versions;
};

struct preview {
    const struct catalog_rollout *r;
    int64_t at;
    uint32_t devices; /* of the fleet */
    uint8_t *took;    /* bit index % 8 of byte index / 8: it has its attempt already; malloc'ed */
    struct preview_phase phase[POLICY_PHASES_MAX];
    struct preview_some refused[PREVIEW_STATUS];
};

/* Looks at the whole fleet, one record's lock at a time. Reader thread. OK, INTERNAL, or the store's. */
enum otter_status preview_look(struct svc *svc, const struct catalog *c, struct preview *p);
/* When it may be through, by what was looked at; nothing of one that has ended. */
void preview_forecast(const struct preview *p, struct policy_forecast *ret);
/* The API's body; NULL when out of memory. */
json_t *preview_json(struct svc *svc, const struct preview *p);
/* All of it, into out.json. r may be one that the catalog does not have. */
enum otter_status preview(struct svc *svc, struct svc_call *call, const struct catalog *c,
                          const struct catalog_rollout *r);

#endif
