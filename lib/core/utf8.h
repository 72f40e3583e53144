#ifndef OTTER_CORE_UTF8_H
#define OTTER_CORE_UTF8_H

#include <stddef.h>

/* Bytes (1..4) of the well-formed UTF-8 character at s (RFC 3629), or 0. len is at least 1. Pure. */
unsigned otter_utf8_char(const char *s, size_t len);

#endif
