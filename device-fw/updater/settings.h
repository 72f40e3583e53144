/* Whom the updater talks to, and as whom: the factory data, and what the image itself says instead. */
#ifndef OTTER_UPDATER_SETTINGS_H
#define OTTER_UPDATER_SETTINGS_H

#include "updater/updater.h"

/*
 * Reads the factory data by way of raw: OK, UNKNOWN_DEVICE (the region is blank), what the decoder says of
 * damaged ones, or IO_ERROR.
 */
enum otter_status otter_settings_read(struct otter_flash *flash, uint8_t raw[OTTER_FACTORY_MAX],
                                      struct otter_factory *ret);

/* Puts what is compiled in in the factory data's place. OK, or BAD_VALUE and *f as it was: it does not fit.
 */
enum otter_status otter_settings_override(struct otter_factory *f, const struct otter_updater_config *config);

#endif
