/* Members of what the server answered, read leniently: an older or newer server may lack or add some. */
#ifndef OTTER_CLI_MEMBER_H
#define OTTER_CLI_MEMBER_H

#include "host/json.h"

#include <stdint.h>

/* 0 when it is absent, no integer, or below 0. */
uint64_t cli_member_number(const json_t *object, const char *name);

/* "" when it is absent or no text; lives as long as the object. */
const char *cli_member_text(const json_t *object, const char *name);

#endif
