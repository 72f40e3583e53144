#include "app/demand.h"

enum otter_selftest demand_read(const struct identity *id)
{
    (void)id;
    return OTTER_SELFTEST_NONE;
}
