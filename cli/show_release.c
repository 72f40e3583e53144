#include "show_release.h"

#include "core/bytes.h"
#include "papers.h"
#include "parse.h"

const struct cli_column cli_release_columns[] = {
    {"id", "id", CLI_KIND_SHORT},
    {"product", "product"},
    {"version", "version"},
    {"hardware", "hardware"},
    {"epoch", "epoch", CLI_KIND_NUMBER},
    {"sequence", "sequence", CLI_KIND_NUMBER},
    {"counter", "security_counter", CLI_KIND_NUMBER},
    {"expires", "expires", CLI_KIND_TIME},
    {"published", "published", CLI_KIND_TIME},
    {"created", "created", CLI_KIND_TIME, .extra = true},
    {"withdrawn", "withdrawn.reason"},
    {"withdrawn at", "withdrawn.at", CLI_KIND_TIME, .extra = true},
    {"images held", "images_held", .extra = true},
    {"images", "images", .extra = true, .inside = true},
    {"requires", "requires", .extra = true, .inside = true},
    {"image signatures", "signature_checked", .extra = true},
    {"manifest size", "manifest_size", CLI_KIND_BYTES, .extra = true},
    {"bill of materials", "sbom_sha256", CLI_KIND_SHORT, .extra = true},
    {"notes", "notes_sha256", CLI_KIND_SHORT, .extra = true},
    {NULL},
};

const struct cli_column cli_release_fields[] = {
    {"file", "file"},
    {"id", "id"},
    {"product", "product"},
    {"version", "version"},
    {"hardware", "hardware"},
    {"epoch", "epoch"},
    {"sequence", "sequence"},
    {"security counter", "security_counter"},
    {"requires from", "requires.from"},
    {"requires below", "requires.below"},
    {"created", "created", CLI_KIND_TIME},
    {"expires", "expires", CLI_KIND_TIME},
    {"published", "published", CLI_KIND_TIME},
    {"image signatures", "signature_checked"},
    {"image", "images.0", CLI_KIND_IMAGE},
    {"image", "images.1", CLI_KIND_IMAGE},
    {"image", "images.2", CLI_KIND_IMAGE},
    {"image", "images.3", CLI_KIND_IMAGE},
    {"manifest size", "manifest_size"},
    {"signed by", "signed_by"},
    {"bill of materials", "sbom_sha256"},
    {"its format", "sbom_format"},
    {"its components", "sbom_components"},
    {"notes", "notes_sha256"},
    {"images held", "images_held"},
    {"withdrawn", "withdrawn.reason"},
    {"withdrawn at", "withdrawn.at", CLI_KIND_TIME},
    {"images", "images", .extra = true, .inside = true},
    {"requires", "requires", .extra = true, .inside = true},
    {NULL},
};

struct otter_digest cli_release_id(const struct cli_document *d)
{
    struct otter_digest id;

    otter_sha256_of(&otter_crypto_openssl, d->text, d->len, &id);
    return id;
}

static json_t *images(const struct otter_manifest *m)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < m->image_count; i++) {
        json_t *o = json_object();

        cli_put_string(o, "slot", otter_slot_name(m->image[i].slot));
        cli_put_uint(o, "link", m->image[i].link);
        cli_put_uint(o, "size", m->image[i].size);
        cli_put_hex(o, "sha256", &m->image[i].sha256);
        json_array_append_new(list, o);
    }
    return list;
}

static void put_signatures(json_t *o, const struct cli_document *d)
{
    struct otter_digest id = cli_release_id(d);
    json_t *list = json_array();

    cli_put_hex(o, "id", &id);
    cli_put_uint(o, "manifest_size", d->len);
    for (unsigned i = 0; i < d->jws.count; i++) {
        char kid[CLI_KID_STR];

        cli_kid_format(&d->jws.signature[i].kid, kid);
        json_array_append_new(list, json_string(kid));
    }
    json_object_set_new(o, "signed_by", list);
}

static json_t *requires(const struct otter_manifest *m)
{
    json_t *o = json_object();

    cli_put_string(o, "from", "");
    cli_put_string(o, "below", "");
    if (m->has_requires_from)
        cli_put_version(o, "from", &m->requires_from);
    if (m->has_requires_below)
        cli_put_version(o, "below", &m->requires_below);
    return o;
}

enum cli_exit cli_show_manifest(struct cli *cli, const char *path, const struct cli_document *d,
                                const struct otter_manifest *m)
{
    auto_json json_t *o = json_object();
    json_t *hardware = json_array();

    for (unsigned i = 0; i < m->hardware_count; i++)
        json_array_append_new(hardware, json_string(m->hardware[i]));
    cli_put_string(o, "file", path);
    if (d != NULL && d->is_signed)
        put_signatures(o, d);
    cli_put_string(o, "product", m->product);
    cli_put_version(o, "version", &m->version);
    json_object_set_new(o, "hardware", hardware);
    cli_put_uint(o, "epoch", m->epoch);
    cli_put_uint(o, "sequence", m->sequence);
    cli_put_uint(o, "security_counter", m->security_counter);
    json_object_set_new(o, "requires", requires(m));
    cli_put_uint(o, "created", m->created);
    cli_put_uint(o, "expires", m->expires);
    json_object_set_new(o, "images", images(m));
    cli_papers_put(o, m);
    return cli_print_object(cli, o, cli_release_fields);
}
