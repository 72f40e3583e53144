/* Telling the server a product's image key: by `image-key add`, and beside `device provision`. */
#ifndef OTTER_CLI_IMAGE_KEYS_API_H
#define OTTER_CLI_IMAGE_KEYS_API_H

#include "api.h"
#include "keys.h"

/* 201: new; 200: known before. */
enum cli_exit cli_image_key_register(struct cli *cli, const char *product, const struct cli_public *key,
                                     struct cli_reply *ret);

#endif
