/* What is told of each row of decide.c that no plan is needed for; internal to server/policy. */
#ifndef OTTER_POLICY_DECIDE_TELL_H
#define OTTER_POLICY_DECIDE_TELL_H

#include "policy/decide.h"

void tell_retired(const struct policy_facts *f, struct policy_told *told);
void tell_product(const struct policy_facts *f, struct policy_told *told);
void tell_hardware(const struct policy_facts *f, struct policy_told *told);
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
void tell_expired(const struct policy_facts *f, struct policy_told *told);
void tell_epoch(const struct policy_facts *f, struct policy_told *told);
void tell_sequence(const struct policy_facts *f, struct policy_told *told);
void tell_from(const struct policy_facts *f, struct policy_told *told);
void tell_below(const struct policy_facts *f, struct policy_told *told);
void tell_slot(const struct policy_facts *f, struct policy_told *told);

#endif
