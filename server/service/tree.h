/* The data directory as a start finds it. */
#ifndef OTTER_SERVICE_TREE_H
#define OTTER_SERVICE_TREE_H

#include "host/error.h"

#include <stdbool.h>

/*
 * Nothing in dir is a symbolic link, and nobody else can write to it; else false, with what is to be done.
 * What others could read is closed to them, and logged (event=mode-closed).
 */
bool tree_is_ours(const char *dir, struct host_error *err);

#endif
