#include "release_files.h"

#include "host/cleanup.h"
#include "host/crypto.h"
#include "host/file.h"
#include "image_build.h"

#include <string.h>

#define IMAGE_FILE_MAX (64u << 20)

static enum cli_exit check(struct cli *cli, const char *path, const struct otter_manifest *m,
                           const struct otter_image_keys *keys, struct cli_release_files *files)
{
    auto_free char *data = NULL;
    struct host_error err = {0};
    struct cli_image_source source;
    struct otter_image_info info;
    struct otter_digest digest;
    enum otter_status status;
    unsigned i = 0;
    size_t len;

    if (!host_file_read(path, IMAGE_FILE_MAX, &data, &len, &err))
        return cli_fail_error(cli, &err);
    otter_sha256_of(&otter_crypto_openssl, data, len, &digest);
    while (i < m->image_count && memcmp(m->image[i].sha256.b, digest.b, sizeof(digest.b)) != 0)
        i++;
    if (i == m->image_count)
        return cli_fail(cli, CLI_REFUSED,
                        "%s: image-digest: no image of the release has this file's digest\n"
                        "It was changed after `otter release create`, or belongs to another release",
                        path);
    cli_image_source_init(&source, data, len);
    status = otter_verify_manifest_image(&otter_crypto_openssl, keys, m, i, &source.source, &info);
    if (status != OTTER_OK)
        return cli_fail_status(cli, path, status);
    files->count += files->path[i] == NULL ? 1 : 0;
    files->path[i] = path;
    return CLI_DONE;
}

enum cli_exit cli_release_files(struct cli *cli, const struct cli_args *args, const struct otter_manifest *m,
                                const struct otter_image_keys *keys, struct cli_release_files *ret)
{
    struct cli_release_files files = {0};
    enum cli_exit code = CLI_DONE;

    for (size_t i = 1; code == CLI_DONE && i < args->operand_count; i++)
        code = check(cli, args->operand[i], m, keys, &files);
    for (size_t i = 0; code == CLI_DONE && i < cli_arg_count(args, "images"); i++)
        code = check(cli, cli_arg_at(args, "images", i), m, keys, &files);
    if (code == CLI_DONE)
        *ret = files;
    return code;
}
