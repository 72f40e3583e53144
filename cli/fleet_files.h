/* The folder that `device provision` writes for many devices at once. */
#ifndef OTTER_CLI_FLEET_FILES_H
#define OTTER_CLI_FLEET_FILES_H

#include "provision.h"

/*
 * DIR/<id>.factory.bin (0600, never overwritten), DIR/fleet.jsonl for otter-emu, DIR/devices.csv (0600: it
 * holds the secrets) for `device enroll`. *ret_devices is what to register. Refuses a folder that holds a
 * fleet already.
 */
enum cli_exit cli_fleet_write(struct cli *cli, const char *dir, const struct cli_plan *plan,
                              const struct cli_member *members, size_t count, json_t **ret_devices);

#endif
