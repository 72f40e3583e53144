#include "scarce.h"

#include "host/memory.h"

#include <curl/curl.h>
#include <errno.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The linker's names: __real_x is x, and who calls x calls __wrap_x. */
void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t each);
void *__real_realloc(void *old, size_t n);
_Noreturn void __real_abort(void);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t each);
void *__wrap_realloc(void *old, size_t n);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t n);
int __real_vasprintf(char **ret, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
int __wrap_vasprintf(char **ret, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
int __wrap_asprintf(char **ret, const char *format, ...) __attribute__((format(printf, 2, 3)));
FILE *__real_open_memstream(char **ret, size_t *ret_len);
FILE *__wrap_open_memstream(char **ret, size_t *ret_len);
_Noreturn void __wrap_abort(void);

static atomic_bool armed, gave_up;
static atomic_ulong asked, failed, nth;
static atomic_int how;
static void (*tell)(void);

static bool fails(void)
{
    unsigned long at;

    if (!atomic_load(&armed))
        return false;
    at = atomic_fetch_add(&asked, 1) + 1;
    if (at != atomic_load(&nth) && !(atomic_load(&how) == SCARCE_REST && at > atomic_load(&nth)))
        return false;
    atomic_fetch_add(&failed, 1);
    errno = ENOMEM;
    return true;
}

void *__wrap_malloc(size_t n)
{
    return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t each)
{
    return fails() ? NULL : __real_calloc(n, each);
}

void *__wrap_realloc(void *old, size_t n)
{
    return fails() ? NULL : __real_realloc(old, n);
}

char *__wrap_strndup(const char *text, size_t n)
{
    size_t len = strnlen(text, n);
    char *copy = __wrap_malloc(len + 1);

    if (copy) {
        memcpy(copy, text, len);
        copy[len] = '\0';
    }
    return copy;
}

char *__wrap_strdup(const char *text)
{
    return __wrap_strndup(text, SIZE_MAX);
}

/* *ret is left as it was, as Debian 12's C library leaves it. */
int __wrap_vasprintf(char **ret, const char *format, va_list args)
{
    return fails() ? -1 : __real_vasprintf(ret, format, args);
}

int __wrap_asprintf(char **ret, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = __wrap_vasprintf(ret, format, args);
    va_end(args);
    return n;
}

FILE *__wrap_open_memstream(char **ret, size_t *ret_len)
{
    return fails() ? NULL : __real_open_memstream(ret, ret_len);
}

void __wrap_abort(void)
{
    if (!atomic_exchange(&armed, false) || !tell)
        __real_abort();
    atomic_store(&gave_up, true);
    tell();
    for (;;)
        (void)pause();
}

static void *for_sqlite(int n)
{
    return __wrap_malloc((size_t)n);
}

static void *again_for_sqlite(void *old, int n)
{
    return __wrap_realloc(old, (size_t)n);
}

static int size_for_sqlite(void *p)
{
    return p ? (int)malloc_usable_size(p) : 0;
}

static int round_for_sqlite(int n)
{
    return (n + 7) & ~7;
}

static int begin_sqlite(void *unused)
{
    (void)unused;
    return SQLITE_OK;
}

static void end_sqlite(void *unused)
{
    (void)unused;
}

static void *for_openssl(size_t n, const char *file, int line)
{
    (void)file;
    (void)line;
    return n ? __wrap_malloc(n) : NULL;
}

static void *again_for_openssl(void *old, size_t n, const char *file, int line)
{
    (void)file;
    (void)line;
    if (n == 0) {
        free(old);
        return NULL;
    }
    return __wrap_realloc(old, n);
}

static void free_for_openssl(void *p, const char *file, int line)
{
    (void)file;
    (void)line;
    free(p);
}

void scarce_install(void)
{
    static const sqlite3_mem_methods methods = {.xMalloc = for_sqlite,
                                                .xFree = free,
                                                .xRealloc = again_for_sqlite,
                                                .xSize = size_for_sqlite,
                                                .xRoundup = round_for_sqlite,
                                                .xInit = begin_sqlite,
                                                .xShutdown = end_sqlite};

    host_memory_watch(); /* jansson's: our object's malloc, which is wrapped */
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) != SQLITE_OK ||
        CRYPTO_set_mem_functions(for_openssl, again_for_openssl, free_for_openssl) != 1 ||
        curl_global_init_mem(CURL_GLOBAL_DEFAULT, __wrap_malloc, free, __wrap_realloc, __wrap_strdup,
                             __wrap_calloc) != CURLE_OK) {
        (void)fprintf(stderr, "a library would not take functions for its memory\n");
        __real_abort();
    }
}

void scarce_begin(unsigned long n, enum scarce_mode mode)
{
    atomic_store(&asked, 0);
    atomic_store(&failed, 0);
    atomic_store(&nth, n);
    atomic_store(&how, mode);
    atomic_store(&gave_up, false);
    atomic_store(&armed, true);
}

bool scarce_end(void)
{
    atomic_store(&armed, false);
    return atomic_load(&failed) > 0;
}

void scarce_watch(void (*told)(void))
{
    tell = told;
}

bool scarce_gave_up(void)
{
    return atomic_load(&gave_up);
}
