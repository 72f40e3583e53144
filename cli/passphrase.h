/*
 * Where passphrases and PINs come from: --passphrase-fd, --passphrase-file, else the terminal; never from an
 * argument or the environment, which others on the machine may read.
 */
#ifndef OTTER_CLI_PASSPHRASE_H
#define OTTER_CLI_PASSPHRASE_H

#include "cli.h"
#include "options.h"

#include "host/cleanup.h"
#include "host/passphrase.h"

#define CLI_PASSPHRASE_TRIES 3u /* at the terminal; who cannot think again has one */
#define CLI_PASSPHRASE_LEAST 8u /* bytes, of a new one */

/* Rows of an option table, for verbs that open keys: cli/keys.h. */
#define CLI_PASSPHRASE_OPTIONS                                                                               \
    {"passphrase-fd", CLI_OPTION_VALUE, "N", "read the key's passphrase or PIN, a line, from descriptor N"}, \
    {                                                                                                        \
        "passphrase-file", CLI_OPTION_VALUE, "F", "read it from the first line of this file"                 \
    }

struct cli_passphrase {
    struct host_passphrase ask;
    struct cli *cli;
    const char *fd_option, *file_option; /* NULL: not given */
    char *kept;                          /* what the descriptor or the file said: it is read once */
};

/*
 * The one of this command line, made at the first call and ended with the verb: so a descriptor is read once,
 * however many keys there are. Both options given, or a wrong number, is CLI_USAGE.
 */
enum cli_exit cli_passphrase_of(struct cli *cli, struct cli_passphrase **ret);
void cli_passphrase_close(struct cli *cli);

/* The like by --new-passphrase-fd and --new-passphrase-file. Ended with cli_passphrase_end, which wipes. */
enum cli_exit cli_passphrase_begin_new(struct cli *cli, struct cli_passphrase *ret);
void cli_passphrase_end(struct cli_passphrase *p);
#define auto_passphrase HOST_CLEANUP(cli_passphrase_end)

/* A new one for `what`, at least CLI_PASSPHRASE_LEAST bytes; typed twice at the terminal. */
enum cli_exit cli_passphrase_new(struct cli_passphrase *p, const char *what, char ret[HOST_PASSPHRASE_MAX]);

#endif
