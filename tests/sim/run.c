#include "run.h"

#include "known.h"
#include "snapshot.h"
#include "trace.h"

#include "core/bytes.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum mode { TRACE_PHASE, CUT, TRACE_RECOVERY, CUT_AGAIN, DIP, LIVE };

struct run {
    struct sim_device d;
    const struct sim_phase *phase;
    const struct sim_plan *plan;
    struct sim_result *result;
    enum mode mode;
    struct sim_snapshot start, first, second;
    struct sim_trace golden, recovery;
    struct sim_known known;
    uint64_t base;             /* operations at the first cut */
    uint32_t stride, variants; /* first cuts: every stride-th operation, so many ways; 0 = all */
    uint64_t n;                /* operation of the first cut, and how */
    unsigned how;
    uint8_t *picked; /* operations of the recovery to be cut */
    uint32_t picks;
    jmp_buf enough;
};

static struct run *run_of(struct sim_flash *f)
{
    return OTTER_CONTAINER_OF(f, struct run, d.flash);
}

static uint64_t mix(uint64_t a, uint64_t b)
{
    uint64_t x = a * UINT64_C(0x9e3779b97f4a7c15) + b + 1;

    x = (x ^ (x >> 31)) * UINT64_C(0xbf58476d1ce4e5b9);
    return x ^ (x >> 27);
}

/* ---- one case ---- */

static void tell(struct run *r, enum sim_kind kind, unsigned how, uint64_t again)
{
    const struct sim_judge *j = &r->d.judge;
    static unsigned told;

    r->result->failures++;
    if (told++ >= r->plan->tell)
        return;
    printf("failure: %s %s: ", r->d.m->geometry->name, r->phase->name);
    if (r->n == 0)
        printf("without a cut");
    else
        printf("operation %llu of %u, %s %u", (unsigned long long)r->n, r->golden.count, sim_kind_names[kind],
               how);
    if (again > 0)
        printf(", then operation %llu of the recovery", (unsigned long long)again);
    printf(": %s (boot %u)\n", j->why, r->d.boots);
    fflush(stdout);
}

static bool is_known(struct sim_device *d)
{
    struct run *r = OTTER_CONTAINER_OF(d, struct run, d);

    return sim_known_look(&r->known, d);
}

static void lose_power(struct run *r)
{
    r->d.cuts++;
    r->d.cause = OTTER_RESET_POWER;
    r->d.now += 1000;
}

/* The power fails in the operation: what follows, to the end. */
static bool live_on(struct run *r, enum mode mode)
{
    r->mode = mode;
    sim_known_begin(&r->known);
    lose_power(r);
    sim_device_live(&r->d, mode == LIVE ? is_known : NULL);
    if (mode == TRACE_RECOVERY)
        r->recovery.live[r->recovery.count] = r->d.judge.live;
    r->mode = LIVE;
    if (!r->d.judge.failed && !r->known.is_over)
        sim_judge_end(&r->d);
    if (!r->d.judge.failed)
        sim_known_end(&r->known);
    return !r->d.judge.failed;
}

static void count(struct run *r, enum sim_kind kind, uint64_t cases, bool ok)
{
    struct sim_tally *t = &r->result->kind[kind];

    t->runs++;
    t->cases += cases;
    t->failures += !ok;
}

/* ---- the second cut ---- */

static void cut_second(struct run *r, const struct sim_op *op, uint64_t n)
{
    uint64_t seed = mix(r->n, n);
    uint64_t next = sim_trace_next(&r->recovery, n, &r->d, op);
    unsigned how = (unsigned)(seed % sim_flash_variants(&r->d.flash, op));
    bool ok;

    sim_snapshot_take(&r->second, &r->d);
    sim_flash_tear(&r->d.flash, op, how, seed);
    sim_judge_cut(&r->d, r->recovery.live[n - 1], next);
    ok = live_on(r, LIVE);
    count(r, SIM_AGAIN, 1, ok);
    if (!ok)
        tell(r, SIM_AGAIN, how, n);
    sim_snapshot_restore(&r->second, &r->d);
    r->mode = CUT_AGAIN;
}

/* Half of them before the server answers, where the recovery is; all, if there are no more. */
static void pick(struct run *r, uint32_t quota)
{
    uint32_t n = r->recovery.count, early = r->recovery.early;

    memset(r->picked, quota >= n, n + 1);
    r->picks = quota >= n ? n : 0;
    for (uint32_t i = 0; i < quota && quota < n; i++) {
        bool in_front = i % 2 == 0 ? early > 0 : early == n;
        uint32_t at =
            in_front ? (uint32_t)(mix(r->n, i) % early) : early + (uint32_t)(mix(r->n, i) % (n - early));

        r->picks += !r->picked[at];
        r->picked[at] = 1;
    }
}

static void cut_again(struct run *r, const struct sim_op *op, uint64_t live, uint64_t next, uint32_t quota)
{
    pick(r, quota);
    if (r->picks == 0)
        return;
    r->result->kind[SIM_AGAIN].operations++;
    sim_snapshot_restore(&r->first, &r->d);
    sim_flash_tear(&r->d.flash, op, r->how, mix(r->n, r->how));
    sim_judge_cut(&r->d, live, next);
    r->base = r->d.flash.operations;
    lose_power(r);
    r->mode = CUT_AGAIN;
    if (setjmp(r->enough) == 0)
        sim_device_live(&r->d, NULL);
}

static void in_recovery(struct run *r, const struct sim_op *op)
{
    uint64_t n = r->d.flash.operations - r->base;

    if (n > r->recovery.count || !r->picked[n - 1])
        return;
    cut_second(r, op, n);
    if (--r->picks == 0)
        longjmp(r->enough, 1);
}

/* ---- the first cut ---- */

static uint32_t quota_of(const struct run *r)
{
    uint32_t cuts = r->golden.count / r->stride;

    if (r->plan->seconds == 0)
        return 0;
    if (r->plan->seconds < cuts)
        return r->n / r->stride % (cuts / r->plan->seconds) == 0;
    return (r->plan->seconds + cuts - 1) / cuts;
}

static void cut_one(struct run *r, const struct sim_op *op, bool recovery, uint8_t counted[SIM_KINDS])
{
    enum sim_kind kind = sim_flash_kind(&r->d.flash, op, r->how);
    /* Prefixes of a long unit differ little: half of what counts is theirs at most. */
    uint8_t most = kind == SIM_PREFIX ? SIM_COUNTED / 2 : kind == SIM_BITS ? 1 : SIM_COUNTED / 2 - 1;
    uint64_t live = r->golden.live[r->n - 1];
    uint64_t next = sim_trace_next(&r->golden, r->n, &r->d, op);
    bool ok;

    if (op->is_erase)
        most = SIM_COUNTED;
    r->result->kind[kind].operations += counted[kind] == 0;
    sim_flash_tear(&r->d.flash, op, r->how, mix(r->n, r->how));
    sim_judge_cut(&r->d, live, next);
    r->base = r->d.flash.operations;
    sim_trace_begin(&r->recovery);
    ok = live_on(r, recovery ? TRACE_RECOVERY : LIVE);
    count(r, kind, counted[kind] < most, ok);
    counted[kind]++;
    if (!ok)
        tell(r, kind, r->how, 0);
    else if (recovery)
        cut_again(r, op, live, next, quota_of(r));
}

static void cut_first(struct run *r, const struct sim_op *op)
{
    unsigned all = sim_flash_variants(&r->d.flash, op);
    unsigned ways = r->variants == 0 || r->variants > all ? all : r->variants;
    unsigned from = (unsigned)(mix(r->n, 7) % all);
    uint8_t counted[SIM_KINDS] = {0};

    sim_snapshot_take(&r->first, &r->d);
    for (unsigned i = 0; i < ways; i++) {
        if (r->plan->stop_at_failure && r->result->failures > 0)
            break;
        r->how = (from + i) % all;
        cut_one(r, op, i == 0 && quota_of(r) > 0, counted);
        sim_snapshot_restore(&r->first, &r->d);
    }
    r->mode = CUT;
}

static bool before(struct sim_flash *f, const struct sim_op *op)
{
    struct run *r = run_of(f);

    sim_judge_look(&r->d);
    if (r->mode == TRACE_PHASE)
        sim_trace_add(&r->golden, &r->d);
    else if (r->mode == TRACE_RECOVERY)
        sim_trace_add(&r->recovery, &r->d);
    else if (r->mode == CUT_AGAIN)
        in_recovery(r, op);
    else if (r->mode == DIP && f->operations == r->n && !op->is_erase) {
        sim_flash_tear(f, op, op->len + 1, mix(r->n, 3));
        r->d.dips++;
        return false;
    } else if (r->mode == CUT) {
        r->n = f->operations;
        if (r->n % r->plan->parts == r->plan->part && r->n / r->plan->parts % r->stride == 0 &&
            (r->plan->only == 0 || r->plan->only == r->n))
            cut_first(r, op);
    }
    return true;
}

/* ---- a phase ---- */

static void *must_alloc(size_t n)
{
    void *p = calloc(1, n);

    if (p == NULL)
        abort();
    return p;
}

/* Without a cut; its operations, and what they make of the journal. */
static bool rehearse(struct run *r)
{
    r->mode = TRACE_PHASE;
    sim_trace_begin(&r->golden);
    sim_device_live(&r->d, NULL);
    r->golden.live[r->golden.count] = r->d.judge.live;
    r->result->operations = r->golden.count;
    r->mode = LIVE;
    if (!r->d.judge.failed)
        sim_judge_end(&r->d);
    if (r->d.judge.failed)
        tell(r, SIM_PREFIX, 0, 0);
    return !r->d.judge.failed;
}

static void spread(struct run *r)
{
    uint32_t firsts = r->plan->firsts, n = r->golden.count;

    r->stride = firsts == 0 || firsts >= n ? 1 : n / firsts;
    r->variants = firsts == 0 ? 0 : firsts >= n ? firsts / n : 1;
}

static void dip(struct run *r)
{
    uint32_t step = r->plan->dips == 0 ? 0 : r->golden.count / r->plan->dips + 1;

    for (uint64_t n = 1 + r->plan->part; step > 0 && n <= r->golden.count; n += step * r->plan->parts) {
        sim_snapshot_restore(&r->start, &r->d);
        r->n = n;
        r->mode = DIP;
        sim_device_live(&r->d, NULL);
        r->mode = LIVE;
        if (!r->d.judge.failed)
            sim_judge_end(&r->d);
        if (r->d.dips == 0)
            continue; /* an erase */
        r->result->kind[SIM_DIP].operations++;
        count(r, SIM_DIP, 1, !r->d.judge.failed);
        if (r->d.judge.failed)
            tell(r, SIM_DIP, 0, 0);
    }
}

void sim_run(const struct sim_phase *phase, const struct sim_material *m, const struct sim_plan *plan,
             struct sim_result *ret)
{
    struct run *r = must_alloc(sizeof(*r));

    memset(ret, 0, sizeof(*ret));
    r->phase = phase;
    r->plan = plan;
    r->result = ret;
    r->golden.live = must_alloc(SIM_OPERATIONS * sizeof(uint64_t));
    r->recovery.live = must_alloc(SIM_OPERATIONS * sizeof(uint64_t));
    r->picked = must_alloc(SIM_OPERATIONS);
    sim_phase_begin(phase, &r->d, m);
    sim_snapshot_init(&r->start, &r->d);
    sim_snapshot_init(&r->first, &r->d);
    sim_snapshot_init(&r->second, &r->d);
    r->d.flash.before = before;
    sim_snapshot_take(&r->start, &r->d);
    if (rehearse(r)) {
        spread(r);
        sim_snapshot_restore(&r->start, &r->d);
        r->mode = CUT;
        sim_device_live(&r->d, NULL);
        dip(r);
    }
    sim_snapshot_free(&r->start);
    sim_snapshot_free(&r->first);
    sim_snapshot_free(&r->second);
    sim_device_free(&r->d);
    free(r->golden.live);
    free(r->recovery.live);
    free(r->picked);
    free(r);
}
