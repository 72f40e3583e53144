#include "core/bytes.h"
#include "core/document.h"
#include "core/documents.h"

#include <string.h>

static const char *const role_names[OTTER_ROLE_COUNT] = {"root", "release", "offer"};

const char *otter_role_name(enum otter_role role)
{
    return (unsigned)role < OTTER_ROLE_COUNT ? role_names[role] : "?";
}

/* Index of a key by its id, or -1. */
static int find_key(const struct otter_root *root, const struct otter_digest *kid)
{
    for (unsigned i = 0; i < root->key_count; i++)
        if (memcmp(root->key[i].kid.b, kid->b, sizeof(kid->b)) == 0)
            return (int)i;
    return -1;
}

/* One member of `keys`, at its name's token: the id must be the digest of the very key. */
static enum otter_status decode_key(const struct otter_crypto *crypto, const struct otter_json *json,
                                    unsigned token, struct otter_root *root)
{
    struct otter_root_key *key = &root->key[root->key_count];
    uint8_t spki[OTTER_SPKI_LEN];
    struct otter_digest computed;
    const uint8_t *point;

    if (!otter_json_b64(json, token, key->kid.b, sizeof(key->kid.b)) ||
        !otter_json_b64(json, token + 1, spki, sizeof(spki)))
        return OTTER_ROOT_KEYS;
    point = otter_spki_point(spki, sizeof(spki));
    if (point == NULL)
        return OTTER_ROOT_KEYS;
    otter_key_id(crypto, point, &computed);
    if (memcmp(computed.b, key->kid.b, sizeof(computed.b)) != 0)
        return OTTER_ROOT_KEYS;
    if (find_key(root, &key->kid) >= 0)
        return OTTER_DUPLICATE_MEMBER;
    memcpy(key->point, point, OTTER_POINT_LEN);
    root->key_count++;
    return OTTER_OK;
}

static enum otter_status decode_keys(const struct otter_crypto *crypto, const struct otter_json *json,
                                     unsigned object, struct otter_root *root)
{
    const struct otter_json_token *o = &json->token[object];

    if (o->size < 1 || o->size > OTTER_ROOT_KEYS_MAX)
        return OTTER_BAD_VALUE;
    for (unsigned token = object + 1; token < o->next; token = json->token[token + 1].next) {
        enum otter_status status = decode_key(crypto, json, token, root);

        if (status != OTTER_OK)
            return status;
    }
    return OTTER_OK;
}

static bool role_has(const struct otter_root_role *role, unsigned key)
{
    for (unsigned i = 0; i < role->count; i++)
        if (role->key[i] == key)
            return true;
    return false;
}

static enum otter_status decode_keyids(const struct otter_json *json, unsigned array,
                                       const struct otter_root *root, struct otter_root_role *role)
{
    const struct otter_json_token *a = &json->token[array];

    for (unsigned token = array + 1; token < a->next; token = json->token[token].next) {
        struct otter_digest kid;
        int key;

        if (!otter_json_b64(json, token, kid.b, sizeof(kid.b)))
            return OTTER_ROOT_ROLES;
        key = find_key(root, &kid);
        if (key < 0 || role_has(role, (unsigned)key))
            return OTTER_ROOT_ROLES;
        /* Each of at most 7 keys once: count cannot pass the array's end. */
        role->key[role->count++] = (uint8_t)key;
    }
    return OTTER_OK;
}

static enum otter_status decode_role(struct otter_json *json, unsigned object, const struct otter_root *root,
                                     struct otter_root_role *role)
{
    struct otter_json_field f[] = {{"keyids", OTTER_JSON_ARRAY, false, 0},
                                   {"threshold", OTTER_JSON_NUMBER, false, 0}};
    enum otter_status status = otter_json_fields(json, object, f, OTTER_ARRAY_LEN(f), false);
    uint64_t threshold;

    if (status != OTTER_OK)
        return status;
    status = decode_keyids(json, f[0].index, root, role);
    if (status != OTTER_OK)
        return status;
    if (!otter_document_int(json, f[1].index, 0, &threshold))
        return OTTER_BAD_VALUE;
    if (threshold < 1 || threshold > role->count)
        return OTTER_ROOT_ROLES;
    role->threshold = (uint8_t)threshold;
    return OTTER_OK;
}

/* The rules between roles: the server's online key must not be able to sign releases or roots. */
static bool roles_agree(const struct otter_root *root)
{
    const struct otter_root_role *offer = &root->role[OTTER_ROLE_OFFER];
    unsigned keyids = 0;

    for (unsigned r = 0; r < OTTER_ROLE_COUNT; r++)
        keyids += root->role[r].count;
    if (keyids > OTTER_ROOT_KEYIDS || offer->threshold != 1)
        return false;
    for (unsigned i = 0; i < offer->count; i++)
        if (role_has(&root->role[OTTER_ROLE_ROOT], offer->key[i]) ||
            role_has(&root->role[OTTER_ROLE_RELEASE], offer->key[i]))
            return false;
    return true;
}

static enum otter_status decode_roles(struct otter_json *json, unsigned object, struct otter_root *root)
{
    struct otter_json_field f[] = {[OTTER_ROLE_ROOT] = {"root", OTTER_JSON_OBJECT, false, 0},
                                   [OTTER_ROLE_RELEASE] = {"release", OTTER_JSON_OBJECT, false, 0},
                                   [OTTER_ROLE_OFFER] = {"offer", OTTER_JSON_OBJECT, false, 0}};
    enum otter_status status = otter_json_fields(json, object, f, OTTER_ARRAY_LEN(f), false);

    for (unsigned r = 0; status == OTTER_OK && r < OTTER_ROLE_COUNT; r++)
        status = decode_role(json, f[r].index, root, &root->role[r]);
    if (status == OTTER_OK && !roles_agree(root))
        status = OTTER_ROOT_ROLES;
    return status;
}

static enum otter_status decode_revoked(const struct otter_json *json, unsigned array,
                                        struct otter_root *root)
{
    const struct otter_json_token *a = &json->token[array];

    if (a->size > OTTER_ROOT_REVOKED)
        return OTTER_BAD_VALUE;
    for (unsigned token = array + 1; token < a->next; token = json->token[token].next) {
        if (!otter_json_b64(json, token, root->revoked[root->revoked_count].b, OTTER_DIGEST_LEN))
            return OTTER_BAD_VALUE;
        root->revoked_count++;
    }
    return OTTER_OK;
}

enum { TYPE, VERSION, CREATED, EXPIRES, SEQUENCE_EPOCH, KEYS, ROLES, REVOKED, MEMBERS };

static const struct otter_json_field members[MEMBERS] = {
    [TYPE] = {"type", OTTER_JSON_STRING, false, 0},
    [VERSION] = {"version", OTTER_JSON_NUMBER, false, 0},
    [CREATED] = {"created", OTTER_JSON_NUMBER, false, 0},
    [EXPIRES] = {"expires", OTTER_JSON_NUMBER, false, 0},
    [SEQUENCE_EPOCH] = {"sequence_epoch", OTTER_JSON_NUMBER, false, 0},
    [KEYS] = {"keys", OTTER_JSON_OBJECT, false, 0},
    [ROLES] = {"roles", OTTER_JSON_OBJECT, false, 0},
    [REVOKED] = {"revoked_images", OTTER_JSON_ARRAY, false, 0},
};

enum otter_status otter_root_decode(const struct otter_crypto *crypto, const char *payload, size_t len,
                                    struct otter_root *ret)
{
    struct otter_json_field f[MEMBERS];
    struct otter_json json;
    struct otter_root root = {0};
    enum otter_status status = otter_document_open(&json, payload, len, "otter-root", members, f, MEMBERS);

    if (status != OTTER_OK)
        return status;
    if (!otter_document_int(&json, f[VERSION].index, 1, &root.version) ||
        !otter_document_int(&json, f[CREATED].index, 0, &root.created) ||
        !otter_document_int(&json, f[EXPIRES].index, 0, &root.expires) ||
        !otter_document_int(&json, f[SEQUENCE_EPOCH].index, 0, &root.sequence_epoch))
        return OTTER_BAD_VALUE;
    status = decode_keys(crypto, &json, f[KEYS].index, &root);
    if (status == OTTER_OK)
        status = decode_roles(&json, f[ROLES].index, &root);
    if (status == OTTER_OK)
        status = decode_revoked(&json, f[REVOKED].index, &root);
    if (status == OTTER_OK)
        *ret = root;
    return status;
}
