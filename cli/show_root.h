/* What a root says: keys, roles, thresholds, and who has signed it. */
#ifndef OTTER_CLI_SHOW_ROOT_H
#define OTTER_CLI_SHOW_ROOT_H

#include "document.h"

/* protocol.md, Signed documents: what the largest root that keeps all bounds takes. */
#define CLI_ROOT_PAYLOAD_MAX 1994u

/* d: the document for its signatures; NULL: not signed. */
enum cli_exit cli_show_root(struct cli *cli, const char *path, const struct cli_document *d,
                            const struct otter_root *root);

#endif
