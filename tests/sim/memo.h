/*
 * The device's crypto, BearSSL's, with a memory for signatures: a check of the same key, digest and signature
 * as before has the same answer, and is not computed again. Each of them has been computed once.
 */
#ifndef OTTER_TESTS_SIM_MEMO_H
#define OTTER_TESTS_SIM_MEMO_H

#include "core/crypto.h"

extern const struct otter_crypto sim_crypto;

/* Signature checks asked for, and those of them that were computed. */
extern uint64_t sim_checks_asked, sim_checks_computed;

#endif
