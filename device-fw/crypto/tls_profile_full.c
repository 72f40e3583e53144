/* What certificates in the field use. The 31-bit code is the fit for a Cortex-M4, whose multiplier takes one
 * time. */
#include "core/bytes.h"
#include "crypto/tls_profile.h"

/* ChaCha20 first: on a core without AES it is the faster. */
static const uint16_t suites[] = {
    BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    BR_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
};

void otter_tls_profile_engine(br_ssl_engine_context *engine)
{
    br_ssl_engine_set_suites(engine, suites, OTTER_ARRAY_LEN(suites));
    br_ssl_engine_set_hash(engine, br_sha256_ID, &br_sha256_vtable);
    br_ssl_engine_set_hash(engine, br_sha384_ID, &br_sha384_vtable);
    br_ssl_engine_set_hash(engine, br_sha512_ID, &br_sha512_vtable);
    br_ssl_engine_set_prf_sha256(engine, br_tls12_sha256_prf);
    br_ssl_engine_set_default_aes_gcm(engine);
    br_ssl_engine_set_default_chapol(engine);
    br_ssl_engine_set_ec(engine, &br_ec_all_m31);
    br_ssl_engine_set_ecdsa(engine, br_ecdsa_i31_vrfy_asn1);
    br_ssl_engine_set_rsavrfy(engine, br_rsa_i31_pkcs1_vrfy);
}

void otter_tls_profile_chain(br_x509_minimal_context *chain)
{
    br_x509_minimal_set_hash(chain, br_sha256_ID, &br_sha256_vtable);
    br_x509_minimal_set_hash(chain, br_sha384_ID, &br_sha384_vtable);
    br_x509_minimal_set_hash(chain, br_sha512_ID, &br_sha512_vtable);
    br_x509_minimal_set_rsa(chain, br_rsa_i31_pkcs1_vrfy);
    br_x509_minimal_set_ecdsa(chain, &br_ec_all_m31, br_ecdsa_i31_vrfy_asn1);
    br_x509_minimal_set_minrsa(chain, OTTER_TLS_RSA_MIN);
}
