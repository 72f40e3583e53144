/* Inside server/service only: devices counted by group, for the fleet's summary. */
#ifndef OTTER_SERVICE_FLEET_GROUPS_H
#define OTTER_SERVICE_FLEET_GROUPS_H

#include "service/internal.h"

#define GROUPS_MAX   5000u /* further ones are counted as left out */
#define GROUPS_BY    3u
#define UNKNOWN_MAX  1000u
#define GROUP_STATES (OTTER_UPDATE_STATE_COUNT + 3u) /* and idle, never-seen, retired */

enum group_column { BY_VERSION, BY_HARDWARE, BY_PRODUCT, BY_TAG, BY_STATE, BY_COUNT };
enum group_age { AGE_HOUR, AGE_DAY, AGE_WEEK, AGE_MONTH, AGE_OLDER, AGE_NEVER, AGE_COUNT };

struct group_numbers {
    uint64_t devices;
    uint64_t states[GROUP_STATES];
    uint64_t ages[AGE_COUNT];
};

struct group {
    struct group *next; /* in its bucket */
    struct group_numbers n;
    uint16_t len;
    char key[]; /* GROUPS_BY strings, each behind a byte: 1 there is one, 0 there is none (null) */
};

#define GROUP_KEY_MAX (GROUPS_BY * (OTTER_NAME_BUF + 1))
#define GROUP_BUCKETS 4096u

struct groups {
    struct group *bucket[GROUP_BUCKETS];
    size_t count;
    uint64_t left_out; /* devices of groups beyond GROUPS_MAX */
};

/* Counts a device in the group of the key. False when out of memory. */
bool groups_count(struct groups *g, const char *key, size_t len, unsigned state, enum group_age age);
void groups_free(struct groups *g);
/* The largest first; equal ones by key. NULL when out of memory. */
json_t *groups_json(const struct groups *g, unsigned columns);

void group_numbers_add(struct group_numbers *n, unsigned state, enum group_age age);
/* Sets the members "devices", "states" and "ages". */
void group_numbers_json(json_t *to, const struct group_numbers *n);

unsigned group_state(const struct fleet_device *d);
const char *group_state_name(unsigned state);

#endif
