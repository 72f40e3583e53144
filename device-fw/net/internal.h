/* What the files of device-fw/net share. */
#ifndef OTTER_NET_INTERNAL_H
#define OTTER_NET_INTERNAL_H

#include "net/stack.h"

/* The one stack, for those whom lwIP calls without an argument; NULL before otter_stack_init. */
struct otter_stack *otter_stack_the(void);

#endif
