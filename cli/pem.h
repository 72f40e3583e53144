/* Standard base64 (RFC 4648, 4), as imgtool's --fix-sig files have it. */
#ifndef OTTER_CLI_PEM_H
#define OTTER_CLI_PEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Padding required, white space skipped. Bytes written, or -1 (malformed, or more than cap). */
int cli_base64_decode(const char *in, size_t len, uint8_t *out, size_t cap);

#endif
