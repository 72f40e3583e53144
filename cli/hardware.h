/* Boards that `otter` knows by name, so that signing needs no numbers. Others give --header-size and so on.
 */
#ifndef OTTER_CLI_HARDWARE_H
#define OTTER_CLI_HARDWARE_H

#include <stdint.h>

struct cli_hardware {
    const char *name;
    uint32_t header_size;
    uint32_t slot_size;
    uint32_t align;   /* write alignment of the trailer */
    uint32_t link[2]; /* base of slots A and B */
    uint32_t factory; /* address of the factory data, for --hex */
};

/* NULL if the name is not in the table. */
const struct cli_hardware *cli_hardware_find(const char *name);

/* By place, for messages and tests; NULL behind the last. */
const struct cli_hardware *cli_hardware_at(unsigned i);

#endif
