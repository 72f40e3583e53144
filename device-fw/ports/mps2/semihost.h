/*
 * Arm semihosting (IHI 0100): what a program in QEMU asks of the machine around it. Needs
 * -semihosting-config; without it the first call is a fault.
 */
#ifndef OTTER_PORTS_MPS2_SEMIHOST_H
#define OTTER_PORTS_MPS2_SEMIHOST_H

#include <stdbool.h>
#include <stdint.h>

/* The arguments of -semihosting-config, with spaces between; false if they do not fit. */
bool semihost_command_line(char *out, uint32_t cap);

/* The first len bytes of a file; false if they are not to be had. */
bool semihost_read(const char *path, void *out, uint32_t len);

/* Leaves QEMU with this exit status. */
_Noreturn void semihost_exit(uint32_t status);

#endif
