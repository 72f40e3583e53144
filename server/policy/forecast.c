#include "policy/forecast.h"

#include "policy/pace.h"

#include <string.h>

#define MICRO     UINT64_C(1000000)
#define RATE_MAX  (UINT64_C(100000) * MICRO) /* in millionths of devices a second */
#define STRETCH_S (INT64_C(366) * 86400)     /* RATE_MAX * STRETCH_S < 2^62 */
#define STEPS_MAX 20000u                     /* windows and steps of the ramp that are gone through */

const char *policy_bound_name(enum policy_forecast_bound bound)
{
    static const char *const names[POLICY_BOUND_COUNT] = {"none", "max_active", "per_minute",
                                                          "bytes_per_second"};

    return (unsigned)bound < POLICY_BOUND_COUNT ? names[bound] : "?";
}

/* Of one phase, as it would be granted away with one bound alone. */
struct granting {
    const struct policy_forecast_facts *f;
    unsigned phase;
    enum policy_forecast_bound bound;
    int64_t opened;
    uint64_t left; /* millionths of devices */
};

/* Devices that begin at once where the bound alone counts; 0: it does not bound. */
static uint64_t burst(const struct granting *g)
{
    const struct policy_plan *plan = g->f->plan;

    switch (g->bound) {
    case POLICY_BOUND_ACTIVE:
        return plan->max_active;
    case POLICY_BOUND_RATE:
        return plan->per_minute > 0;
    case POLICY_BOUND_BYTES:
        return plan->bytes_per_s > 0 && g->f->phase[g->phase].bytes > 0;
    default:
        return 0;
    }
}

/* Millionths of devices a second that may begin at t, rounded up; and until when that holds at the least. */
static uint64_t rate_at(const struct granting *g, int64_t t, int64_t *ret_until)
{
    const struct policy_plan *plan = g->f->plan;
    uint64_t devices = g->f->phase[g->phase].devices, bytes = g->f->phase[g->phase].bytes, rate;
    int64_t elapsed = t > g->opened ? t - g->opened : 0;

    *ret_until = t + STRETCH_S;
    switch (g->bound) {
    case POLICY_BOUND_RATE:
        if (policy_ramp(plan, elapsed) < plan->per_minute && plan->ramp_every_s > 0)
            *ret_until = t + plan->ramp_every_s - elapsed % plan->ramp_every_s;
        rate = (policy_ramp(plan, elapsed) * MICRO + 59) / 60;
        break;
    case POLICY_BOUND_BYTES: /* the mean image, as a double: the product may not fit */
        rate = (uint64_t)((double)plan->bytes_per_s * (double)devices / (double)bytes * (double)MICRO);
        break;
    default:
        rate = (plan->max_active * MICRO + g->f->attempt_s - 1) / g->f->attempt_s;
        break;
    }
    return rate > RATE_MAX ? RATE_MAX : rate > 0 ? rate : 1;
}

/* Grants from t on, up to the end of an open stretch (0: it has none). Where it goes on; g->left 0: then all
 * are granted. */
static int64_t grant_some(struct granting *g, int64_t t, int64_t closes)
{
    int64_t until;
    uint64_t rate = rate_at(g, t, &until), needed = (g->left + rate - 1) / rate, done;

    if (closes > 0 && closes < until)
        until = closes;
    if (needed < (uint64_t)(until - t)) {
        g->left = 0;
        return t + (int64_t)needed;
    }
    done = rate * (uint64_t)(until - t);
    g->left = done < g->left ? g->left - done : 0;
    return until;
}

static const struct policy_zone *zone_of(const struct policy_forecast_facts *f)
{
    return f->zone ? f->zone : &policy_zone_utc;
}

/* The first second from t on in which the rollout may grant; 0: none. */
static int64_t first_open(const struct policy_forecast_facts *f, int64_t t)
{
    const struct policy_plan *plan = f->plan;
    struct policy_when when;

    if (t < plan->not_before)
        t = plan->not_before;
    when = policy_windows_at(plan->window, plan->window_count, zone_of(f), t);
    if (!when.open)
        t = when.changes_at;
    return plan->not_after > 0 && t >= plan->not_after ? 0 : t;
}

/* When the last device is granted; 0: never. */
static int64_t granted_by(struct granting *g, int64_t t)
{
    const struct policy_plan *plan = g->f->plan;
    uint64_t at_once = burst(g), devices = g->f->phase[g->phase].devices;

    if (devices == 0)
        return t;
    t = first_open(g->f, t);
    g->left = at_once > 0 && devices > at_once ? (devices - at_once) * MICRO : 0;
    for (unsigned step = 0; step < STEPS_MAX && t > 0 && g->left > 0; step++) {
        struct policy_when when = policy_windows_at(plan->window, plan->window_count, zone_of(g->f), t);

        t = when.open ? grant_some(g, t, when.changes_at) : first_open(g->f, t);
    }
    return g->left == 0 && (plan->not_after == 0 || t < plan->not_after) ? t : 0;
}

/* The latest that any of the bounds alone comes to; 0: never. */
static int64_t latest(struct granting *g, int64_t t, enum policy_forecast_bound *ret_bound)
{
    int64_t end = 0;

    for (unsigned b = 0; b < POLICY_BOUND_COUNT; b++) {
        int64_t by;

        g->bound = (enum policy_forecast_bound)b;
        by = granted_by(g, t);
        if (by == 0)
            return 0;
        if (by > end) {
            end = by;
            *ret_bound = g->bound;
        }
    }
    return end;
}

void policy_forecast(const struct policy_forecast_facts *f, struct policy_forecast *ret)
{
    int64_t t = f->now;

    memset(ret, 0, sizeof(*ret));
    for (unsigned i = f->first; i < f->plan->phase_count; i++) {
        const struct policy_phase_spec *spec = &f->plan->phase[i];
        struct granting g = {.f = f, .phase = i, .opened = i == f->first && f->opened > 0 ? f->opened : t};
        int64_t granted = latest(&g, t, &ret->phase[i].bound);

        ret->phase[i].opens_at = g.opened;
        if (granted == 0)
            return;
        t = granted + (f->phase[i].devices > 0 ? (int64_t)f->attempt_s : 0);
        ret->phase[i].ends_at = t;
        if (i + 1 == f->plan->phase_count)
            break;
        t += spec->soak_s;
        ret->by_hand = ret->by_hand || !spec->automatic || spec->approval;
    }
    ret->ends_at = t;
}
