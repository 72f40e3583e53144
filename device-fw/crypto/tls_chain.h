/*
 * Who may speak as the server: the CA of the factory data, and the judgement of the chain that the server
 * shows (BearSSL's minimal engine, whose time is ours). Certificates are judged as they pass, none is kept.
 *
 * A device has no clock that it could trust, but for the time floor: what has been signed since it was made,
 * and what it accepted. So all certificates that the judgement needs must be valid at one time that is not
 * before the floor:
 *
 *   max(time floor, latest notBefore of them) <= earliest notAfter of them
 *
 * With a clock (port/system.h, otter_wall_clock) that time is max(time floor, clock).
 */
#ifndef OTTER_CRYPTO_TLS_CHAIN_H
#define OTTER_CRYPTO_TLS_CHAIN_H

#include "core/factory.h"
#include "crypto/x509_dates.h"

#include <bearssl.h>

/* The CA as BearSSL wants it. */
struct otter_tls_anchor {
    br_x509_trust_anchor ta;
    uint32_t dn_len;
    uint8_t dn[OTTER_CA_NAME_MAX];
    uint8_t key[BR_X509_BUFSIZE_KEY];
};

/*
 * From DER. False unless it is one certificate of a CA (basicConstraints) with an RSA key of 2,048 to 4,096
 * bits or an EC key on P-256, P-384 or P-521. A server's own certificate is refused as an anchor: BearSSL
 * would take its key without looking at the name. The certificate's own dates and signature are not looked
 * at: the factory vouches for it. Linking chooses the file, as the profile (tls_profile.h):
 * tls_anchor_full.c, or tls_anchor_small.c, which takes EC on P-256 alone.
 */
bool otter_tls_anchor_load(struct otter_tls_anchor *a, const uint8_t *der, size_t len);

struct otter_tls_chain {
    const br_x509_class *vtable; /* first: BearSSL is given &vtable and gives it back */
    br_x509_minimal_context minimal;
    struct otter_x509_dates dates; /* of the certificate that passes */
    bool counts;                   /* it is needed: trust has not been reached before it */
    bool has_clock;
    uint64_t time;                          /* floor, or clock, on x509_dates.h's scale */
    uint64_t latest_before, earliest_after; /* of those that count */
};

/* now: Unix seconds of a clock, 0 = none. The anchor stays the caller's, and in place. */
void otter_tls_chain_init(struct otter_tls_chain *c, const struct otter_tls_anchor *anchor,
                          uint64_t time_floor, uint64_t now);

#endif
