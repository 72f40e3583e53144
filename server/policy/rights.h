/*
 * Who may do what: roles, the rights that each of them brings, and an operator's grants of roles, for one
 * product or for all. Pure. What an operation needs is in service/rights.c.
 */
#ifndef OTTER_POLICY_RIGHTS_H
#define OTTER_POLICY_RIGHTS_H

#include "core/documents.h"

#include <stdbool.h>
#include <stddef.h>

enum policy_role {
    POLICY_VIEWER,
    POLICY_OPERATOR,
    POLICY_PUBLISHER,
    POLICY_APPROVER,
    POLICY_ADMIN,
    POLICY_ROLE_COUNT
};

/* A bit each. */
enum policy_right {
    POLICY_SEE = 1,
    POLICY_OPERATE = 2,    /* devices, rollouts, groups, the freeze, backups, gc */
    POLICY_PUBLISH = 4,    /* uploads, releases, image keys, roots */
    POLICY_APPROVE = 8,    /* another one's rollout */
    POLICY_ADMINISTER = 16 /* operators and their tokens */
};
#define POLICY_ALL_RIGHTS 31u

#define POLICY_GRANTS_MAX 32u
/* The product of a grant that is for all of them, those to come included, and for the server itself. */
#define POLICY_EVERYWHERE "*"

struct policy_grant {
    enum policy_role role;
    char product[OTTER_NAME_BUF]; /* or POLICY_EVERYWHERE */
};

/* What grants come to. All zero: nothing at all. */
struct policy_rights {
    unsigned everywhere; /* for each product, and for the server; bits of enum policy_right */
    unsigned anywhere;   /* for one product at least */
    unsigned count;
    struct {
        char product[OTTER_NAME_BUF];
        unsigned rights;
    } on[POLICY_GRANTS_MAX];
};

/* "viewer", "operator", ...; find: false if there is no such role. */
const char *policy_role_name(enum policy_role role);
bool policy_role_find(const char *name, enum policy_role *ret);
/* Bits of enum policy_right. */
unsigned policy_role_rights(enum policy_role role);
/* "see", "operate", ...: of one bit. */
const char *policy_right_name(enum policy_right right);

/* POLICY_EVERYWHERE, or the name of a product. */
bool policy_grant_product_valid(const char *product);

/* False: there are POLICY_GRANTS_MAX products already, and nothing was added. */
bool policy_rights_add(struct policy_rights *rights, const struct policy_grant *grant);

/* Of one operator, whose grants come in one order. */
bool policy_rights_same(const struct policy_rights *a, const struct policy_rights *b);

/* rights NULL: none. product NULL: the server itself, for which only rights everywhere count. */
bool policy_may(const struct policy_rights *rights, enum policy_right right, const char *product);
/* For one product at least, whichever it is. */
bool policy_may_anywhere(const struct policy_rights *rights, enum policy_right right);

#endif
