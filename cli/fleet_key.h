/* The file of a fleet key: 32 bytes in base64url, and a line's end. */
#ifndef OTTER_CLI_FLEET_KEY_H
#define OTTER_CLI_FLEET_KEY_H

#include "cli.h"

#include "core/factory.h"

/* Wipe it. */
enum cli_exit cli_fleet_key_read(struct cli *cli, const char *path, uint8_t ret[OTTER_SECRET_LEN]);
/* A new file of mode 0600. */
enum cli_exit cli_fleet_key_write(struct cli *cli, const char *path, const uint8_t key[OTTER_SECRET_LEN]);

#endif
