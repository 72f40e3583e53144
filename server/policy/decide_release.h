/* The rows of decide.c that ask whether the release fits the device; internal to server/policy. */
#ifndef OTTER_POLICY_DECIDE_RELEASE_H
#define OTTER_POLICY_DECIDE_RELEASE_H

#include "policy/decide.h"

bool decide_other_product(const struct policy_facts *f);
bool decide_other_hardware(const struct policy_facts *f);
bool decide_expired(const struct policy_facts *f);
bool decide_other_epoch(const struct policy_facts *f);
bool decide_not_newer(const struct policy_facts *f);
bool decide_below_from(const struct policy_facts *f);
bool decide_not_below(const struct policy_facts *f);
bool decide_no_image(const struct policy_facts *f);

void tell_product(const struct policy_facts *f, struct policy_told *told);
void tell_hardware(const struct policy_facts *f, struct policy_told *told);
void tell_expired(const struct policy_facts *f, struct policy_told *told);
void tell_epoch(const struct policy_facts *f, struct policy_told *told);
void tell_sequence(const struct policy_facts *f, struct policy_told *told);
void tell_from(const struct policy_facts *f, struct policy_told *told);
void tell_below(const struct policy_facts *f, struct policy_told *told);
void tell_slot(const struct policy_facts *f, struct policy_told *told);

#endif
