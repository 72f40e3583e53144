#include "policy/rights.h"

#include "core/bytes.h"

#include <string.h>

static const struct {
    const char *name;
    unsigned rights;
} roles[POLICY_ROLE_COUNT] = {
    [POLICY_VIEWER] = {"viewer", POLICY_SEE},
    [POLICY_OPERATOR] = {"operator", POLICY_SEE | POLICY_OPERATE},
    [POLICY_PUBLISHER] = {"publisher", POLICY_SEE | POLICY_PUBLISH},
    [POLICY_APPROVER] = {"approver", POLICY_SEE | POLICY_APPROVE},
    [POLICY_ADMIN] = {"admin", POLICY_ALL_RIGHTS},
};

static const struct {
    enum policy_right right;
    const char *name;
} right_names[] = {{POLICY_SEE, "see"},
                   {POLICY_OPERATE, "operate"},
                   {POLICY_PUBLISH, "publish"},
                   {POLICY_APPROVE, "approve"},
                   {POLICY_ADMINISTER, "administer"}};

const char *policy_role_name(enum policy_role role)
{
    return (unsigned)role < POLICY_ROLE_COUNT ? roles[role].name : "?";
}

bool policy_role_find(const char *name, enum policy_role *ret)
{
    for (unsigned i = 0; i < POLICY_ROLE_COUNT; i++) {
        if (strcmp(name, roles[i].name) != 0)
            continue;
        *ret = (enum policy_role)i;
        return true;
    }
    return false;
}

unsigned policy_role_rights(enum policy_role role)
{
    return (unsigned)role < POLICY_ROLE_COUNT ? roles[role].rights : 0;
}

const char *policy_right_name(enum policy_right right)
{
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(right_names); i++)
        if (right_names[i].right == right)
            return right_names[i].name;
    return "?";
}

bool policy_grant_product_valid(const char *product)
{
    return strcmp(product, POLICY_EVERYWHERE) == 0 || otter_name_valid(product, strlen(product));
}

/* Of a product; count of them: none. */
static unsigned place_of(const struct policy_rights *rights, const char *product)
{
    unsigned i = 0;

    while (i < rights->count && strcmp(rights->on[i].product, product) != 0)
        i++;
    return i;
}

bool policy_rights_add(struct policy_rights *rights, const struct policy_grant *grant)
{
    unsigned brings = policy_role_rights(grant->role), i;

    if (strcmp(grant->product, POLICY_EVERYWHERE) == 0) {
        rights->everywhere |= brings;
        rights->anywhere |= brings;
        return true;
    }
    i = place_of(rights, grant->product);
    if (i == POLICY_GRANTS_MAX)
        return false;
    if (i == rights->count) {
        memcpy(rights->on[i].product, grant->product, sizeof(rights->on[i].product));
        rights->on[i].rights = 0;
        rights->count++;
    }
    rights->on[i].rights |= brings;
    rights->anywhere |= brings;
    return true;
}

bool policy_rights_same(const struct policy_rights *a, const struct policy_rights *b)
{
    bool same = a->everywhere == b->everywhere && a->count == b->count;

    for (unsigned i = 0; same && i < a->count; i++)
        same = a->on[i].rights == b->on[i].rights && strcmp(a->on[i].product, b->on[i].product) == 0;
    return same;
}

bool policy_may(const struct policy_rights *rights, enum policy_right right, const char *product)
{
    unsigned i;

    if (!rights)
        return false;
    if ((rights->everywhere & (unsigned)right) != 0)
        return true;
    if (!product)
        return false;
    i = place_of(rights, product);
    return i < rights->count && (rights->on[i].rights & (unsigned)right) != 0;
}

bool policy_may_anywhere(const struct policy_rights *rights, enum policy_right right)
{
    return rights && (rights->anywhere & (unsigned)right) != 0;
}
