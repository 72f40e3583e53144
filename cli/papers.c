#include "papers.h"

#include "core/bytes.h"
#include "host/crypto.h"
#include "host/file.h"
#include "parse.h"
#include "sbom.h"
#include "upload.h"

#include <string.h>

/* Reads a whole paper, and takes its digest. */
static enum cli_exit read_paper(struct cli *cli, const char *path, char **ret_text, size_t *ret_len,
                                struct otter_digest *ret)
{
    struct host_error err = {0};

    if (!host_file_read(path, OTTER_PAPER_MAX, ret_text, ret_len, &err))
        return cli_fail_error(cli, &err);
    otter_sha256_of(&otter_crypto_openssl, *ret_text, *ret_len, ret);
    return CLI_DONE;
}

static enum cli_exit name_sbom(struct cli *cli, const char *path, struct otter_manifest *m)
{
    auto_json json_t *document = NULL;
    auto_free char *text = NULL;
    struct host_error err = {0};
    struct cli_sbom sbom = {.components = 0};
    size_t len = 0;
    enum cli_exit code = read_paper(cli, path, &text, &len, &m->sbom);

    if (code != CLI_DONE)
        return code;
    document = host_json_load(text, len, path, &err);
    if (document == NULL)
        return cli_fail_error(cli, &err);
    if (!cli_sbom_judge(document, &sbom))
        return cli_fail(cli, CLI_REFUSED,
                        "%s: bad-value: a bill of materials is CycloneDX or SPDX, in JSON: this is neither",
                        path);
    m->has_sbom = true;
    return CLI_DONE;
}

enum cli_exit cli_papers_name(struct cli *cli, const struct cli_args *args, struct otter_manifest *m)
{
    const char *sbom = cli_arg(args, "sbom"), *notes = cli_arg(args, "notes");
    auto_free char *text = NULL;
    size_t len = 0;
    enum cli_exit code = sbom != NULL ? name_sbom(cli, sbom, m) : CLI_DONE;

    if (code == CLI_DONE && notes != NULL) {
        code = read_paper(cli, notes, &text, &len, &m->notes);
        m->has_notes = code == CLI_DONE;
    }
    return code;
}

/* One of them, where the option was given. */
static enum cli_exit send(struct cli *cli, const struct cli_args *args, const char *option, bool has,
                          const struct otter_digest *want, unsigned *ret_missing)
{
    const char *path = cli_arg(args, option);
    auto_free char *text = NULL;
    struct otter_digest digest;
    enum cli_upload done;
    char size[CLI_BYTES_STR];
    size_t len = 0;
    enum cli_exit code;

    if (path == NULL)
        return CLI_DONE;
    code = read_paper(cli, path, &text, &len, &digest);
    if (code != CLI_DONE)
        return code;
    if (!has || memcmp(digest.b, want->b, sizeof(digest.b)) != 0)
        return cli_fail(
            cli, CLI_REFUSED,
            "%s: bad-value: %s\nIt was changed after `otter release create`, or belongs to another "
            "release",
            path, has ? "the release names another file" : "the release names none");
    code = cli_upload(cli, path, &digest, len, &done);
    if (code != CLI_DONE)
        return code;
    cli_bytes_format(len, size);
    if (done == CLI_UPLOAD_HELD)
        cli_note(cli, "%s: held by the server already", path);
    else
        cli_note(cli, "%s: %s %s", path, cli->dry_run ? "would upload" : "uploaded", size);
    *ret_missing += cli->dry_run && done != CLI_UPLOAD_HELD ? 1 : 0;
    return CLI_DONE;
}

enum cli_exit cli_papers_upload(struct cli *cli, const struct cli_args *args, const struct otter_manifest *m,
                                unsigned *ret_missing)
{
    enum cli_exit code = send(cli, args, "sbom", m->has_sbom, &m->sbom, ret_missing);

    return code == CLI_DONE ? send(cli, args, "notes", m->has_notes, &m->notes, ret_missing) : code;
}

void cli_papers_put(json_t *release, const struct otter_manifest *m)
{
    if (m->has_sbom)
        cli_put_hex(release, "sbom_sha256", &m->sbom);
    if (m->has_notes)
        cli_put_hex(release, "notes_sha256", &m->notes);
}

/* The blob, which is believed by its digest alone. */
static enum cli_exit fetch(struct cli *cli, const char *hex, struct cli_reply *ret)
{
    auto_free char *path = NULL;
    struct otter_digest want, have;
    enum cli_exit code;

    if (!otter_hex_decode(hex, strlen(hex), want.b, sizeof(want.b)))
        return cli_fail(cli, CLI_UNREACHABLE, "the server's answer makes no sense: is this an otterd?");
    if (asprintf(&path, "/v1/blobs/%s", hex) < 0)
        return cli_fail_memory(cli);
    code = cli_api(cli, &(struct cli_request){.method = "GET", .path = path}, ret);
    if (code != CLI_DONE)
        return code;
    otter_sha256_of(&otter_crypto_openssl, ret->http.body, ret->http.body_len, &have);
    return memcmp(have.b, want.b, sizeof(have.b)) == 0
               ? CLI_DONE
               : cli_fail(cli, CLI_REFUSED,
                          "bill of materials: what the server sent has another digest than %s", hex);
}

static enum cli_exit save_to(struct cli *cli, const char *path, const struct cli_reply *reply)
{
    struct host_error err = {0};

    if (cli->dry_run)
        cli_note(cli, "Dry run: %s is not written", path);
    else if (!host_file_write(path, reply->http.body, reply->http.body_len, 0644, HOST_FILE_REPLACE, &err))
        return cli_fail_error(cli, &err);
    return CLI_DONE;
}

enum cli_exit cli_papers_fetch(struct cli *cli, json_t *release, const char *save)
{
    const char *hex = json_string_value(json_object_get(release, "sbom_sha256"));
    auto_reply struct cli_reply reply = {0};
    struct cli_sbom sbom = {.components = 0};
    enum cli_exit code;

    if (hex == NULL)
        return save == NULL ? CLI_DONE
                            : cli_fail(cli, CLI_REFUSED, "not-found: the release has no bill of materials");
    code = fetch(cli, hex, &reply);
    if (code == CLI_DONE && save != NULL)
        code = save_to(cli, save, &reply);
    if (code == CLI_DONE && cli_sbom_judge(reply.json, &sbom)) {
        cli_put_string(release, "sbom_format", sbom.format);
        cli_put_uint(release, "sbom_components", sbom.components);
    }
    return code;
}
