/* What may be wrong with one phase, window or retry of a plan. */
#include "policy/plan_rules.h"

#include <string.h>

#define TRIES_MAX   16u
#define SHARE_ALL   10000u
#define DAY_MINUTES 1440u

/* The phase before i that is measured the same way; NULL: none. */
static const struct policy_phase_spec *before(const struct policy_plan *p, unsigned i)
{
    for (unsigned k = i; k > 0; k--)
        if (p->phase[k - 1].width == p->phase[i].width)
            return &p->phase[k - 1];
    return NULL;
}

static bool is_last(const struct policy_plan *p, unsigned i)
{
    return i + 1 == p->phase_count;
}

static bool phase_width(const struct policy_plan *p, unsigned i)
{
    return (unsigned)p->phase[i].width > POLICY_WIDTH_GROUP;
}

static bool phase_percent_range(const struct policy_plan *p, unsigned i)
{
    return p->phase[i].width == POLICY_WIDTH_PERCENT && (p->phase[i].value == 0 || p->phase[i].value > 100);
}

static bool phase_all_too_soon(const struct policy_plan *p, unsigned i)
{
    return p->phase[i].width == POLICY_WIDTH_PERCENT && p->phase[i].value == 100 && !is_last(p, i);
}

static bool phase_last_not_all(const struct policy_plan *p, unsigned i)
{
    return is_last(p, i) && (p->phase[i].width != POLICY_WIDTH_PERCENT || p->phase[i].value != 100);
}

static bool phase_not_rising(const struct policy_plan *p, unsigned i, enum policy_width width)
{
    const struct policy_phase_spec *last = before(p, i);

    return p->phase[i].width == width && last && p->phase[i].value <= last->value;
}

static bool phase_percent_falls(const struct policy_plan *p, unsigned i)
{
    return phase_not_rising(p, i, POLICY_WIDTH_PERCENT);
}

static bool phase_count_none(const struct policy_plan *p, unsigned i)
{
    return p->phase[i].width == POLICY_WIDTH_COUNT && p->phase[i].value == 0;
}

static bool phase_count_falls(const struct policy_plan *p, unsigned i)
{
    return phase_not_rising(p, i, POLICY_WIDTH_COUNT);
}

static bool phase_group_none(const struct policy_plan *p, unsigned i)
{
    return p->phase[i].width == POLICY_WIDTH_GROUP && p->phase[i].group[0] == 0;
}

static bool phase_group_twice(const struct policy_plan *p, unsigned i)
{
    if (p->phase[i].width != POLICY_WIDTH_GROUP)
        return false;
    for (unsigned k = 0; k < i; k++)
        if (p->phase[k].width == POLICY_WIDTH_GROUP && strcmp(p->phase[k].group, p->phase[i].group) == 0)
            return true;
    return false;
}

static bool phase_success(const struct policy_plan *p, unsigned i)
{
    return p->phase[i].success_share > SHARE_ALL;
}

static bool phase_failure(const struct policy_plan *p, unsigned i)
{
    return p->phase[i].failure_share > SHARE_ALL;
}

static bool phase_soak(const struct policy_plan *p, unsigned i)
{
    return p->phase[i].soak_s > PLAN_YEAR_S;
}

static bool phase_approval(const struct policy_plan *p, unsigned i)
{
    return is_last(p, i) && p->phase[i].approval;
}

static bool window_days(const struct policy_plan *p, unsigned i)
{
    return p->window[i].days == 0 || p->window[i].days > POLICY_DAYS_ALL;
}

static bool window_from(const struct policy_plan *p, unsigned i)
{
    return p->window[i].from >= DAY_MINUTES;
}

static bool window_to(const struct policy_plan *p, unsigned i)
{
    return p->window[i].to > DAY_MINUTES;
}

static bool retry_reason(const struct policy_plan *p, unsigned i)
{
    return (unsigned)p->retry[i].reason >= OTTER_STATUS_COUNT;
}

static bool retry_twice(const struct policy_plan *p, unsigned i)
{
    for (unsigned k = 0; k < i; k++)
        if (p->retry[k].reason == p->retry[i].reason)
            return true;
    return false;
}

static bool retry_tries(const struct policy_plan *p, unsigned i)
{
    return p->retry[i].tries == 0 || p->retry[i].tries > TRIES_MAX;
}

static bool retry_wait(const struct policy_plan *p, unsigned i)
{
    return p->retry[i].wait_s > PLAN_MONTH_S;
}

const struct plan_rule plan_phase_rules[PLAN_PHASE_RULES] = {
    {"", phase_width, "a percentage, a count or a group"},
    {"percent", phase_percent_range, "1 to 100"},
    {"percent", phase_all_too_soon, "only the last phase has 100 percent"},
    {"percent", phase_percent_falls, "more than in the phases before"},
    {"count", phase_count_none, "at least 1 device"},
    {"count", phase_count_falls, "more than in the phases before"},
    {"group", phase_group_none, "the name of a saved group"},
    {"group", phase_group_twice, "an earlier phase has the same group"},
    {"", phase_last_not_all, "the last phase has 100 percent"},
    {"success", phase_success, "0 to 100 percent"},
    {"failure", phase_failure, "0 to 100 percent"},
    {"soak", phase_soak, "365 days at the most"},
    {"approval", phase_approval, "nothing comes after the last phase that could be approved"},
};

const struct plan_rule plan_window_rules[PLAN_WINDOW_RULES] = {
    {"days", window_days, "one day of the week at least"},
    {"from", window_from, "00:00 to 23:59"},
    {"to", window_to, "00:00 to 24:00"},
};

const struct plan_rule plan_retry_rules[PLAN_RETRY_RULES] = {
    {"reason", retry_reason, "a reason by its name, or *"},
    {"reason", retry_twice, "an earlier rule has the same reason"},
    {"tries", retry_tries, "1 to 16"},
    {"wait", retry_wait, "30 days at the most"},
};
