/*
 * The device's signature checks, BearSSL's, with a memory: a check of the same key, digest and signature as
 * before has the same answer, and is not computed again. Each of them has been computed once. SHA-256 is
 * OpenSSL's, which is faster and gives the same (the golden vectors run under both): half of all time goes
 * there.
 */
#ifndef OTTER_TESTS_SIM_MEMO_H
#define OTTER_TESTS_SIM_MEMO_H

#include "core/crypto.h"

extern const struct otter_crypto sim_crypto;

/* Signature checks asked for, and those of them that were computed. */
extern uint64_t sim_checks_asked, sim_checks_computed;

#endif
