#include "policy/decide_plan.h"

#include "policy/pace.h"
#include "policy/told.h"

static int64_t now_of(const struct policy_facts *f)
{
    return (int64_t)f->now;
}

static const struct policy_zone *zone_of(const struct policy_facts *f)
{
    return f->zone ? f->zone : &policy_zone_utc;
}

int64_t decide_retry_at(const struct policy_facts *f)
{
    if (!f->attempt_ended || f->losses_here == 0)
        return 0;
    return policy_retry_at(f->plan, f->last_reason, f->losses_here, f->lost_at);
}

int64_t decide_closes_at(const struct policy_facts *f)
{
    struct policy_when when;

    when = policy_windows_at(f->plan->window, f->plan->window_count, zone_of(f), now_of(f));
    if (f->plan->not_after && (when.changes_at == 0 || f->plan->not_after < when.changes_at))
        return f->plan->not_after;
    return when.changes_at;
}

bool decide_stranger(const struct policy_facts *f)
{
    return !f->plan->join && !f->member;
}

void tell_stranger(const struct policy_facts *f, struct policy_told *told)
{
    (void)f;
    told_words(told, "member", "no", "yes");
}

bool decide_downgrade(const struct policy_facts *f)
{
    return !f->plan->allow_downgrade &&
           otter_version_compare(&f->manifest->version, &f->running->version) < 0;
}

void tell_downgrade(const struct policy_facts *f, struct policy_told *told)
{
    told_versions(told, "version", &f->manifest->version, "at least ", &f->running->version);
}

bool decide_superseded(const struct policy_facts *f)
{
    return f->superseded;
}

void tell_superseded(const struct policy_facts *f, struct policy_told *told)
{
    struct policy_told_fact *fact = told_add(told, "rollout");

    told_put_number(fact->have, f->superseded_by);
    told_put(fact->have, " comes first");
    told_put(fact->need, "none comes first");
}

bool decide_too_early(const struct policy_facts *f)
{
    return now_of(f) < f->plan->not_before;
}

void tell_too_early(const struct policy_facts *f, struct policy_told *told)
{
    told_times(told, f->now, "from ", f->plan->not_before);
    told->next_change_at = f->plan->not_before;
}

bool decide_too_late(const struct policy_facts *f)
{
    return f->plan->not_after && now_of(f) >= f->plan->not_after;
}

void tell_too_late(const struct policy_facts *f, struct policy_told *told)
{
    told_times(told, f->now, "before ", f->plan->not_after);
}

bool decide_no_window(const struct policy_facts *f)
{
    if (f->plan->window_count == 0)
        return false;
    return f->no_zone || !policy_windows_open(f->plan->window, f->plan->window_count, zone_of(f), now_of(f));
}

void tell_no_window(const struct policy_facts *f, struct policy_told *told)
{
    struct policy_told_fact *fact;
    int64_t until;

    if (f->no_zone) {
        told_words(told, "zone", f->plan->zone, "one that the server's tzdata has");
        return;
    }
    fact = told_add(told, "local_time");
    told_put_local(fact->have, now_of(f) + zone_of(f)->offset(zone_of(f), now_of(f), &until));
    told_put_windows(fact->need, f->plan);
    told->next_change_at = decide_closes_at(f); /* opens: the same question */
}

bool decide_retry_later(const struct policy_facts *f)
{
    return now_of(f) < decide_retry_at(f);
}

void tell_retry_later(const struct policy_facts *f, struct policy_told *told)
{
    told->next_change_at = decide_retry_at(f);
    told_times(told, f->now, "from ", told->next_change_at);
    told_numbers(told, "losses", f->losses_here, "at most ",
                 policy_plan_retry(f->plan, f->last_reason)->tries);
}

bool decide_penalty(const struct policy_facts *f)
{
    return now_of(f) < policy_penalty_until(f->losses_in_a_row, f->last_lost_at);
}

void tell_penalty(const struct policy_facts *f, struct policy_told *told)
{
    told->next_change_at = policy_penalty_until(f->losses_in_a_row, f->last_lost_at);
    told_times(told, f->now, "from ", told->next_change_at);
    told_numbers(told, "losses_in_a_row", f->losses_in_a_row, "below ", POLICY_PENALTY_LOSSES);
}

bool decide_cap(const struct policy_facts *f)
{
    return f->plan->max_active && f->active >= f->plan->max_active;
}

void tell_cap(const struct policy_facts *f, struct policy_told *told)
{
    told_numbers(told, "active", f->active, "below ", f->plan->max_active);
}

bool decide_rate(const struct policy_facts *f)
{
    return f->plan->per_minute && f->rate_due > now_of(f);
}

static void tell_due(const struct policy_facts *f, int64_t due, struct policy_told *told)
{
    told_times(told, f->now, "from ", due);
    told->next_change_at = due;
}

void tell_rate(const struct policy_facts *f, struct policy_told *told)
{
    struct policy_told_fact *fact;

    tell_due(f, f->rate_due, told);
    fact = told_add(told, "per_minute");
    told_put(fact->have, "all given away");
    told_put(fact->need, "one of ");
    told_put_number(fact->need, f->granted_rate_per_minute);
    if (f->granted_rate_per_minute == f->plan->per_minute)
        return;
    told_put(fact->need, ", by the ramp to ");
    told_put_number(fact->need, f->plan->per_minute);
}

bool decide_bytes(const struct policy_facts *f)
{
    return f->plan->bytes_per_s && f->bytes_due > now_of(f);
}

void tell_bytes(const struct policy_facts *f, struct policy_told *told)
{
    struct policy_told_fact *fact;

    tell_due(f, f->bytes_due, told);
    fact = told_add(told, "bytes_per_second");
    told_put(fact->have, "all given away");
    told_put_number(fact->need, f->plan->bytes_per_s);
}

bool decide_site(const struct policy_facts *f)
{
    return f->plan->site_bytes_per_s && f->site_due > now_of(f);
}

void tell_site(const struct policy_facts *f, struct policy_told *told)
{
    struct policy_told_fact *fact;

    tell_due(f, f->site_due, told);
    fact = told_add(told, "site_bytes_per_second");
    told_put(fact->have, "all given away");
    told_put_number(fact->need, f->plan->site_bytes_per_s);
    told_words(told, "site", f->site ? f->site : "none", "one with bytes left");
}
