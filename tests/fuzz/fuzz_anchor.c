/*
 * A CA's certificate as the small profile reads it, against BearSSL's decoder: what both take they take
 * alike, what is no CA for BearSSL is none for us, and what is taken ends where the input does.
 */
#include "fuzz.h"

#include "crypto/tls_chain.h"

#define HEAD_MAX 4u /* of an element: its tag, 0x82 and two bytes of length */

/* crypto/tls_anchor_small.c, compiled by this name (meson.build). */
bool small_anchor_load(struct otter_tls_anchor *a, const uint8_t *der, size_t len);

/* The name is one SEQUENCE, as DER has it: BearSSL hashes all of it, and compares it with what issuers say.
 */
static void has_one_name(const struct otter_tls_anchor *a)
{
    const uint8_t *dn = a->dn;
    size_t n = dn[1] < 0x80 ? 0 : dn[1] - 0x80u, len = n == 0 ? dn[1] : 0;

    MUST(a->dn_len >= 2 && a->dn_len < sizeof(a->dn) && dn[0] == 0x30 && n + 2 <= HEAD_MAX);
    for (size_t i = 0; i < n; i++)
        len = len << 8 | dn[2 + i];
    MUST(a->dn_len == 2 + n + len);
    MUST(n == 0 || (dn[2] != 0 && len >= 0x80)); /* in its shortest form */
    MUST(a->ta.dn.data == dn && a->ta.dn.len == a->dn_len);
}

static void is_on_p256(const struct otter_tls_anchor *a)
{
    const br_ec_public_key *key = &a->ta.pkey.key.ec;

    MUST(a->ta.flags == BR_X509_TA_CA && a->ta.pkey.key_type == BR_KEYTYPE_EC);
    MUST(key->curve == BR_EC_secp256r1 && key->q == a->key && key->qlen == OTTER_POINT_LEN && a->key[0] == 4);
}

static void are_alike(const struct otter_tls_anchor *a, const struct otter_tls_anchor *b)
{
    MUST(a->dn_len == b->dn_len && memcmp(a->dn, b->dn, a->dn_len) == 0);
    MUST(b->ta.pkey.key_type == BR_KEYTYPE_EC && b->ta.pkey.key.ec.curve == BR_EC_secp256r1);
    MUST(b->ta.pkey.key.ec.qlen == OTTER_POINT_LEN && memcmp(a->key, b->key, OTTER_POINT_LEN) == 0);
}

static bool is_no_ca(const uint8_t *data, size_t size)
{
    br_x509_decoder_context decoder;

    br_x509_decoder_init(&decoder, NULL, NULL);
    br_x509_decoder_push(&decoder, data, size);
    return br_x509_decoder_get_pkey(&decoder) != NULL && !br_x509_decoder_isCA(&decoder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct otter_tls_anchor ours, theirs, cut;

    if (!small_anchor_load(&ours, data, size))
        return 0;
    has_one_name(&ours);
    is_on_p256(&ours);
    if (otter_tls_anchor_load(&theirs, data, size))
        are_alike(&ours, &theirs);
    MUST(!is_no_ca(data, size));
    MUST(!small_anchor_load(&cut, data, size - 1));
    return 0;
}
