/* The curve: a point now and then, half as often when there is no more room. */
#include "simulator/internal.h"

#define FIRST_STEP_S 10

static void thin_out(struct sim *s)
{
    struct sim_result *r = s->ret;

    for (unsigned i = 0; i < SIM_POINTS / 2; i++)
        r->point[i] = r->point[2 * i];
    r->points = SIM_POINTS / 2;
    s->point_step *= 2;
}

void sim_curve(struct sim *s, bool turned)
{
    struct sim_result *r = s->ret;
    int64_t now = sim_now_s(s);

    if (s->point_step == 0)
        s->point_step = FIRST_STEP_S;
    if (!turned && now < s->next_point)
        return;
    if (r->points == SIM_POINTS)
        thin_out(s);
    r->point[r->points++] = (struct sim_point){
        .at = now, .granted = r->granted, .updated = r->updated, .lost = r->lost, .active = s->active};
    s->next_point = now + s->point_step;
}
