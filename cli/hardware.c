#include "hardware.h"

#include "core/bytes.h"

#include <stddef.h>
#include <string.h>

#define KB(n) ((uint32_t)(n)*1024u)

/* The maps of device-fw/port/maps.c, as far as signing and provisioning see them (a unit test compares the
 * two). */
static const struct cli_hardware table[] = {
    {"nucleo-f429zi", 0x200, KB(896), 4, {0x08020000, 0x08120000}, 0x08010000},
    {"mps2-an386", 0x200, KB(896), 4, {0x21020000, 0x21120000}, 0x21010000},
    {"f407", 0x200, KB(384), 4, {0x08020000, 0x08080000}, 0x08010000},
    {"h743", 0x400, KB(768), 32, {0x08040000, 0x08140000}, 0x08020000},
};

const struct cli_hardware *cli_hardware_at(unsigned i)
{
    return i < OTTER_ARRAY_LEN(table) ? &table[i] : NULL;
}

const struct cli_hardware *cli_hardware_find(const char *name)
{
    for (size_t i = 0; i < OTTER_ARRAY_LEN(table); i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}
