/* What a gc decided, and its carrying out behind the commit. */
#include "service/gc_plan.h"

#include "host/clock.h"
#include "host/log.h"

#include <stdlib.h>
#include <string.h>

#define ANNOUNCED_S 3600

void gc_plan_free(struct gc_plan *plan)
{
    if (!plan)
        return;
    free(plan->digest);
    free(plan);
}

bool gc_plan_add(struct gc_plan *plan, const struct otter_digest *digest)
{
    if (plan->count == plan->room) {
        size_t room = plan->room ? plan->room * 2 : 64;
        struct otter_digest *more = realloc(plan->digest, room * sizeof(*more));

        if (!more)
            return false;
        plan->digest = more;
        plan->room = room;
    }
    plan->digest[plan->count++] = *digest;
    return true;
}

void gc_announced(struct svc *svc, const struct otter_digest *digest)
{
    svc->announced[svc->announced_next] =
        (struct gc_announced){.digest = *digest, .at = (int64_t)host_clock_mono_ms() / 1000 + 1};
    svc->announced_next = (svc->announced_next + 1) % GC_ANNOUNCED;
}

bool gc_was_announced(const struct svc *svc, const struct otter_digest *digest)
{
    int64_t since = (int64_t)host_clock_mono_ms() / 1000 + 1 - ANNOUNCED_S;

    for (unsigned i = 0; i < GC_ANNOUNCED; i++)
        if (svc->announced[i].at > 0 && svc->announced[i].at >= since &&
            memcmp(svc->announced[i].digest.b, digest->b, OTTER_DIGEST_LEN) == 0)
            return true;
    return false;
}

void gc_carry_out(struct svc *svc, struct gc_plan *plan)
{
    const struct blobs_ops *ops = svc->blobs->ops;
    uint64_t failed = 0;

    for (size_t i = 0; i < plan->count; i++)
        failed += ops->remove(svc->blobs, &plan->digest[i]) != OTTER_OK;
    (void)ops->give_up(svc->blobs, plan->before, false);
    host_log(failed ? HOST_LOG_WARNING : HOST_LOG_INFO, "gc", HOST_LOG_UINT("blobs", plan->count - failed),
             HOST_LOG_UINT("not_removed", failed));
    gc_plan_free(plan);
}
