#include "snapshot.h"

#include <stdlib.h>
#include <string.h>

void sim_snapshot_init(struct sim_snapshot *s, const struct sim_device *d)
{
    s->mem = malloc(d->flash.flash.map->size);
    s->out = malloc(d->net.out_max);
    if (s->mem == NULL || s->out == NULL)
        abort();
}

void sim_snapshot_free(struct sim_snapshot *s)
{
    free(s->mem);
    free(s->out);
}

void sim_snapshot_take(struct sim_snapshot *s, const struct sim_device *d)
{
    s->device = *d;
    memcpy(s->mem, d->flash.mem, d->flash.flash.map->size);
    memcpy(s->out, d->net.out, d->net.out_len);
}

void sim_snapshot_restore(const struct sim_snapshot *s, struct sim_device *d)
{
    *d = s->device;
    memcpy(d->flash.mem, s->mem, d->flash.flash.map->size);
    memcpy(d->net.out, s->out, d->net.out_len);
}
