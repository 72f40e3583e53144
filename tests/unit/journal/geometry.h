/* The flash geometries that the journal is tested on, and a way back to an earlier moment. */
#ifndef OTTER_TESTS_JOURNAL_GEOMETRY_H
#define OTTER_TESTS_JOURNAL_GEOMETRY_H

#include "ports/posix/flash_file.h"

/* F429 (one 16K sector a half), H743 (one 128K sector, written once), and a part with 4K sectors (four a
 * half). */
#define GEOMETRIES 3u
extern const struct otter_flash_map *const geometries[GEOMETRIES];

/* The journal's region as it is now; free() it. */
uint8_t *journal_copy(const struct otter_flash_file *f);
void journal_restore(struct otter_flash_file *f, const uint8_t *copy);

#endif
