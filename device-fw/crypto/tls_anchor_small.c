/*
 * A CA on P-256, read from its DER: the profile that trusts no other has no use for BearSSL's decoder, which
 * is four times as large.
 *
 *   Certificate  SEQUENCE { tbsCertificate, signatureAlgorithm SEQUENCE, signature BIT STRING }
 *   tbsCertificate  SEQUENCE { [0] version?, serial, signature, issuer, validity, subject,
 *                   subjectPublicKeyInfo, [3] { SEQUENCE OF Extension } }
 *   Extension    SEQUENCE { OID, BOOLEAN critical?, OCTET STRING }
 *
 * The unique identifiers between key and extensions are in no CA's certificate (RFC 5280, 4.1.2.8): with them
 * it is refused.
 */
#include "core/crypto.h"
#include "crypto/tls_chain.h"

#include <string.h>

enum tag {
    BOOLEAN = 0x01,
    INTEGER = 0x02,
    BIT_STRING = 0x03,
    OCTET_STRING = 0x04,
    OID = 0x06,
    SEQUENCE = 0x30,
    VERSION = 0xa0,
    EXTENSIONS = 0xa3
};

/* What is still to be read; `at` is not read where `left` is 0. */
struct der {
    const uint8_t *at;
    size_t left;
};

/* The length at the front, of at most 65,535 and in its shortest form. */
static bool take_length(struct der *d, size_t *ret)
{
    size_t bytes;

    if (d->left == 0)
        return false;
    *ret = *d->at++;
    d->left--;
    if (*ret < 0x80)
        return true;
    bytes = *ret - 0x80;
    if (bytes == 0 || bytes > 2 || bytes > d->left || *d->at == 0)
        return false;
    for (*ret = 0; bytes-- > 0; d->left--)
        *ret = *ret << 8 | *d->at++;
    return *ret >= 0x80;
}

/* The next element is one of this tag: its value. Else nothing is taken; an element cut short fails, too. */
static bool take(struct der *d, enum tag tag, struct der *ret)
{
    struct der rest = *d;
    size_t len;

    if (rest.left == 0 || *rest.at != tag)
        return false;
    rest.at++;
    rest.left--;
    if (!take_length(&rest, &len) || len > rest.left)
        return false;
    *ret = (struct der){rest.at, len};
    *d = (struct der){rest.at + len, rest.left - len};
    return true;
}

static bool is(const struct der *d, const uint8_t *bytes, size_t len)
{
    return d->left == len && memcmp(d->at, bytes, len) == 0;
}

/* basicConstraints with cA TRUE. An extension of another kind says nothing; false is also what is malformed.
 */
static bool says_ca(struct der extension)
{
    static const uint8_t basic_constraints[] = {0x55, 0x1d, 0x13}, yes[] = {0xff};
    struct der oid, skipped, value, constraints, ca;

    if (!take(&extension, OID, &oid))
        return false;
    (void)take(&extension, BOOLEAN, &skipped);
    return take(&extension, OCTET_STRING, &value) && extension.left == 0 &&
           is(&oid, basic_constraints, sizeof(basic_constraints)) && take(&value, SEQUENCE, &constraints) &&
           value.left == 0 && take(&constraints, BOOLEAN, &ca) && is(&ca, yes, sizeof(yes));
}

/* The rest of tbsCertificate, behind the key. */
static bool is_ca(struct der *tbs)
{
    struct der extensions, list, extension;
    bool ca = false;

    if (!take(tbs, EXTENSIONS, &extensions) || tbs->left != 0 || !take(&extensions, SEQUENCE, &list) ||
        extensions.left != 0)
        return false;
    while (take(&list, SEQUENCE, &extension))
        ca = says_ca(extension) || ca;
    return ca && list.left == 0;
}

/* The certificate's body; what follows it, the signature, is there. */
static bool open_certificate(const uint8_t *der, size_t len, struct der *ret_tbs)
{
    struct der whole = {der, len}, certificate, skipped;

    return take(&whole, SEQUENCE, &certificate) && whole.left == 0 && take(&certificate, SEQUENCE, ret_tbs) &&
           take(&certificate, SEQUENCE, &skipped) && take(&certificate, BIT_STRING, &skipped) &&
           certificate.left == 0;
}

/* Up to the subject. */
static bool skip_to_subject(struct der *tbs)
{
    static const uint8_t before[] = {INTEGER, SEQUENCE, SEQUENCE, SEQUENCE};
    struct der skipped;

    (void)take(tbs, VERSION, &skipped);
    for (unsigned i = 0; i < sizeof(before); i++)
        if (!take(tbs, before[i], &skipped))
            return false;
    return true;
}

bool otter_tls_anchor_load(struct otter_tls_anchor *a, const uint8_t *der, size_t len)
{
    struct der tbs, subject, key;
    const uint8_t *dn, *spki, *point;

    memset(a, 0, sizeof(*a));
    if (!open_certificate(der, len, &tbs) || !skip_to_subject(&tbs))
        return false;
    dn = tbs.at; /* with tag and length, as BearSSL hashes it */
    if (!take(&tbs, SEQUENCE, &subject))
        return false;
    spki = tbs.at;
    if (!take(&tbs, SEQUENCE, &key))
        return false;
    point = otter_spki_point(spki, (size_t)(tbs.at - spki));
    if (point == NULL || (size_t)(spki - dn) >= sizeof(a->dn) || !is_ca(&tbs))
        return false;
    a->dn_len = (uint32_t)(spki - dn);
    memcpy(a->dn, dn, a->dn_len);
    memcpy(a->key, point, OTTER_POINT_LEN);
    a->ta.dn.data = a->dn;
    a->ta.dn.len = a->dn_len;
    a->ta.flags = BR_X509_TA_CA;
    a->ta.pkey.key_type = BR_KEYTYPE_EC;
    a->ta.pkey.key.ec = (br_ec_public_key){BR_EC_secp256r1, a->key, OTTER_POINT_LEN};
    return true;
}
