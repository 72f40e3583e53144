/*
 * For a fleet whose CA is its own: P-256 throughout, as the rest of the device. Of the ciphers it has the one
 * that takes a Cortex-M without AES a third of the instructions, and less flash.
 */
#include "core/bytes.h"
#include "crypto/ecdsa_p256.h"
#include "crypto/p256_curve.h"
#include "crypto/tls_profile.h"

static const uint16_t suites[] = {BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256};

/* A br_ecdsa_vrfy: what checks the device's documents checks certificates and handshakes, too. */
static uint32_t verify(const br_ec_impl *impl, const void *hash, size_t hash_len, const br_ec_public_key *key,
                       const void *sig, size_t sig_len)
{
    uint8_t raw[OTTER_SIG_LEN];

    (void)impl;
    return hash_len == OTTER_DIGEST_LEN && key->curve == BR_EC_secp256r1 && key->qlen == OTTER_POINT_LEN &&
           otter_sig_from_der(sig, sig_len, raw) && otter_ecdsa_p256_verify(key->q, hash, raw);
}

void otter_tls_profile_engine(br_ssl_engine_context *engine)
{
    br_ssl_engine_set_suites(engine, suites, OTTER_ARRAY_LEN(suites));
    br_ssl_engine_set_hash(engine, br_sha256_ID, &br_sha256_vtable);
    br_ssl_engine_set_prf_sha256(engine, br_tls12_sha256_prf);
    br_ssl_engine_set_default_chapol(engine);
    br_ssl_engine_set_ec(engine, &otter_ec_p256);
    br_ssl_engine_set_ecdsa(engine, verify);
}

void otter_tls_profile_chain(br_x509_minimal_context *chain)
{
    br_x509_minimal_set_hash(chain, br_sha256_ID, &br_sha256_vtable);
    br_x509_minimal_set_ecdsa(chain, &otter_ec_p256, verify);
}
