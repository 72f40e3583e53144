/* What lwIP asks of its compiler and platform (lwip/arch.h). For lwIP's eyes: nobody else includes this. */
#ifndef OTTER_NET_ARCH_CC_H
#define OTTER_NET_ARCH_CC_H

#include <stdint.h>

/* Its own isdigit, which knows no locale; no printf formats. */
#define LWIP_NO_CTYPE_H    1
#define LWIP_NO_INTTYPES_H 1

#define lwip_htons(x) __builtin_bswap16(x)
#define lwip_htonl(x) __builtin_bswap32(x)

/* Of the stack's otter_random: ports, transaction ids (hooks.c). */
uint32_t otter_lwip_random(void);
#define LWIP_RAND() otter_lwip_random()

/*
 * A broken invariant ends in a line on the console and a reset, never in a loop or in going on (hooks.c). The
 * line has the address; names of files and their lines would cost a kilobyte.
 */
_Noreturn void otter_lwip_panic(void);
#define LWIP_PLATFORM_ASSERT(message) otter_lwip_panic()
#define LWIP_PLATFORM_DIAG(message)

#endif
