/* Columns of a device as the API describes it. */
#ifndef OTTER_CLI_SHOW_DEVICE_H
#define OTTER_CLI_SHOW_DEVICE_H

#include "output.h"

extern const struct cli_column cli_device_columns[];
extern const struct cli_column cli_device_fields[];

#endif
