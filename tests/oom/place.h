/*
 * A server's data directory to do things to while memory is scarce, as often as one likes: what was done is
 * undone by going back to a copy. What the place holds is one text, from its lists (memory) or its tables
 * (the database).
 */
#ifndef OTTER_TEST_OOM_PLACE_H
#define OTTER_TEST_OOM_PLACE_H

#include "unit/service/world.h"

struct place {
    struct world *w;
    char base[200];  /* holds all its directories */
    unsigned number; /* of the directory that is open */
    char *body;      /* of a call, that the act made */
};

/*
 * Root 1, releases 1.1.0 (image keys' first) and 1.2.0 (unpublished envelope aside), six devices, of which
 * one has an attempt and another is held; rollout 1 under way, 2 a draft; groups, an operator with a token, a
 * fleet key, an upload begun, someone who asks to be taken.
 */
struct place *place_new(void);
void place_free(struct place *p);
/* As it was at first, in a new directory. */
void place_back(struct place *p);
/* Opens a copy of the directory as it lies there: after a crash, or a restart (`closed`). */
void place_reopen(struct place *p, bool closed);

/* Lists of all kinds, by the API; the caller frees. The audit log in it is verified on the way. */
char *place_lists(struct place *p);
/* All tables that hold what was acknowledged, row for row; shape: only how many rows. The caller frees. */
char *place_tables(struct place *p, bool shape);

/* Runs a call while memory is scarce. False: the server gave up (scarce.h). *ret_hit: an allocation failed.
 */
bool place_run(struct place *p, struct svc_call *call, unsigned long nth, int mode, bool *ret_hit);

#endif
