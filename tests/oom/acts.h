/* What can be done to a place (place.h), and asked of it: the rows of the sweep. */
#ifndef OTTER_TEST_OOM_ACTS_H
#define OTTER_TEST_OOM_ACTS_H

#include "place.h"

struct act {
    const char *name;
    enum svc_op op;
    const char *id;   /* "RELEASE": that of the newest release */
    const char *json; /* of the body; RELEASE in it is the newest release's id, BASE the place's folder */
    uint64_t number;
    void (*fill)(struct place *p, struct svc_call *call); /* what the row cannot say; may be NULL */
    bool asks;                                            /* changes nothing */
    bool rerun_differs;                                   /* the same again has another answer */
};

extern const struct act acts[];
extern const unsigned act_count;

/* Makes the call of an act; act_clear frees what it holds. */
void act_fill(struct place *p, const struct act *act, struct svc_call *call);
void act_clear(struct place *p, struct svc_call *call);

#endif
