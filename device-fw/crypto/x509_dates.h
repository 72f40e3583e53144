/*
 * The dates of an X.509 certificate, found while its DER goes by: bytes in, one at a time, no copy kept of
 * anything but the validity itself. It judges nothing else: BearSSL's engine reads the same bytes behind it.
 *
 *   Certificate  SEQUENCE { tbsCertificate SEQUENCE { [0] version?, serial, signature, issuer,
 *                           validity SEQUENCE { notBefore, notAfter }, subject ... } ... }
 */
#ifndef OTTER_CRYPTO_X509_DATES_H
#define OTTER_CRYPTO_X509_DATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Dates are seconds since 0000-01-01, as far back as a certificate can say. */
#define OTTER_X509_UNIX_DAYS  719528u /* days from there to 1970-01-01 */
#define OTTER_X509_UNIX_EPOCH ((uint64_t)OTTER_X509_UNIX_DAYS * 86400u)

#define OTTER_X509_VALIDITY_MAX 34u /* two GeneralizedTime "YYYYMMDDHHMMSSZ" with tag and length */

enum otter_x509_dates_state {
    OTTER_X509_BEFORE, /* the validity is still to come: pass the byte on */
    OTTER_X509_INSIDE, /* the byte is part of the validity's value, and is held */
    OTTER_X509_DONE,   /* it was the last one of it: not_before and not_after are set */
    OTTER_X509_BAD     /* no certificate, or dates that RFC 5280 does not allow */
};

struct otter_x509_dates {
    uint64_t not_before, not_after;
    uint8_t held[OTTER_X509_VALIDITY_MAX]; /* the validity's value so far */
    uint8_t held_len;
    /* Private to x509_dates.c. */
    enum otter_x509_dates_state state;
    uint8_t element;     /* which one is expected */
    uint8_t length_left; /* bytes of a long length */
    bool in_length;
    uint32_t left; /* bytes of a value to pass over */
};

void otter_x509_dates_init(struct otter_x509_dates *d);

/* Takes the next byte. After DONE or BAD nothing changes any more. */
enum otter_x509_dates_state otter_x509_dates_feed(struct otter_x509_dates *d, uint8_t byte);

#endif
