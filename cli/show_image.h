/* What an image file says about itself. */
#ifndef OTTER_CLI_SHOW_IMAGE_H
#define OTTER_CLI_SHOW_IMAGE_H

#include "cli.h"

#include "core/verify.h"
#include "host/json.h"

/* Structure and digests checked (the hash TLV, too), then printed. `brief`: the lines that matter after
 * signing. */
enum cli_exit cli_show_image(struct cli *cli, const char *path, const void *data, size_t len, bool brief);

/*
 * Inspects, hashes, and compares the hash TLV; says what is wrong. *ret_digest is the image's digest, that of
 * the unpadded file.
 */
enum cli_exit cli_read_image(struct cli *cli, const char *path, const void *data, size_t len,
                             struct otter_image_info *ret_info, struct otter_digest *ret_digest);

/* --image-key or --key files as lib/core wants them. */
struct cli_args;
enum cli_exit cli_image_keys(struct cli *cli, const struct cli_args *args, const char *option,
                             struct otter_image_keys *ret);

#endif
