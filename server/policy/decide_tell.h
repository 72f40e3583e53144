/* What is told of each row of decide.c that asks neither for the plan nor whether the release fits; internal
 * to server/policy. */
#ifndef OTTER_POLICY_DECIDE_TELL_H
#define OTTER_POLICY_DECIDE_TELL_H

#include "policy/decide.h"

void tell_retired(const struct policy_facts *f, struct policy_told *told);
void tell_state(const struct policy_facts *f, struct policy_told *told);
void tell_target(const struct policy_facts *f, struct policy_told *told);
void tell_attempt_over(const struct policy_facts *f, struct policy_told *told);
void tell_up_to_date(const struct policy_facts *f, struct policy_told *told);
void tell_held(const struct policy_facts *f, struct policy_told *told);
void tell_pinned(const struct policy_facts *f, struct policy_told *told);
void tell_withdrawn(const struct policy_facts *f, struct policy_told *told);
void tell_pruned(const struct policy_facts *f, struct policy_told *told);
void tell_frozen(const struct policy_facts *f, struct policy_told *told);
void tell_attempt_elsewhere(const struct policy_facts *f, struct policy_told *told);
void tell_phase(const struct policy_facts *f, struct policy_told *told);
void tell_trial(const struct policy_facts *f, struct policy_told *told);

#endif
