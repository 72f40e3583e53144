/* Opening a file of a folder that is ours alone: no symbolic link is followed, in no part of the path. */
#ifndef OTTER_HOST_STRICT_H
#define OTTER_HOST_STRICT_H

#include "host/error.h"

#include <stdbool.h>
#include <sys/types.h>

/*
 * open(2) with O_CLOEXEC, where each part of an absolute path must be what it is named, not a link elsewhere:
 * -1 and ELOOP. So the folder's own path is to be one without links (realpath(3)). permissions count with
 * O_CREAT alone.
 */
int host_open_strict(const char *path, int flags, mode_t permissions);

/* The same part by part, for kernels before 5.6 and filters that do not know openat2(2): a link is ELOOP or
 * ENOTDIR there. */
int host_open_strict_by_parts(const char *path, int flags, mode_t permissions);

/* Is there a folder of this very name? A link to one is none: false and ENOTDIR or ELOOP. */
bool host_is_folder(const char *path);

#endif
