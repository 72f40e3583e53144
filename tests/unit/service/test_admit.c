/* What may wait for a service's thread: over queues that nobody empties. */
#include "world.h"

#include "service/internal.h"

#include <string.h>

enum { WAITING = 16 };

struct filled {
    struct svc svc;
    struct svc_call waiting[2 * WAITING];
};

static int setup_filled(void **state)
{
    struct filled *f = calloc(1, sizeof *f);

    f->svc.config.waiting = WAITING;
    queue_init(&f->svc.writes);
    queue_init(&f->svc.reads);
    if (!counts_init(&f->svc))
        return -1;
    *state = f;
    return 0;
}

static int teardown_filled(void **state)
{
    struct filled *f = *state;

    metrics_counters_free(f->svc.counts.lanes);
    free(f->svc.burst.at);
    queue_destroy(&f->svc.writes);
    queue_destroy(&f->svc.reads);
    free(f);
    return 0;
}

static void wait_for_writer(struct filled *f, unsigned n)
{
    while (queue_depth(&f->svc.writes) < n)
        assert_true(queue_push(&f->svc.writes, &f->waiting[queue_depth(&f->svc.writes)]));
}

static void each_call_may_wait_behind_as_many_as_its_kind_bears(void **state)
{
    static const struct {
        const char *name;
        enum svc_op op;
        bool grant_only;
        unsigned bears; /* so many before it */
        enum policy_asked asked;
    } rows[] = {
        {"a grant", SVC_POLL, true, 7, POLICY_ASKS_FOR_GRANT},
        {"attributes", SVC_ATTRIBUTES, false, 7, POLICY_ASKS_FOR_GRANT},
        {"a poll with news", SVC_POLL, false, 13, POLICY_ASKS_TO_REPORT},
        {"a report", SVC_REPORT, false, 13, POLICY_ASKS_TO_REPORT},
        {"a change", SVC_DEVICE_CHANGE, false, 15, POLICY_ASKS_AS_OPERATOR},
        {"a list, which waits elsewhere", SVC_DEVICE_LIST, false, WAITING, POLICY_ASKS_AS_OPERATOR},
    };
    struct filled *f = *state;

    for (unsigned depth = 0; depth <= WAITING; depth++) {
        wait_for_writer(f, depth);
        for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
            struct svc_call call = {.op = rows[i].op, .grant_only = rows[i].grant_only, .in.device = "dev-1"};
            enum policy_asked asked = POLICY_ASKED_COUNT;
            bool may = svc_admit(&f->svc, &call, 1, &asked);

            if (may != (depth <= rows[i].bears) || asked != rows[i].asked)
                fail_msg("%s behind %u: %d", rows[i].name, depth, may);
            assert_int_equal(call.out.status, may ? OTTER_OK : OTTER_TOO_BUSY);
            assert_int_equal(call.out.retry_after, may ? 0 : policy_defer_s("dev-1", 0));
        }
    }
    assert_true(count_polls(&f->svc) > 0); /* those that were put off are polls, too */
}

static void who_is_no_device_is_spread_by_connection(void **state)
{
    struct filled *f = *state;
    unsigned waits[2];

    wait_for_writer(f, WAITING);
    for (unsigned i = 0; i < 2; i++) {
        struct svc_call call = {.op = SVC_DEVICE_CHANGE};
        enum policy_asked asked;

        assert_false(svc_admit(&f->svc, &call, i, &asked));
        waits[i] = call.out.retry_after;
    }
    assert_int_not_equal(waits[0], waits[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_call_may_wait_behind_as_many_as_its_kind_bears, setup_filled,
                                        teardown_filled),
        cmocka_unit_test_setup_teardown(who_is_no_device_is_spread_by_connection, setup_filled,
                                        teardown_filled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
