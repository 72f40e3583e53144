/* The rows of decide.c that ask for a rollout's plan, and superseded; internal to server/policy. */
#ifndef OTTER_POLICY_DECIDE_PLAN_H
#define OTTER_POLICY_DECIDE_PLAN_H

#include "policy/decide.h"

/* When the device may repeat its attempt, which was lost; 0: there is none to repeat, or never. */
int64_t decide_retry_at(const struct policy_facts *f);

/* When what is allowed now is not any more: a window closes, or the rollout ends; 0: not known. */
int64_t decide_closes_at(const struct policy_facts *f);

bool decide_stranger(const struct policy_facts *f);
bool decide_downgrade(const struct policy_facts *f);
bool decide_superseded(const struct policy_facts *f);
bool decide_too_early(const struct policy_facts *f);
bool decide_too_late(const struct policy_facts *f);
bool decide_no_window(const struct policy_facts *f);
bool decide_retry_later(const struct policy_facts *f);
bool decide_penalty(const struct policy_facts *f);
bool decide_cap(const struct policy_facts *f);
bool decide_rate(const struct policy_facts *f);
bool decide_bytes(const struct policy_facts *f);
bool decide_site(const struct policy_facts *f);

void tell_stranger(const struct policy_facts *f, struct policy_told *told);
void tell_downgrade(const struct policy_facts *f, struct policy_told *told);
void tell_superseded(const struct policy_facts *f, struct policy_told *told);
void tell_too_early(const struct policy_facts *f, struct policy_told *told);
void tell_too_late(const struct policy_facts *f, struct policy_told *told);
void tell_no_window(const struct policy_facts *f, struct policy_told *told);
void tell_retry_later(const struct policy_facts *f, struct policy_told *told);
void tell_penalty(const struct policy_facts *f, struct policy_told *told);
void tell_cap(const struct policy_facts *f, struct policy_told *told);
void tell_rate(const struct policy_facts *f, struct policy_told *told);
void tell_bytes(const struct policy_facts *f, struct policy_told *told);
void tell_site(const struct policy_facts *f, struct policy_told *told);

#endif
