#include "verb.h"

#include "host/cleanup.h"
#include "host/crypto.h"
#include "host/file.h"
#include "image_build.h"
#include "keys.h"
#include "output.h"
#include "show_image.h"

#define IMAGE_FILE_MAX (64u << 20)

const struct cli_option cli_options_image_verify[] = {
    {"key", CLI_OPTION_LIST, "K.pub", "image keys, one of which must have signed it", .required = true},
    CLI_KEY_OPTIONS,
    {NULL},
};

enum cli_exit cli_run_image_verify(struct cli *cli, const struct cli_args *args)
{
    static const struct cli_column columns[] = {{"verified", "verified"},
                                                {"version", "version"},
                                                {"digest", "digest"},
                                                {"signed by", "signed_by"},
                                                {NULL}};
    auto_json json_t *o = json_object();
    auto_free char *data = NULL;
    struct host_error err = {0};
    struct otter_image_keys keys;
    struct cli_image_source source;
    struct otter_image_info info;
    struct otter_digest digest;
    enum otter_status status;
    enum cli_exit code = cli_image_keys(cli, args, "key", &keys);
    size_t len;

    if (code != CLI_DONE)
        return code;
    if (!host_file_read(args->operand[0], IMAGE_FILE_MAX, &data, &len, &err))
        return cli_fail_error(cli, &err);
    cli_image_source_init(&source, data, len);
    status = otter_verify_image(&otter_crypto_openssl, &keys, &source.source, &info, &digest);
    if (status != OTTER_OK)
        return cli_fail_status(cli, args->operand[0], status);
    json_object_set_new(o, "verified", json_true());
    cli_put_version(o, "version", &info.header.version);
    cli_put_hex(o, "digest", &digest);
    cli_put_kid(o, "signed_by", &info.key);
    return cli_print_object(cli, o, columns);
}
