/* For a fleet whose CA is its own: P-256 throughout, as the rest of the device. */
#include "core/bytes.h"
#include "crypto/tls_profile.h"

static const uint16_t suites[] = {BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256};

void otter_tls_profile_engine(br_ssl_engine_context *engine)
{
    br_ssl_engine_set_suites(engine, suites, OTTER_ARRAY_LEN(suites));
    br_ssl_engine_set_hash(engine, br_sha256_ID, &br_sha256_vtable);
    br_ssl_engine_set_prf_sha256(engine, br_tls12_sha256_prf);
    br_ssl_engine_set_default_aes_gcm(engine);
    br_ssl_engine_set_ec(engine, &br_ec_p256_m31);
    br_ssl_engine_set_ecdsa(engine, br_ecdsa_i31_vrfy_asn1);
}

void otter_tls_profile_chain(br_x509_minimal_context *chain)
{
    br_x509_minimal_set_hash(chain, br_sha256_ID, &br_sha256_vtable);
    br_x509_minimal_set_ecdsa(chain, &br_ec_p256_m31, br_ecdsa_i31_vrfy_asn1);
}
