#include "service/clockwatch.h"

static bool near(int64_t a, int64_t b)
{
    return a - b <= CLOCKWATCH_STEP_S && b - a <= CLOCKWATCH_STEP_S;
}

int64_t clockwatch_look(struct clockwatch *w, int64_t wall, int64_t mono_ms)
{
    int64_t offset = wall - mono_ms / 1000, step = w->known ? offset - w->offset : 0;
    bool held = w->since_ms != 0 && mono_ms - w->since_ms >= (int64_t)CLOCKWATCH_HOLD_S * 1000;

    if (!w->known || near(offset, w->steady) || held) {
        w->steady = offset;
        w->since_ms = 0;
    } else if (w->since_ms == 0) {
        w->since_ms = mono_ms > 0 ? mono_ms : 1;
    }
    w->known = true;
    w->offset = offset;
    return near(step, 0) ? 0 : step;
}

/* Also of a step that no look has found yet. */
int64_t clockwatch_steady(const struct clockwatch *w, int64_t wall, int64_t mono_ms)
{
    return !w->known || near(wall - mono_ms / 1000, w->steady) ? wall : w->steady + mono_ms / 1000;
}

#define AHEAD_MAX_S 3600 /* by which a clock is set right without anybody being let out of a wait */

int64_t clockwatch_noted(int64_t at, int64_t now)
{
    return at - now > AHEAD_MAX_S ? 0 : at;
}
