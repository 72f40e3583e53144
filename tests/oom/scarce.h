/*
 * Memory that runs out: the n-th allocation fails, and, if asked for, each one behind it. Our own objects are
 * linked with wrappers (meson.build), jansson, SQLite, OpenSSL and libcurl are given functions of ours, so
 * that AddressSanitizer's allocator stays what it is. What GLib, GnuTLS, libmicrohttpd and the C library
 * allocate for themselves never fails here.
 */
#ifndef OTTER_TEST_SCARCE_H
#define OTTER_TEST_SCARCE_H

#include <stdbool.h>

enum scarce_mode {
    SCARCE_ONE,  /* the n-th alone */
    SCARCE_REST, /* the n-th and all that follow */
    SCARCE_MODES
};

/* Before anything of these libraries is used. */
void scarce_install(void);
/* From now on allocations are counted, in any thread, the first as 1. */
void scarce_begin(unsigned long n, enum scarce_mode mode);
/* Nothing fails any more. True if something did. */
bool scarce_end(void);
/*
 * Who calls abort() while memory is scarce gives up, on purpose: otterd where a commit cannot be brought into
 * memory. That thread stops for ever, `told` is called in it, and scarce_gave_up() says so.
 */
void scarce_watch(void (*told)(void));
bool scarce_gave_up(void);

#endif
