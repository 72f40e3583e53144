#include "verb.h"

#include "api.h"
#include "document.h"
#include "papers.h"
#include "parse.h"
#include "release_files.h"
#include "show_release.h"
#include "upload.h"

#include <string.h>

const struct cli_option cli_options_release_publish[] = {
    {"images", CLI_OPTION_LIST, "FILE", "image files (also as operands)"},
    {"sbom", CLI_OPTION_VALUE, "FILE", "the bill of materials that the release names"},
    {"notes", CLI_OPTION_VALUE, "FILE", "the release notes that it names"},
    {NULL},
};

const char cli_notes_release_publish[] = "Images that the server holds already need not be given. Publishing "
                                         "the same release again does nothing.\n"
                                         "An upload that breaks off goes on where it was.";

static enum cli_exit upload_images(struct cli *cli, const struct otter_manifest *m,
                                   const struct cli_release_files *files, unsigned *ret_missing)
{
    *ret_missing = 0;
    for (unsigned i = 0; i < m->image_count; i++) {
        enum cli_upload done;
        char size[CLI_BYTES_STR];
        enum cli_exit code;

        if (files->path[i] == NULL)
            continue;
        code = cli_upload(cli, files->path[i], &m->image[i].sha256, m->image[i].size, &done);
        if (code != CLI_DONE)
            return code;
        cli_bytes_format(m->image[i].size, size);
        if (done == CLI_UPLOAD_HELD) {
            cli_note(cli, "%s: held by the server already", files->path[i]);
            continue;
        }
        *ret_missing += cli->dry_run ? 1 : 0;
        cli_note(cli, "%s: %s %s", files->path[i], cli->dry_run ? "would upload" : "uploaded", size);
    }
    return CLI_DONE;
}

static enum cli_exit post(struct cli *cli, const struct cli_document *d, const struct otter_manifest *m)
{
    char version[OTTER_VERSION_STR], id[OTTER_DIGEST_HEX + 1];
    struct otter_digest digest = cli_release_id(d);
    auto_reply struct cli_reply reply = {0};
    enum cli_exit code = cli_document_post(cli, "/api/v1/releases", d, &reply);

    if (code != CLI_DONE)
        return code;
    otter_version_format(&m->version, version);
    otter_hex_encode(digest.b, sizeof(digest.b), id);
    if (cli->format != CLI_FORMAT_TABLE)
        code = cli_api_result(cli, &reply, cli_release_fields);
    if (cli->dry_run)
        cli_note(cli, "Would publish %s %s (%.12s)", m->product, version, id);
    else if (reply.http.status == 201)
        cli_note(cli, "Published %s %s (%.12s)", m->product, version, id);
    else
        cli_note(cli, "%s %s (%.12s) is published already: nothing to do", m->product, version, id);
    return code;
}

enum cli_exit cli_run_release_publish(struct cli *cli, const struct cli_args *args)
{
    const char *path = args->operand[0];
    auto_document struct cli_document d = {0};
    struct cli_release_files files;
    struct otter_manifest m;
    unsigned missing = 0;
    enum cli_exit code = cli_document_load(cli, path, &d);

    if (code == CLI_DONE)
        code = cli_document_manifest(cli, path, &d, &m);
    if (code == CLI_DONE && !d.is_signed)
        code = cli_fail(cli, CLI_REFUSED,
                        "%s: bad-envelope: it is not signed yet\nNext: otter release sign %s --key "
                        "RELEASE.key",
                        path, path);
    if (code == CLI_DONE && m.created > cli->now)
        code = cli_fail_status(cli, path, OTTER_CREATED_IN_FUTURE);
    if (code == CLI_DONE)
        code = cli_release_files(cli, args, &m, NULL, &files);
    if (code == CLI_DONE)
        code = upload_images(cli, &m, &files, &missing);
    if (code == CLI_DONE)
        code = cli_papers_upload(cli, args, &m, &missing);
    if (code == CLI_DONE && missing > 0) {
        cli_note(cli, "Would publish the release then");
        return CLI_DONE;
    }
    return code == CLI_DONE ? post(cli, &d, &m) : code;
}
