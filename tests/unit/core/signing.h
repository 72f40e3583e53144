/* Signed documents for tests: keys made once a run, envelopes built piece by piece so that a piece can be
 * wrong. */
#ifndef OTTER_TESTS_CORE_SIGNING_H
#define OTTER_TESTS_CORE_SIGNING_H

#include "core/documents.h"
#include "core/jws.h"
#include "host/crypto.h"

enum test_key {
    KEY_ROOT,
    KEY_ROOT_2,
    KEY_RELEASE,
    KEY_RELEASE_2,
    KEY_OFFER,
    KEY_OFFER_2,
    KEY_STRANGER,
    KEY_COUNT
};

/* cmocka group fixtures: all keys. */
int keys_setup(void **state);
int keys_teardown(void **state);

const uint8_t *key_point(enum test_key key);
const struct otter_digest *key_kid(enum test_key key);

/* base64url of the key id and of the SubjectPublicKeyInfo; static until the next call of the same. */
const char *key_kid_text(enum test_key key);
const char *key_spki_text(enum test_key key);

void key_sign(enum test_key key, const struct otter_digest *hash, uint8_t ret_sig[OTTER_SIG_LEN]);

/* An envelope around payload, signed by n keys; returns its length. out has OTTER_ENVELOPE_MAX + 1 bytes. */
size_t seal(const char *payload, size_t len, const enum test_key *keys, size_t n, char *out);

/* A root, version 1: KEY_ROOT and KEY_ROOT_2 (threshold 1), KEY_RELEASE and KEY_RELEASE_2 (1), KEY_OFFER;
 * KEY_OFFER_2 has no role. */
void root_sample(struct otter_root *root);

#endif
