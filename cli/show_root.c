#include "show_root.h"

#include "output.h"
#include "parse.h"

static const struct cli_column columns[] = {
    {"file", "file"},
    {"version", "version"},
    {"sequence epoch", "sequence_epoch"},
    {"created", "created", CLI_KIND_TIME},
    {"expires", "expires", CLI_KIND_TIME},
    {"root keys", "roles.root.keyids"},
    {"root threshold", "roles.root.threshold"},
    {"release keys", "roles.release.keyids"},
    {"release threshold", "roles.release.threshold"},
    {"offer key", "roles.offer.keyids"},
    {"revoked image keys", "revoked_images"},
    {"signed by", "signed_by"},
    {NULL},
};

static json_t *role(const struct otter_root *root, enum otter_role which)
{
    const struct otter_root_role *r = &root->role[which];
    json_t *o = json_object(), *ids = json_array();

    for (unsigned i = 0; i < r->count; i++) {
        char kid[CLI_KID_STR];

        cli_kid_format(&root->key[r->key[i]].kid, kid);
        json_array_append_new(ids, json_string(kid));
    }
    json_object_set_new(o, "keyids", ids);
    cli_put_uint(o, "threshold", r->threshold);
    return o;
}

static json_t *signers(const struct cli_document *d)
{
    json_t *list = json_array();

    for (unsigned i = 0; d != NULL && d->is_signed && i < d->jws.count; i++) {
        char kid[CLI_KID_STR];

        cli_kid_format(&d->jws.signature[i].kid, kid);
        json_array_append_new(list, json_string(kid));
    }
    return list;
}

enum cli_exit cli_show_root(struct cli *cli, const char *path, const struct cli_document *d,
                            const struct otter_root *root)
{
    auto_json json_t *o = json_object();
    json_t *roles = json_object(), *revoked = json_array();

    if (path != NULL)
        cli_put_string(o, "file", path);
    cli_put_uint(o, "version", root->version);
    cli_put_uint(o, "sequence_epoch", root->sequence_epoch);
    cli_put_uint(o, "created", root->created);
    cli_put_uint(o, "expires", root->expires);
    for (unsigned i = 0; i < OTTER_ROLE_COUNT; i++)
        json_object_set_new(roles, otter_role_name((enum otter_role)i), role(root, (enum otter_role)i));
    json_object_set_new(o, "roles", roles);
    for (unsigned i = 0; i < root->revoked_count; i++) {
        char kid[CLI_KID_STR];

        cli_kid_format(&root->revoked[i], kid);
        json_array_append_new(revoked, json_string(kid));
    }
    json_object_set_new(o, "revoked_images", revoked);
    json_object_set_new(o, "signed_by", signers(d));
    return cli_print_object(cli, o, columns);
}
