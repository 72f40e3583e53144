#include "image_keys_api.h"

enum cli_exit cli_image_key_register(struct cli *cli, const char *product, const struct cli_public *key,
                                     struct cli_reply *ret)
{
    json_t *body = json_object();
    char spki[CLI_SPKI_STR];

    cli_spki_format(key, spki);
    cli_put_string(body, "product", product);
    cli_put_string(body, "spki", spki);
    return cli_api_send(cli, "POST", "/api/v1/image-keys", body, true, ret);
}
