/* INI files by libinih: [section], key = value, comments by ';' or '#'. */
#ifndef OTTER_HOST_INI_H
#define OTTER_HOST_INI_H

#include "host/error.h"

#include <stdbool.h>
#include <stddef.h>

#define HOST_INI_LINE_MAX 190u

/*
 * Called for each key, in order; section is "" before the first heading, line counts from 1. Returning false,
 * with *err filled, ends the reading; the line number is put before its message.
 */
struct host_ini_visitor {
    bool (*visit)(struct host_ini_visitor *self, const char *section, const char *key, const char *value,
                  unsigned line, struct host_error *err);
};

/*
 * `what` (a file's name) begins every message: "otterd.conf:12: ...". Errors: a line that is neither heading,
 * key nor comment, one over HOST_INI_LINE_MAX bytes, a NUL byte, a continuation line. The first error ends
 * the reading. Not thread safe (libinih's settings are global): call it at start.
 */
bool host_ini_parse(const char *text, size_t len, const char *what, struct host_ini_visitor *visitor,
                    struct host_error *err);

/* The like from a file of at most 1 MiB. */
bool host_ini_parse_file(const char *path, struct host_ini_visitor *visitor, struct host_error *err);

#endif
