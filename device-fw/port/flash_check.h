/*
 * Does a flash driver keep the contract of port/flash.h? For a porter, on the board or over a fake of it:
 * each rule is tried on one sector that holds nothing of worth. Its contents are lost; the driver is left in
 * order.
 */
#ifndef OTTER_PORT_FLASH_CHECK_H
#define OTTER_PORT_FLASH_CHECK_H

#include "port/flash.h"

/*
 * NULL: every rule holds. Else the first one that does not, as a sentence for the console; static. `sector`
 * is a sector's base, of 256 bytes or more. Erases it once a rule: a second each on an F4's 128K sectors, so
 * that the watchdog must be off, or the sector small.
 */
const char *otter_flash_check(struct otter_flash *flash, uint32_t sector);

#endif
