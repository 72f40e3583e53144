#include "verb.h"

#include "api.h"

enum cli_exit cli_run_image_key_list(struct cli *cli, const struct cli_args *args)
{
    static const struct cli_column columns[] = {
        {"product", "product"}, {"kid", "kid"}, {"spki", "spki", .extra = true}, {NULL}};

    (void)args;
    return cli_api_list(cli, "/api/v1/image-keys", columns);
}
