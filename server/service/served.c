#include "service/served.h"

void served_init(struct served *s, int64_t seconds)
{
    atomic_store_explicit(&s->ms, seconds > 0 ? seconds * 1000 : 0, memory_order_relaxed);
    s->last_ms = -1;
}

void served_tick(struct served *s, int64_t mono_ms, bool works)
{
    int64_t step = s->last_ms < 0 ? 0 : mono_ms - s->last_ms;

    s->last_ms = mono_ms;
    if (step > SERVED_STEP_MS)
        step = SERVED_STEP_MS;
    if (works && step > 0)
        atomic_fetch_add_explicit(&s->ms, step, memory_order_relaxed);
}

int64_t served_seconds(const struct served *s)
{
    return atomic_load_explicit(&s->ms, memory_order_relaxed) / 1000;
}
