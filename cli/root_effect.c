#include "root_effect.h"

#include "api.h"
#include "document.h"
#include "options.h"
#include "parse.h"
#include "server_root.h"

#include <stdlib.h>
#include <string.h>

static bool is_named(const struct cli *cli)
{
    const char *env = getenv("OTTER_SERVER");

    return cli_arg(cli->args, "server") != NULL || (env != NULL && env[0] != '\0');
}

static const char *text_of(const json_t *o, const char *name)
{
    const char *text = json_string_value(json_object_get(o, name));

    return text != NULL ? text : "";
}

static enum otter_status judge(const struct otter_root *root, const struct cli_document *d)
{
    enum otter_status status = otter_verify_role(&otter_crypto_openssl, root, OTTER_ROLE_RELEASE, &d->jws);
    struct otter_manifest m;

    if (status == OTTER_OK)
        status = otter_manifest_decode(d->jws.payload, d->jws.payload_len, &m);
    return status == OTTER_OK && m.epoch != root->sequence_epoch ? OTTER_WRONG_EPOCH : status;
}

static enum cli_exit fetch(struct cli *cli, const char *id, struct cli_document *ret)
{
    char path[128];

    (void)snprintf(path, sizeof(path), "/v1/blobs/%s", id);
    return cli_document_fetch(cli, path, ret);
}

static enum cli_exit say_release(struct cli *cli, const json_t *release, enum otter_status why)
{
    auto_free char *path = cli_api_path("releases", text_of(release, "id"), "/deps");
    auto_reply struct cli_reply deps = {0};
    enum cli_exit code;

    if (path == NULL)
        return cli_fail_memory(cli);
    code = cli_api(cli, &(struct cli_request){.method = "GET", .path = path}, &deps);
    if (code == CLI_DONE)
        cli_note(cli, "To be signed anew: release %s@%s (%s); %lld devices run it",
                 text_of(release, "product"), text_of(release, "version"), otter_status_name(why),
                 (long long)json_integer_value(json_object_get(deps.json, "devices_running")));
    return code;
}

/* What the old root refused already is no news. */
static enum cli_exit look_at(struct cli *cli, const json_t *release, const struct otter_root *old,
                             const struct otter_root *next)
{
    auto_document struct cli_document d = {0};
    enum otter_status why;
    enum cli_exit code;

    if (json_is_object(json_object_get(release, "withdrawn")))
        return CLI_DONE;
    code = fetch(cli, text_of(release, "id"), &d);
    if (code != CLI_DONE)
        return code;
    why = judge(next, &d);
    return why != OTTER_OK && judge(old, &d) == OTTER_OK ? say_release(cli, release, why) : CLI_DONE;
}

static bool is_revoked(const struct otter_root *root, const char *kid)
{
    char text[CLI_KID_STR];

    for (unsigned i = 0; i < root->revoked_count; i++) {
        cli_kid_format(&root->revoked[i], text);
        if (strcmp(text, kid) == 0)
            return true;
    }
    return false;
}

static enum cli_exit look_at_image_keys(struct cli *cli, const struct otter_root *old,
                                        const struct otter_root *next)
{
    auto_json json_t *keys = NULL;
    enum cli_exit code = cli_api_all(cli, "/api/v1/image-keys", &keys);

    for (size_t i = 0; code == CLI_DONE && i < json_array_size(keys); i++) {
        const json_t *key = json_array_get(keys, i);
        const char *kid = text_of(key, "kid");

        if (is_revoked(next, kid) && !is_revoked(old, kid))
            cli_note(cli,
                     "Devices of product %s take no image by %.12s... any more: publish one by another key "
                     "of their factory data, so that their bootloaders learn of it, too",
                     text_of(key, "product"), kid);
    }
    return code;
}

enum cli_exit cli_root_effect(struct cli *cli, const struct otter_root *old, const struct otter_root *next)
{
    auto_json json_t *releases = NULL;
    enum cli_exit code;

    if (!is_named(cli))
        return CLI_DONE;
    code = cli_api_all(cli, "/api/v1/releases", &releases);
    for (size_t i = 0; code == CLI_DONE && i < json_array_size(releases); i++)
        code = look_at(cli, json_array_get(releases, i), old, next);
    return code == CLI_DONE ? look_at_image_keys(cli, old, next) : code;
}
