#include "verb.h"

#include "host/cleanup.h"
#include "host/file.h"
#include "show_image.h"

#define IMAGE_FILE_MAX (64u << 20)

enum cli_exit cli_run_image_info(struct cli *cli, const struct cli_args *args)
{
    auto_free char *data = NULL;
    struct host_error err = {0};
    size_t len;

    if (!host_file_read(args->operand[0], IMAGE_FILE_MAX, &data, &len, &err))
        return cli_fail_error(cli, &err);
    return cli_show_image(cli, args->operand[0], data, len, false);
}
