#include "ports/mps2/semihost.h"

#include <string.h>

#define SYS_OPEN          0x01u
#define SYS_CLOSE         0x02u
#define SYS_READ          0x06u
#define SYS_GET_CMDLINE   0x15u
#define SYS_EXIT_EXTENDED 0x20u

#define OPEN_RB                 1u
#define ADP_STOPPED_APPLICATION 0x20026u

static uint32_t call(uint32_t operation, const void *arguments)
{
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = arguments;

    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static uint32_t address(const void *p)
{
    return (uint32_t)(uintptr_t)p;
}

bool semihost_command_line(char *out, uint32_t cap)
{
    uint32_t arguments[] = {address(out), cap};

    if (call(SYS_GET_CMDLINE, arguments) != 0 || arguments[1] >= cap)
        return false;
    out[arguments[1]] = '\0';
    return true;
}

bool semihost_read(const char *path, void *out, uint32_t len)
{
    const uint32_t open[] = {address(path), OPEN_RB, (uint32_t)strlen(path)};
    const uint32_t handle = call(SYS_OPEN, open);
    const uint32_t read[] = {handle, address(out), len};
    uint32_t missing;

    if (handle == UINT32_MAX)
        return false;
    missing = call(SYS_READ, read);
    (void)call(SYS_CLOSE, &handle);
    return missing == 0;
}

void semihost_exit(uint32_t status)
{
    const uint32_t arguments[] = {ADP_STOPPED_APPLICATION, status};

    for (;;)
        (void)call(SYS_EXIT_EXTENDED, arguments);
}
