#include "core/documents.h"
#include "core/json.h"

static void put_version(struct otter_json_out *o, const char *key, const struct otter_version *version)
{
    char text[OTTER_VERSION_STR];

    otter_version_format(version, text);
    otter_json_put_string(o, key, text);
}

static void put_requires(struct otter_json_out *o, const struct otter_manifest *m)
{
    otter_json_begin(o, "requires", '{');
    if (m->has_requires_from)
        put_version(o, "from", &m->requires_from);
    else
        otter_json_put_string(o, "from", "");
    if (m->has_requires_below)
        put_version(o, "below", &m->requires_below);
    else
        otter_json_put_string(o, "below", "");
    otter_json_end(o, '}');
}

static void put_images(struct otter_json_out *o, const struct otter_manifest *m)
{
    otter_json_begin(o, "images", '[');
    for (unsigned i = 0; i < m->image_count && i < OTTER_IMAGES_MAX; i++) {
        otter_json_begin(o, NULL, '{');
        otter_json_put_string(o, "slot", otter_slot_name(m->image[i].slot));
        otter_json_put_uint(o, "link", m->image[i].link);
        otter_json_put_uint(o, "size", m->image[i].size);
        otter_json_put_hex(o, "sha256", m->image[i].sha256.b, OTTER_DIGEST_LEN);
        otter_json_end(o, '}');
    }
    otter_json_end(o, ']');
}

enum otter_status otter_manifest_encode(const struct otter_manifest *m, char *out, size_t cap)
{
    struct otter_json_out o;

    otter_json_out_init(&o, out, cap);
    otter_json_begin(&o, NULL, '{');
    otter_json_put_string(&o, "type", "otter-manifest");
    otter_json_put_string(&o, "product", m->product);
    otter_json_begin(&o, "hardware", '[');
    for (unsigned i = 0; i < m->hardware_count && i < OTTER_HARDWARE_MAX; i++)
        otter_json_put_string(&o, NULL, m->hardware[i]);
    otter_json_end(&o, ']');
    put_version(&o, "version", &m->version);
    otter_json_put_uint(&o, "epoch", m->epoch);
    otter_json_put_uint(&o, "sequence", m->sequence);
    otter_json_put_uint(&o, "security_counter", m->security_counter);
    otter_json_put_uint(&o, "created", m->created);
    otter_json_put_uint(&o, "expires", m->expires);
    put_requires(&o, m);
    put_images(&o, m);
    if (m->has_sbom)
        otter_json_put_hex(&o, "sbom_sha256", m->sbom.b, OTTER_DIGEST_LEN);
    if (m->has_notes)
        otter_json_put_hex(&o, "notes_sha256", m->notes.b, OTTER_DIGEST_LEN);
    otter_json_end(&o, '}');
    return otter_json_out_finish(&o) < 0 ? OTTER_NO_SPACE : OTTER_OK;
}
