/* Intel HEX: bytes for a programmer that wants addresses. */
#ifndef OTTER_CLI_INTEL_HEX_H
#define OTTER_CLI_INTEL_HEX_H

#include <stddef.h>
#include <stdint.h>

/* Records of 16 bytes with extended linear addresses and an end record; malloc'ed, NULL when out of memory.
 * Pure. */
char *cli_intel_hex(const uint8_t *data, size_t len, uint32_t address);

#endif
