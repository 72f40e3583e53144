/* Randomness of port/system.h from the kernel (getrandom(2)). */
#ifndef OTTER_POSIX_RANDOM_POSIX_H
#define OTTER_POSIX_RANDOM_POSIX_H

#include "port/system.h"

/* Without state: one serves all devices of a process, from any thread. Aborts if the kernel has no entropy.
 */
extern struct otter_random otter_posix_random;

#endif
