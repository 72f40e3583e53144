/* What a manifest says. */
#ifndef OTTER_CLI_SHOW_RELEASE_H
#define OTTER_CLI_SHOW_RELEASE_H

#include "document.h"
#include "output.h"

/* d: the document for its id and signatures; NULL: not signed. */
enum cli_exit cli_show_manifest(struct cli *cli, const char *path, const struct cli_document *d,
                                const struct otter_manifest *m);

/* The id of a release: the digest of the whole envelope. */
struct otter_digest cli_release_id(const struct cli_document *d);

/* Columns of a release as the server describes it; the file's description has the same members. */
extern const struct cli_column cli_release_columns[];
extern const struct cli_column cli_release_fields[];

#endif
