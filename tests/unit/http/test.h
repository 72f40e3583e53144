/* What every test of this folder includes before cmocka. */
#ifndef OTTER_TEST_HTTP_TEST_H
#define OTTER_TEST_HTTP_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#endif
