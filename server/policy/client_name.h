/*
 * Client certificates: which device one is of, and whether it counts. Pure: who reads certificates and lists
 * of revoked ones tells what it found.
 */
#ifndef OTTER_POLICY_CLIENT_NAME_H
#define OTTER_POLICY_CLIENT_NAME_H

#include "core/names.h"

#include <stdbool.h>
#include <stddef.h>

/* What may be wrong, in the order in which it is told: the first that holds is the verdict. */
enum policy_client {
    POLICY_CLIENT_UNTRUSTED, /* leads to no CA of device_ca: of what it says nothing is believed */
    POLICY_CLIENT_WEAK,
    POLICY_CLIENT_REVOKED,
    POLICY_CLIENT_EARLY,
    POLICY_CLIENT_ENDED,
    POLICY_CLIENT_USE,    /* not for clients */
    POLICY_CLIENT_NO_CRL, /* its CA has none in device_crl */
    POLICY_CLIENT_OLD_CRL,
    POLICY_CLIENT_NO_NAME,   /* none that device_name describes */
    POLICY_CLIENT_TWO_NAMES, /* more than one: which device it is of nobody can say */
    POLICY_CLIENT_BAD_NAME,  /* no device's id stands there, or a NUL */
    POLICY_CLIENT_GOOD
};

/* The verdict, of what was found: a bit each, 1 << enum policy_client. */
enum policy_client policy_client_verdict(unsigned found);

/* Words for people. */
const char *policy_client_text(enum policy_client verdict);

/* Which names of a certificate are looked at: common names, or alternative names of a kind. */
enum policy_client_kind { POLICY_CLIENT_CN, POLICY_CLIENT_DNS, POLICY_CLIENT_URI, POLICY_CLIENT_KINDS };

/* Where the id stands: between two texts, which are parts of the pattern's. */
struct policy_client_pattern {
    enum policy_client_kind kind;
    const char *before, *behind;
    size_t before_len, behind_len;
};

/*
 * "cn:*", "cn:device-*", "dns:*.devices.example.com", "uri:urn:otter:*": one star, for the id. text must
 * outlive *ret. False with *ret_why.
 */
bool policy_client_pattern(const char *text, struct policy_client_pattern *ret, const char **ret_why);

/* A name as it stands in a certificate: bytes of whatever value. */
struct policy_client_name {
    const char *text;
    size_t len;
};

/*
 * The device that the names of a certificate, all of the pattern's kind, make it one of: GOOD with the id, or
 * what is wrong with them. Two common names are never good; of alternative names one must fit the pattern,
 * the others may be there for other purposes. DNS names know no case and the star is one label, as that of a
 * wildcard: an id with a dot or a capital letter has none.
 */
enum policy_client policy_client_device(const struct policy_client_pattern *pattern,
                                        const struct policy_client_name *names, size_t count,
                                        char ret[OTTER_NAME_BUF]);

#endif
