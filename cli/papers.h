/*
 * What a manifest names beside its images, by digest alone: a bill of materials and release notes. Files of
 * at most OTTER_PAPER_MAX bytes, kept by the server as blobs, never fetched by a device.
 */
#ifndef OTTER_CLI_PAPERS_H
#define OTTER_CLI_PAPERS_H

#include "api.h"
#include "cli.h"
#include "options.h"

#include "core/documents.h"

/* --sbom and --notes of `release create`: their digests into the manifest. A bill in a format that nobody
 * knows is refused. */
enum cli_exit cli_papers_name(struct cli *cli, const struct cli_args *args, struct otter_manifest *m);

/* Those of `release publish`: each must be the file that the manifest names. *ret_missing is raised by what a
 * dry run would have sent. */
enum cli_exit cli_papers_upload(struct cli *cli, const struct cli_args *args, const struct otter_manifest *m,
                                unsigned *ret_missing);

/* The digests as members of a release's description; absent where there is none. */
void cli_papers_put(json_t *release, const struct otter_manifest *m);

/*
 * `release show`: fetches the bill that the server's description of a release names, adds its format and the
 * number of its components to the description, and writes it to `save` (NULL: nowhere). A release without one
 * is refused only where it was to be saved.
 */
enum cli_exit cli_papers_fetch(struct cli *cli, json_t *release, const char *save);

#endif
