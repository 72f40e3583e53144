/* The parts whose power is cut: scaled ones, every operation of which is cut, and the maps as they are. */
#ifndef OTTER_TESTS_SIM_GEOMETRY_H
#define OTTER_TESTS_SIM_GEOMETRY_H

#include "port/flash.h"

#define SIM_SECTORS 288u /* of a map, at most */

struct sim_geometry {
    const char *name;
    const struct otter_flash_map *map;
    uint32_t payload; /* of its images: over three sectors at least */
    uint32_t spread;  /* cases on the map as it is; 0 = scaled, every operation is cut */
};

#define SIM_GEOMETRIES 8u
extern const struct sim_geometry sim_geometries[SIM_GEOMETRIES];

/* Number of the sector at addr, from 0 over the whole map. */
unsigned sim_sector_index(const struct otter_flash_map *map, uint32_t addr);

#endif
