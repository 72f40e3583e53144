/*
 * Tokens that `otter login` has kept, by server: a file of the user's own, 0600, beside the configuration.
 * {"SERVER": {"operator": NAME, "token": TEXT, "id": N, "expires": SECONDS or null}, ...}
 */
#ifndef OTTER_CLI_CREDENTIALS_H
#define OTTER_CLI_CREDENTIALS_H

#include "host/error.h"
#include "host/json.h"

/* "~/.config/otter/NAME", or in XDG_CONFIG_HOME; malloc'ed. NULL: there is no such folder, or no memory. */
char *cli_user_file(const char *name);

/* What is kept for a server, a new reference; NULL: nothing, with err->kind NONE, or *err says what is wrong.
 * A file that others may read or write is refused. */
json_t *cli_credentials_find(const char *server, struct host_error *err);
/* Keeps it in the place of what was there; NULL: keeps nothing any more. Takes nothing over. */
bool cli_credentials_keep(const char *server, const json_t *entry, struct host_error *err);

#endif
