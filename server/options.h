/* The command line of otterd. */
#ifndef OTTER_SERVER_OPTIONS_H
#define OTTER_SERVER_OPTIONS_H

#include "server/config.h"

enum options_then {
    OPTIONS_RUN,
    OPTIONS_CHECK,          /* the configuration is good; say so and end */
    OPTIONS_PRINT,          /* print the configuration and end */
    OPTIONS_CHECK_DATABASE, /* look at the data directory and end */
    OPTIONS_RESTORE,        /* make the data directory from the backup config.restore and end */
    OPTIONS_VERSION,
    OPTIONS_HELP
};

/*
 * Reads the command line and the file that it names, over the defaults, and checks the whole. False with *err
 * on anything wrong: exit 2.
 */
bool options_read(int argc, char *const *argv, struct config *ret_config, enum options_then *ret_then,
                  struct host_error *err);

extern const char options_help[];

#endif
