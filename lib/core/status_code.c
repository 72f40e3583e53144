#include "core/bytes.h"
#include "core/status.h"

#include <string.h>

struct otter_status_code otter_status_code(enum otter_status status)
{
    const char *name = otter_status_name(status);

    return (struct otter_status_code){otter_crc32(0, name, strlen(name))};
}

enum otter_status otter_status_of_code(struct otter_status_code code)
{
    for (unsigned i = 0; i < OTTER_STATUS_COUNT; i++)
        if (otter_status_code((enum otter_status)i).crc == code.crc)
            return (enum otter_status)i;
    return OTTER_INTERNAL;
}
