#include "root_change.h"

#include <string.h>

const char *cli_root_meaning(enum cli_root_verdict verdict)
{
    static const char *const meanings[] = {
#define X(name, meaning) [CLI_ROOT_##name] = meaning,
        CLI_ROOT_VERDICTS(X)
#undef X
    };

    return meanings[verdict];
}

static bool same(const struct otter_digest *a, const struct otter_digest *b)
{
    return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

/* count: it is not there */
static unsigned find(const struct cli_root_place *place, const struct otter_digest *kid)
{
    unsigned i = 0;

    while (i < place->count && !same(&place->key[i].kid, kid))
        i++;
    return i;
}

static bool has(const struct cli_root_place *place, const struct otter_digest *kid)
{
    return find(place, kid) < place->count;
}

void cli_root_begin(const struct otter_root *old, uint64_t now, uint64_t seconds, struct cli_root_draft *ret)
{
    *ret = (struct cli_root_draft){.root = *old};
    ret->root.version = old->version + 1;
    ret->root.created = now;
    ret->root.expires = now + seconds;
    for (unsigned r = 0; r < OTTER_ROLE_COUNT; r++) {
        ret->role[r].threshold = old->role[r].threshold;
        ret->role[r].count = old->role[r].count;
        for (unsigned i = 0; i < old->role[r].count; i++)
            ret->role[r].key[i] = old->key[old->role[r].key[i]];
    }
}

static enum cli_root_verdict add(struct cli_root_place *place, const struct otter_root_key *key)
{
    if (has(place, &key->kid))
        return CLI_ROOT_IN_ROLE;
    if (place->count == OTTER_ROOT_KEYIDS + 1)
        return CLI_ROOT_TOO_MANY;
    place->key[place->count++] = *key;
    return CLI_ROOT_OK;
}

/* The others keep their order. */
static bool take_out(struct cli_root_place *place, const struct otter_digest *kid)
{
    unsigned at = find(place, kid);

    if (at == place->count)
        return false;
    place->count--;
    memmove(&place->key[at], &place->key[at + 1], (place->count - at) * sizeof(place->key[0]));
    return true;
}

static enum cli_root_verdict replace(struct cli_root_place *place, const struct cli_root_change *change)
{
    unsigned at = find(place, &change->gone);

    if (at == place->count)
        return CLI_ROOT_NOT_IN_ROLE;
    if (has(place, &change->come.kid))
        return CLI_ROOT_IN_ROLE;
    place->key[at] = change->come;
    return CLI_ROOT_OK;
}

static enum cli_root_verdict revoke(struct cli_root_draft *draft, const struct otter_digest *kid)
{
    bool out[OTTER_ROLE_COUNT];

    for (unsigned r = 0; r < OTTER_ROLE_COUNT; r++)
        out[r] = take_out(&draft->role[r], kid);
    /* Numbers that it spent are void, and what it signed is of another epoch. */
    draft->root.sequence_epoch += out[OTTER_ROLE_RELEASE] ? 1 : 0;
    return out[OTTER_ROLE_ROOT] || out[OTTER_ROLE_RELEASE] || out[OTTER_ROLE_OFFER] ? CLI_ROOT_OK
                                                                                    : CLI_ROOT_NOT_IN_ROOT;
}

static enum cli_root_verdict revoke_image(struct otter_root *root, const struct otter_digest *kid)
{
    for (unsigned i = 0; i < root->revoked_count; i++)
        if (same(&root->revoked[i], kid))
            return CLI_ROOT_REVOKED_ALREADY;
    if (root->revoked_count == OTTER_ROOT_REVOKED)
        return CLI_ROOT_TOO_MANY_REVOKED;
    root->revoked[root->revoked_count++] = *kid;
    return CLI_ROOT_OK;
}

enum cli_root_verdict cli_root_change(struct cli_root_draft *draft, const struct cli_root_change *change)
{
    struct cli_root_place *place = &draft->role[change->role];

    switch (change->kind) {
    case CLI_ROOT_ADD:
        return add(place, &change->come);
    case CLI_ROOT_REMOVE:
        return take_out(place, &change->gone) ? CLI_ROOT_OK : CLI_ROOT_NOT_IN_ROLE;
    case CLI_ROOT_REPLACE:
        return replace(place, change);
    case CLI_ROOT_THRESHOLD:
        if (change->number == 0)
            return CLI_ROOT_BAD_THRESHOLD;
        place->threshold = change->number;
        return CLI_ROOT_OK;
    case CLI_ROOT_REVOKE:
        return revoke(draft, &change->gone);
    case CLI_ROOT_REVOKE_IMAGE:
    default:
        return revoke_image(&draft->root, &change->gone);
    }
}

static enum cli_root_verdict judge(const struct cli_root_draft *draft, enum otter_role role)
{
    const struct cli_root_place *place = &draft->role[role], *offer = &draft->role[OTTER_ROLE_OFFER];

    if (place->count < place->threshold)
        return CLI_ROOT_BELOW_THRESHOLD;
    if (role == OTTER_ROLE_OFFER)
        return place->threshold == 1 ? CLI_ROOT_OK : CLI_ROOT_OFFER_THRESHOLD;
    for (unsigned i = 0; i < place->count; i++)
        if (has(offer, &place->key[i].kid))
            return CLI_ROOT_OFFER_SHARED;
    return CLI_ROOT_OK;
}

/* The key's index in the root, where it is put if it is new; KEYS_MAX: there is no room. */
static unsigned put(struct otter_root *root, const struct otter_root_key *key)
{
    unsigned i = 0;

    while (i < root->key_count && !same(&root->key[i].kid, &key->kid))
        i++;
    if (i == root->key_count && i < OTTER_ROOT_KEYS_MAX)
        root->key[root->key_count++] = *key;
    return i;
}

static bool put_role(struct otter_root *root, enum otter_role role, const struct cli_root_place *place)
{
    struct otter_root_role *to = &root->role[role];

    *to = (struct otter_root_role){.threshold = (uint8_t)place->threshold};
    for (unsigned i = 0; i < place->count; i++) {
        unsigned at = put(root, &place->key[i]);

        if (at == OTTER_ROOT_KEYS_MAX)
            return false;
        to->key[to->count++] = (uint8_t)at; /* no more than there are keys */
    }
    return true;
}

enum cli_root_verdict cli_root_end(const struct cli_root_draft *draft, struct otter_root *ret,
                                   enum otter_role *ret_role)
{
    struct otter_root root = draft->root;
    unsigned places = 0;

    root.key_count = 0;
    for (unsigned r = 0; r < OTTER_ROLE_COUNT; r++) {
        enum cli_root_verdict verdict = judge(draft, (enum otter_role)r);

        *ret_role = (enum otter_role)r;
        places += draft->role[r].count;
        if (verdict != CLI_ROOT_OK)
            return verdict;
        if (places > OTTER_ROOT_KEYIDS || !put_role(&root, (enum otter_role)r, &draft->role[r]))
            return CLI_ROOT_TOO_MANY;
    }
    *ret = root;
    return CLI_ROOT_OK;
}

unsigned cli_root_stay(const struct otter_root *old, const struct otter_root *new)
{
    const struct otter_root_role *a = &old->role[OTTER_ROLE_ROOT], *b = &new->role[OTTER_ROLE_ROOT];
    unsigned n = 0;

    for (unsigned i = 0; i < a->count; i++)
        for (unsigned k = 0; k < b->count; k++)
            n += same(&old->key[a->key[i]].kid, &new->key[b->key[k]].kid) ? 1 : 0;
    return n;
}
