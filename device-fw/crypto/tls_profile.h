/*
 * Which algorithms TLS may use: the file that is linked says so, and nothing else of BearSSL comes along. All
 * of them have forward secrecy and authenticated encryption.
 *
 *   tls_profile_full.c    keys of servers and CAs: EC on P-256, P-384, P-521; RSA from 2,048 bits
 *                         ChaCha20 or AES-128-GCM; SHA-256 to 512
 *   tls_profile_small.c   EC on P-256; ChaCha20; SHA-256
 */
#ifndef OTTER_CRYPTO_TLS_PROFILE_H
#define OTTER_CRYPTO_TLS_PROFILE_H

#include <bearssl.h>

/* Suites and what they need. */
void otter_tls_profile_engine(br_ssl_engine_context *engine);

/* What signatures of certificates are checked with. */
void otter_tls_profile_chain(br_x509_minimal_context *chain);

#define OTTER_TLS_RSA_MIN 256u /* bytes of a modulus: 2,048 bits */

#endif
