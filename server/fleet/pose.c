/* A device that calls itself something else than it was enrolled as: few do, so its names are its own. */
#include "fleet/fleet.h"
#include "fleet/proof.h"

#include <stdlib.h>
#include <string.h>

void fleet_pose_free(struct fleet_kind *pose)
{
    free(pose);
}

static bool same(const struct fleet_kind *kind, const char *product, const char *hardware)
{
    return strcmp(kind->product, product) == 0 && strcmp(kind->hardware, hardware) == 0;
}

/* Both strings behind the record, in one piece. */
static struct fleet_kind *make(const char *product, const char *hardware)
{
    size_t p = strlen(product) + 1, h = strlen(hardware) + 1;
    struct fleet_kind *pose = malloc(sizeof(*pose) + p + h);
    char *text;

    if (!pose)
        return NULL;
    text = (char *)(pose + 1);
    memcpy(text, product, p);
    memcpy(text + p, hardware, h);
    *pose = (struct fleet_kind){.product = text, .hardware = text + p};
    return pose;
}

bool fleet_pose(struct fleet_device *d, const char *product, const char *hardware)
{
    struct fleet_kind *pose = NULL;

    if (same(fleet_pose_of(d), product, hardware))
        return true;
    if (!same(d->kind, product, hardware)) {
        pose = fleet_extra(d) ? make(product, hardware) : NULL;
        if (!pose)
            return false;
    }
    fleet_pose_free(d->extra->poses); /* a pose differs from the one before: there is an extra */
    d->extra->poses = pose;
    return true;
}

const struct fleet_kind *fleet_pose_of(const struct fleet_device *d)
{
    return d->extra && d->extra->poses ? d->extra->poses : d->kind;
}
