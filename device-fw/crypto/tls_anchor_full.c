/* Any CA, by BearSSL's decoder. */
#include "crypto/tls_chain.h"
#include "crypto/tls_profile.h"

#include <string.h>

/* BearSSL hands over the subject in pieces. Its callback has a void *: ours is the anchor. */
static void append_dn(void *user, const void *buf, size_t len)
{
    struct otter_tls_anchor *a = user;

    if (len > sizeof(a->dn) - a->dn_len) {
        a->dn_len = sizeof(a->dn); /* full: a name of that length is refused below */
        return;
    }
    memcpy(a->dn + a->dn_len, buf, len);
    a->dn_len += (uint32_t)len;
}

static bool keep_rsa(struct otter_tls_anchor *a, const br_rsa_public_key *key)
{
    if (key->nlen < OTTER_TLS_RSA_MIN || key->nlen + key->elen > sizeof(a->key))
        return false;
    memcpy(a->key, key->n, key->nlen);
    memcpy(a->key + key->nlen, key->e, key->elen);
    a->ta.pkey.key_type = BR_KEYTYPE_RSA;
    a->ta.pkey.key.rsa = (br_rsa_public_key){a->key, key->nlen, a->key + key->nlen, key->elen};
    return true;
}

static bool keep_ec(struct otter_tls_anchor *a, const br_ec_public_key *key)
{
    if (key->curve != BR_EC_secp256r1 && key->curve != BR_EC_secp384r1 && key->curve != BR_EC_secp521r1)
        return false;
    memcpy(a->key, key->q, key->qlen); /* no longer than the decoder's buffer, which is as long as ours */
    a->ta.pkey.key_type = BR_KEYTYPE_EC;
    a->ta.pkey.key.ec = (br_ec_public_key){key->curve, a->key, key->qlen};
    return true;
}

bool otter_tls_anchor_load(struct otter_tls_anchor *a, const uint8_t *der, size_t len)
{
    br_x509_decoder_context decoder;
    const br_x509_pkey *key;

    memset(a, 0, sizeof(*a));
    br_x509_decoder_init(&decoder, append_dn, a);
    br_x509_decoder_push(&decoder, der, len);
    key = br_x509_decoder_get_pkey(&decoder);
    if (key == NULL || !br_x509_decoder_isCA(&decoder) || a->dn_len == 0 || a->dn_len == sizeof(a->dn))
        return false;
    a->ta.dn.data = a->dn;
    a->ta.dn.len = a->dn_len;
    a->ta.flags = BR_X509_TA_CA;
    return key->key_type == BR_KEYTYPE_RSA  ? keep_rsa(a, &key->key.rsa)
           : key->key_type == BR_KEYTYPE_EC ? keep_ec(a, &key->key.ec)
                                            : false;
}
