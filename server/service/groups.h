/* Saved groups inside server/service: how expressions find them, which devices are in them. */
#ifndef OTTER_SERVICE_GROUPS_H
#define OTTER_SERVICE_GROUPS_H

#include "service/internal.h"

#define GROUPS_MAX     1000u
#define GROUP_POLL_MIN 5u
#define GROUP_POLL_MAX 604800u /* a week */

/* How expressions find the groups of a catalog, or with one of them replaced. */
struct group_finder {
    struct policy_groups groups;
    const struct catalog *c;
    const struct store_group *instead; /* of the group of its name; NULL: none. target "" = it is gone */
};
/* c is borrowed. */
struct group_finder group_finder(const struct catalog *c);

/* All of them, compiled, into a catalog that is being read. */
enum otter_status groups_read(struct catalog *c, struct store *store);

/* NULL if there is none. */
const struct catalog_group *group_find(const struct catalog *c, const char *name);

/* Behind a catalog that took the place of another (NULL: of none): if groups were changed, the devices' paces
 * are looked up again. Writer thread. */
void groups_published(struct svc *svc, const struct catalog *before, const struct catalog *now);

#endif
