/* cmocka's header needs these before it. */
#ifndef OTTER_TESTS_CLI_CMOCKA_FIRST_H
#define OTTER_TESTS_CLI_CMOCKA_FIRST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
