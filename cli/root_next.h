/* What `root rotate` and `root revoke` share: changes from the command line, and the successor that they
 * make. */
#ifndef OTTER_CLI_ROOT_NEXT_H
#define OTTER_CLI_ROOT_NEXT_H

#include "document.h"
#include "root_change.h"

/* Rows for the option tables of both. */
#define CLI_ROOT_NEXT_OPTIONS                                                                                \
    {"out", CLI_OPTION_VALUE, "FILE", "the next root to write, not signed yet", .required = true},           \
        {"add", CLI_OPTION_LIST, "ROLE=KEY", "a key more in a role: root, release or offer"},                \
        {"threshold", CLI_OPTION_LIST, "ROLE=N", "how many keys of the role must sign"},                     \
    {                                                                                                        \
        "expires", CLI_OPTION_VALUE, "TIME", "how long it is valid: 365d if not given"                       \
    }

struct cli_root_next {
    struct cli_document file; /* of the old root */
    struct otter_root old;
    struct cli_root_draft draft;
};

/* Reads OLD, the operand, and takes --add and --threshold in. The caller frees with cli_root_next_free. */
enum cli_exit cli_root_next_begin(struct cli *cli, const struct cli_args *args, struct cli_root_next *ret);
void cli_root_next_free(struct cli_root_next *n);
#define auto_root_next HOST_CLEANUP(cli_root_next_free)

/* Takes a change in, or says why not; `place` is the option and its value, for the message. */
enum cli_exit cli_root_next_take(struct cli *cli, struct cli_root_next *n,
                                 const struct cli_root_change *change, const char *option, const char *text);

/* Writes --out, shows it, and says who has to sign. */
enum cli_exit cli_root_next_end(struct cli *cli, const struct cli_args *args, const struct cli_root_next *n);

/* "ROLE=REST"; *ret_rest points into text. */
enum cli_exit cli_root_role(struct cli *cli, const char *option, const char *text, enum otter_role *ret,
                            const char **ret_rest);

/* A key by its id (base64url, or hex as in an image's KEYHASH), by a file, or in a token. */
enum cli_exit cli_root_kid(struct cli *cli, const char *text, struct otter_digest *ret);
enum cli_exit cli_root_key(struct cli *cli, const char *text, struct otter_root_key *ret);

/* Writes a root's payload; lib/core has the last word: what it would refuse is not written. */
enum cli_exit cli_root_write(struct cli *cli, const char *path, const struct otter_root *root);

#endif
