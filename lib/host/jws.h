/* Building the JWS envelopes that lib/core/jws.h decodes (RFC 7515, 7.2.1, in protocol.md's exact form). */
#ifndef OTTER_HOST_JWS_H
#define OTTER_HOST_JWS_H

#include "core/jws.h"
#include "host/crypto.h"
#include "host/error.h"

/*
 * One payload, one signature, into out; no allocation, thread safe: for offers. Returns the length (a NUL
 * follows), or -1 if cap is too small, the payload is over OTTER_PAYLOAD_MAX, or signing failed.
 * host_jws_len() + 1 is what it needs, OTTER_ENVELOPE_MAX + 1 always enough.
 */
int host_jws_sign_to(const struct host_key *key, const char *payload, size_t len, char *out, size_t cap);
size_t host_jws_len(size_t payload_len);

/* The like, malloc'ed with a NUL behind it. The payload's bytes are signed as they are, never re-serialised.
 */
bool host_jws_sign(const struct host_key *key, const char *payload, size_t len, char **ret_envelope,
                   size_t *ret_len, struct host_error *err);

/*
 * Adds key's signature to an envelope; payload and other signatures stay byte for byte. Refuses (FORMAT) an
 * envelope that lib/core does not decode, one that holds a signature by the key (EXISTS), a ninth signature,
 * and one that grows over OTTER_ENVELOPE_MAX.
 */
bool host_jws_add(const struct host_key *key, const char *envelope, size_t len, char **ret_envelope,
                  size_t *ret_len, struct host_error *err);

/*
 * For keys held elsewhere (an HSM): the hash that a key of this kid signs, the very text that it is of
 * (malloc'ed; NULL: too long, or out of memory), and taking the signature in: as the first one of a payload,
 * or as a further one of an envelope.
 */
bool host_jws_hash_for(const struct otter_digest *kid, const char *payload, size_t len,
                       struct otter_digest *ret);
char *host_jws_input_for(const struct otter_digest *kid, const char *payload, size_t len);
bool host_jws_begin(const struct otter_digest *kid, const uint8_t sig[OTTER_SIG_LEN], const char *payload,
                    size_t len, char **ret_envelope, size_t *ret_len, struct host_error *err);
bool host_jws_attach(const struct otter_digest *kid, const uint8_t sig[OTTER_SIG_LEN], const char *envelope,
                     size_t len, char **ret_envelope, size_t *ret_len, struct host_error *err);

#endif
