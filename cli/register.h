/* Making devices known to the server: one at a time, or many in batches. */
#ifndef OTTER_CLI_REGISTER_H
#define OTTER_CLI_REGISTER_H

#include "cli.h"

#include "core/factory.h"
#include "host/json.h"

/* {id, product, hardware, secret[, tags]} as the API takes it. tags: array, taken over; NULL = none. */
json_t *cli_device_json(const char *id, const char *product, const char *hardware,
                        const uint8_t secret[OTTER_SECRET_LEN], json_t *tags);

/* "a;b c" as an array of strings. */
json_t *cli_tags_json(const char *text);

struct cli_registered {
    size_t created, unchanged;
};

/*
 * Registers an array of them in batches that keep the API's bounds. Refused ones are named on err; the rest
 * is registered nevertheless, and the result is CLI_REFUSED.
 */
enum cli_exit cli_register(struct cli *cli, const json_t *devices, struct cli_registered *ret);

#endif
