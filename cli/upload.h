/* Sending one file as a blob, with resume. */
#ifndef OTTER_CLI_UPLOAD_H
#define OTTER_CLI_UPLOAD_H

#include "cli.h"

#include "core/crypto.h"

enum cli_upload { CLI_UPLOAD_SENT, CLI_UPLOAD_HELD };

/*
 * Asks whether the server holds the blob, else sends it; a lost connection goes on at the server's offset, a
 * few times. On a terminal a bar runs on err. *ret says what happened. With --dry-run nothing is sent (SENT:
 * would be).
 */
enum cli_exit cli_upload(struct cli *cli, const char *path, const struct otter_digest *digest, uint64_t size,
                         enum cli_upload *ret);

#endif
