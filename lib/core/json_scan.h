/* The grammar of RFC 8259, checked strictly, and UTF-8. Pure. */
#ifndef OTTER_CORE_JSON_SCAN_H
#define OTTER_CORE_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

/*
 * True if text is exactly one well-formed object or array, in valid UTF-8, nested at most OTTER_JSON_DEPTH
 * deep. Else *ret_at is the offset of the first wrong character (len, if the text ends too early).
 */
bool otter_json_scan(const char *text, size_t len, size_t *ret_at);

/* Bytes (1..4) of the well-formed UTF-8 character at s (RFC 3629), or 0. len is at least 1. */
unsigned otter_utf8_char(const char *s, size_t len);

#endif
