/* Which Ethernet the application uses: the board's (wire_board.c), or one whose cable is cut (wire_cut.c). */
#ifndef OTTER_APP_WIRE_H
#define OTTER_APP_WIRE_H

#include "port/link.h"

struct otter_link *wire_link(void);

#endif
