/* Plans: the default, and what is wrong with one. Tables of rules; the first that is broken is told. */
#include "policy/plan_rules.h"

#define FACTOR_MAX 10000u /* hundredfold */
#define BYTES_MAX  1000000000000u

void policy_plan_default(struct policy_plan *plan)
{
    *plan = (struct policy_plan){
        .phase_count = 1,
        .phase = {{.width = POLICY_WIDTH_PERCENT,
                   .value = 100,
                   .success_share = 10000,
                   .failure_share = 1000,
                   .min_sample = 20}},
        .on_failure = POLICY_FAILURE_HALT,
        .join = true,
        .deadline_s = 86400,
        .silence_s = 3600,
    };
}

const struct policy_retry *policy_plan_retry(const struct policy_plan *plan, enum otter_status reason)
{
    const struct policy_retry *any = NULL;

    for (unsigned i = 0; i < plan->retry_count; i++) {
        if (plan->retry[i].reason == reason)
            return &plan->retry[i];
        if (plan->retry[i].reason == OTTER_OK)
            any = &plan->retry[i];
    }
    return any;
}

static bool phase_number(const struct policy_plan *p, unsigned i)
{
    (void)i;
    return p->phase_count == 0 || p->phase_count > POLICY_PHASES_MAX;
}

static bool window_number(const struct policy_plan *p, unsigned i)
{
    (void)i;
    return p->window_count > POLICY_WINDOWS_MAX;
}

static bool retry_number(const struct policy_plan *p, unsigned i)
{
    (void)i;
    return p->retry_count > POLICY_RETRIES_MAX;
}

static bool on_failure(const struct policy_plan *p, unsigned i)
{
    (void)i;
    return (unsigned)p->on_failure > POLICY_FAILURE_ROLLBACK;
}

static bool rollback_release(const struct policy_plan *p, unsigned i)
{
    (void)i;
    return p->rollback_release < 0 || (p->on_failure == POLICY_FAILURE_ROLLBACK && !p->rollback_release);
}

static bool ramp_alone(const struct policy_plan *p, unsigned i)
{
    (void)i;
    return p->per_minute == 0 && (p->ramp_start || p->ramp_factor || p->ramp_every_s);
}

static bool ramp_start(const struct policy_plan *p, unsigned i)
{
    (void)i;
    return p->ramp_start > p->per_minute || (!p->ramp_start && (p->ramp_factor || p->ramp_every_s));
}

static bool ramp_factor(const struct policy_plan *p, unsigned i)
{
    (void)i;
    return p->ramp_start && (p->ramp_factor <= 100 || p->ramp_factor > FACTOR_MAX);
}

static bool ramp_every(const struct policy_plan *p, unsigned i)
{
    (void)i;
    return p->ramp_start && (p->ramp_every_s == 0 || p->ramp_every_s > PLAN_MONTH_S);
}

static bool bytes(const struct policy_plan *p, unsigned i)
{
    (void)i;
    return p->bytes_per_s > BYTES_MAX;
}

static bool site_prefix(const struct policy_plan *p, unsigned i)
{
    (void)i;
    return p->site_bytes_per_s && p->site_prefix[0] == 0;
}

static bool site_bytes(const struct policy_plan *p, unsigned i)
{
    (void)i;
    return p->site_bytes_per_s > BYTES_MAX || (p->site_prefix[0] && !p->site_bytes_per_s);
}

static bool not_before(const struct policy_plan *p, unsigned i)
{
    (void)i;
    return p->not_before < 0;
}

static bool not_after(const struct policy_plan *p, unsigned i)
{
    (void)i;
    return p->not_after < 0 || (p->not_after && p->not_after <= p->not_before);
}

static bool deadline(const struct policy_plan *p, unsigned i)
{
    (void)i;
    return p->deadline_s > PLAN_YEAR_S;
}

static bool silence(const struct policy_plan *p, unsigned i)
{
    (void)i;
    return p->silence_s > PLAN_YEAR_S;
}

static const struct plan_rule whole[] = {
    {"phases", phase_number, "1 to 16 phases"},
    {"windows", window_number, "8 windows at the most"},
    {"retries", retry_number, "8 rules at the most"},
    {"on_failure", on_failure, "warn, halt or rollback"},
    {"rollback_release", rollback_release, "on_failure rollback needs the release to go back to"},
    {"ramp", ramp_alone, "a ramp leads up to per_minute, which is missing"},
    {"ramp.start", ramp_start, "1 to per_minute"},
    {"ramp.factor", ramp_factor, "more than 1, at most 100"},
    {"ramp.every", ramp_every, "1 second to 30 days"},
    {"bytes_per_second", bytes, "10^12 at the most"},
    {"site.prefix", site_prefix, "which tags are sites is missing"},
    {"site.bytes_per_second", site_bytes, "1 to 10^12"},
    {"not_before", not_before, "a time from 1970 on"},
    {"not_after", not_after, "a time after not_before"},
    {"deadline", deadline, "365 days at the most"},
    {"silence", silence, "365 days at the most"},
};

static size_t append(char *to, size_t at, size_t cap, const char *text)
{
    while (*text && at + 1 < cap)
        to[at++] = *text++;
    to[at] = 0;
    return at;
}

/* "phases[12].percent"; of an array's element itself "phases[12]". i < 100. */
static void name_member(struct policy_plan_error *err, const char *array, unsigned i, const char *member)
{
    const char tens[] = {(char)('0' + i / 10), 0}, ones[] = {(char)('0' + i % 10), 0};
    const char *const parts[] = {array, "[", i >= 10 ? tens : "", ones, "]", member[0] ? "." : "", member};
    size_t at = 0;

    if (!array[0]) {
        (void)append(err->member, 0, sizeof(err->member), member);
        return;
    }
    for (unsigned k = 0; k < sizeof(parts) / sizeof(parts[0]); k++)
        at = append(err->member, at, sizeof(err->member), parts[k]);
}

static bool keeps(const struct policy_plan *plan, const char *array, unsigned n,
                  const struct plan_rule *rules, size_t count, struct policy_plan_error *err)
{
    for (unsigned i = 0; i < n; i++) {
        for (size_t r = 0; r < count; r++) {
            if (rules[r].broken(plan, i)) {
                name_member(err, array, i, rules[r].member);
                err->what = rules[r].what;
                return false;
            }
        }
    }
    return true;
}

/* The numbers of elements come first: what follows reads no element that is not. */
bool policy_plan_valid(const struct policy_plan *plan, struct policy_plan_error *err)
{
    return keeps(plan, "", 1, whole, sizeof(whole) / sizeof(whole[0]), err) &&
           keeps(plan, "phases", plan->phase_count, plan_phase_rules, PLAN_PHASE_RULES, err) &&
           keeps(plan, "windows", plan->window_count, plan_window_rules, PLAN_WINDOW_RULES, err) &&
           keeps(plan, "retries", plan->retry_count, plan_retry_rules, PLAN_RETRY_RULES, err);
}
