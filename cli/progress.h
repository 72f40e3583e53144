/* Bars, as text. */
#ifndef OTTER_CLI_PROGRESS_H
#define OTTER_CLI_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

/* A bar of `width` characters ("#####-----") and a NUL: out has width + 1 bytes. done > total counts as full.
 * Pure. */
void cli_bar(uint64_t done, uint64_t total, size_t width, char *out);

#endif
