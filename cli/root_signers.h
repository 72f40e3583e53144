/* Who has signed a root and who is still missing, of its own root keys and of those of the root before it. */
#ifndef OTTER_CLI_ROOT_SIGNERS_H
#define OTTER_CLI_ROOT_SIGNERS_H

#include "document.h"

/* The root before it, where an option names its file; `has` is false where it is not given. */
struct cli_root_before {
    struct cli_document file;
    struct otter_root root;
    bool has;
};
/* By --from. A root of `path` that does not follow it is refused: its signatures would count nowhere. */
enum cli_exit cli_root_before_load(struct cli *cli, const struct cli_args *args, const char *path,
                                   const struct otter_root *root, struct cli_root_before *ret);
void cli_root_before_free(struct cli_root_before *before);
#define auto_root_before HOST_CLEANUP(cli_root_before_free)

/* Shows the root, says who has signed and who is missing of each, and what is next. *ret_enough (may be
 * NULL): all that is asked for is there. */
enum cli_exit cli_root_signers_show(struct cli *cli, const char *path, const struct cli_document *d,
                                    const struct otter_root *root, const struct cli_root_before *before,
                                    bool *ret_enough);

#endif
