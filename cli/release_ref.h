/* How people name a published release: by id, the id's beginning, product@version, or version. */
#ifndef OTTER_CLI_RELEASE_REF_H
#define OTTER_CLI_RELEASE_REF_H

#include "cli.h"

#include "core/crypto.h"
#include "host/json.h"

#define CLI_REF_PREFIX_MIN 8u

enum cli_ref { CLI_REF_FOUND, CLI_REF_NONE, CLI_REF_MANY, CLI_REF_MALFORMED };

/*
 * Looks ref up in releases as the API lists them. FOUND: the full id in ret. MANY: the number of matches in
 * *ret_count. MALFORMED: none of the four forms (a prefix needs CLI_REF_PREFIX_MIN digits). Pure.
 */
enum cli_ref cli_release_match(const json_t *items, const char *ref, char ret[OTTER_DIGEST_HEX + 1],
                               size_t *ret_count);

/* The like against the server; a full id is taken as it is. */
enum cli_exit cli_release_resolve(struct cli *cli, const char *ref, char ret[OTTER_DIGEST_HEX + 1]);

#endif
