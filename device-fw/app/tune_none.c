/* A board for the field: the updater's times stay what they are. */
#include "port/tune.h"

void board_tune(struct otter_client_timing *timing)
{
    (void)timing;
}
