/*
 * What a test tells a device in QEMU, each by `-semihosting-config arg=name=value`:
 *   exit_on=reset     leaves QEMU with status 0 instead of resetting the guest
 *   exit_on=nothing   and when the bootloader finds nothing to boot
 *   probe=NAME        what the program in the slot is to do (probe.c)
 *   NAME=NUMBER       a time of the client, by its name in client/client.h (tune.c)
 */
#ifndef OTTER_PORTS_MPS2_OPTIONS_H
#define OTTER_PORTS_MPS2_OPTIONS_H

#include <stdbool.h>

/* The first one behind `at` (NULL: of all), as "name=value", ended by a blank or NUL; NULL = no more. */
const char *mps2_option_next(const char *at);

/* Is it this name, with this value (NULL: any)? */
bool mps2_option_is(const char *option, const char *name, const char *value);

/* Has it been given? */
bool mps2_option_given(const char *name, const char *value);

#endif
