#include "app/wire.h"

#include "port/board.h"

struct otter_link *wire_link(void)
{
    return board_link();
}
