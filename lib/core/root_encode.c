#include "core/bytes.h"
#include "core/documents.h"
#include "core/json.h"

static void put_keys(struct otter_json_out *o, const struct otter_root *root)
{
    otter_json_begin(o, "keys", '{');
    for (unsigned i = 0; i < root->key_count && i < OTTER_ROOT_KEYS_MAX; i++) {
        char kid[OTTER_B64_LEN(OTTER_DIGEST_LEN) + 1];
        uint8_t spki[OTTER_SPKI_LEN];

        otter_b64_encode(root->key[i].kid.b, OTTER_DIGEST_LEN, kid);
        otter_spki_from_point(root->key[i].point, spki);
        otter_json_put_b64(o, kid, spki, sizeof(spki));
    }
    otter_json_end(o, '}');
}

static void put_role(struct otter_json_out *o, const struct otter_root *root, enum otter_role which)
{
    const struct otter_root_role *role = &root->role[which];

    otter_json_begin(o, otter_role_name(which), '{');
    otter_json_begin(o, "keyids", '[');
    for (unsigned i = 0; i < role->count && i < OTTER_ROOT_KEYS_MAX; i++)
        if (role->key[i] < OTTER_ROOT_KEYS_MAX)
            otter_json_put_b64(o, NULL, root->key[role->key[i]].kid.b, OTTER_DIGEST_LEN);
    otter_json_end(o, ']');
    otter_json_put_uint(o, "threshold", role->threshold);
    otter_json_end(o, '}');
}

enum otter_status otter_root_encode(const struct otter_root *root, char *out, size_t cap)
{
    struct otter_json_out o;

    otter_json_out_init(&o, out, cap);
    otter_json_begin(&o, NULL, '{');
    otter_json_put_string(&o, "type", "otter-root");
    otter_json_put_uint(&o, "version", root->version);
    otter_json_put_uint(&o, "created", root->created);
    otter_json_put_uint(&o, "expires", root->expires);
    otter_json_put_uint(&o, "sequence_epoch", root->sequence_epoch);
    put_keys(&o, root);
    otter_json_begin(&o, "roles", '{');
    for (unsigned r = 0; r < OTTER_ROLE_COUNT; r++)
        put_role(&o, root, (enum otter_role)r);
    otter_json_end(&o, '}');
    otter_json_begin(&o, "revoked_images", '[');
    for (unsigned i = 0; i < root->revoked_count && i < OTTER_ROOT_REVOKED; i++)
        otter_json_put_b64(&o, NULL, root->revoked[i].b, OTTER_DIGEST_LEN);
    otter_json_end(&o, ']');
    otter_json_end(&o, '}');
    return otter_json_out_finish(&o) < 0 ? OTTER_NO_SPACE : OTTER_OK;
}
