/* Where the server is and who asks: options, else environment, else the user's config file. */
#ifndef OTTER_CLI_CONFIG_H
#define OTTER_CLI_CONFIG_H

#include "cli.h"
#include "options.h"

struct cli_config {
    char *server; /* http://..., https://... or unix:/path, without a slash at the end */
    char *token;  /* "" = none */
    char *cacert; /* NULL = the system's */
};

/* Says on its own what is wrong. On success the caller frees with cli_config_free. */
enum cli_exit cli_config_load(struct cli *cli, const struct cli_args *args, struct cli_config *ret);
void cli_config_free(struct cli_config *config);

/* May a token go to this server: https, a unix socket, or a loopback address? Pure. */
bool cli_config_is_private(const char *server);

#endif
