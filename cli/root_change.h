/*
 * From one root to its successor: what may be changed, and what a change makes of it. Pure, and in no order:
 * changes are taken one by one, and only what they come to together is judged.
 */
#ifndef OTTER_CLI_ROOT_CHANGE_H
#define OTTER_CLI_ROOT_CHANGE_H

#include "core/documents.h"

enum cli_root_kind {
    CLI_ROOT_ADD,          /* `come` into a role */
    CLI_ROOT_REMOVE,       /* `gone` out of a role */
    CLI_ROOT_REPLACE,      /* `gone` by `come` in a role */
    CLI_ROOT_THRESHOLD,    /* of a role */
    CLI_ROOT_REVOKE,       /* `gone` out of each role; out of the release role, the epoch rises */
    CLI_ROOT_REVOKE_IMAGE, /* `gone` is an image key */
};

struct cli_root_change {
    enum cli_root_kind kind;
    enum otter_role role;
    struct otter_digest gone;
    struct otter_root_key come;
    uint64_t number; /* a threshold */
};

/* X(name, meaning) */
#define CLI_ROOT_VERDICTS(X)                                                                                 \
    X(OK, "nothing is wrong")                                                                                \
    X(NOT_IN_ROLE, "the key is not in this role of the old root: otter root show says which are")            \
    X(NOT_IN_ROOT, "the key is in no role of the old root: otter root show says which are")                  \
    X(IN_ROLE, "the key is in this role already")                                                            \
    X(BELOW_THRESHOLD, "fewer keys would be left than the threshold asks for: add another, or lower it")     \
    X(BAD_THRESHOLD, "a threshold is 1 or more")                                                             \
    X(OFFER_THRESHOLD, "the offer role's threshold is 1: one otterd signs")                                  \
    X(OFFER_SHARED, "an offer key, which is on the server, can hold no other role")                          \
    X(TOO_MANY, "a root holds at most 7 keys, and 9 places in roles")                                        \
    X(REVOKED_ALREADY, "the image key is revoked already")                                                   \
    X(TOO_MANY_REVOKED, "a root revokes at most 3 image keys")

enum cli_root_verdict {
#define X(name, meaning) CLI_ROOT_##name,
    CLI_ROOT_VERDICTS(X)
#undef X
};

/* What it means and what to do; static. */
const char *cli_root_meaning(enum cli_root_verdict verdict);

/* A root in the making: each role with keys of its own. */
struct cli_root_place {
    uint64_t threshold;
    unsigned count;
    struct otter_root_key key[OTTER_ROOT_KEYIDS + 1];
};
struct cli_root_draft {
    struct otter_root root; /* all but keys and roles */
    struct cli_root_place role[OTTER_ROLE_COUNT];
};

/* The successor with nothing changed: the next version, from now on for so many seconds. */
void cli_root_begin(const struct otter_root *old, uint64_t now, uint64_t seconds, struct cli_root_draft *ret);

/* Takes a change in; what it refuses changes nothing. */
enum cli_root_verdict cli_root_change(struct cli_root_draft *draft, const struct cli_root_change *change);

/* The root, where all changes together make one; else *ret_role is the role that is wrong. Keys that are left
 * without a role are not in it. */
enum cli_root_verdict cli_root_end(const struct cli_root_draft *draft, struct otter_root *ret,
                                   enum otter_role *ret_role);

/* Root keys of the old root that are in the new one, too: whose signatures are asked of nobody who goes. */
unsigned cli_root_stay(const struct otter_root *old, const struct otter_root *new);

#endif
