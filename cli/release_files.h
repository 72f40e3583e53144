/* Image files given beside a release: operands behind the first, and --images. */
#ifndef OTTER_CLI_RELEASE_FILES_H
#define OTTER_CLI_RELEASE_FILES_H

#include "cli.h"
#include "options.h"

#include "core/verify.h"

struct cli_release_files {
    const char *path[OTTER_IMAGES_MAX]; /* by image of the manifest; NULL: not given */
    unsigned count;
};

/*
 * Finds the manifest's image of each file by its digest and runs lib/core's checks of it. A file that is no
 * image of the release is refused: it was built anew since, or belongs to another. keys may be NULL.
 */
enum cli_exit cli_release_files(struct cli *cli, const struct cli_args *args, const struct otter_manifest *m,
                                const struct otter_image_keys *keys, struct cli_release_files *ret);

#endif
