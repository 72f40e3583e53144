/* The firmware's own string functions against the C library's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/bytes.h"

#include <string.h>

/* ports/cortex_m/strings.c, compiled by these names (meson.build). */
void *boot_memcpy(void *restrict to, const void *restrict from, size_t len);
void *boot_memmove(void *to, const void *from, size_t len);
void *boot_memset(void *to, int value, size_t len);
int boot_memcmp(const void *a, const void *b, size_t len);
void *boot_memchr(const void *s, int c, size_t len);
size_t boot_strlen(const char *s);
int boot_strcmp(const char *a, const char *b);
int boot_strncmp(const char *a, const char *b, size_t len);
char *boot_strchr(const char *s, int c);
size_t boot_strspn(const char *s, const char *set);

#define ROOM 40u
#define MOST 17u

static void fill(uint8_t *buf)
{
    for (unsigned i = 0; i < ROOM; i++)
        buf[i] = (uint8_t)(i * 37 + 1);
}

static int sign(int n)
{
    return (n > 0) - (n < 0);
}

/* Every length up to some words, from and to any alignment, overlapping in both directions. */
static void test_copies_and_moves_of_any_length_and_place(void **state)
{
    (void)state;
    for (unsigned to = 0; to < ROOM - MOST; to++)
        for (unsigned from = 0; from < ROOM - MOST; from++)
            for (unsigned len = 0; len <= MOST; len++) {
                _Alignas(8) uint8_t ours[ROOM], libc[ROOM], source[ROOM];

                fill(ours);
                fill(libc);
                fill(source);
                assert_ptr_equal(boot_memmove(ours + to, ours + from, len), ours + to);
                memmove(libc + to, libc + from, len);
                assert_memory_equal(ours, libc, ROOM);
                memset(ours, 0, ROOM);
                memset(libc, 0, ROOM);
                assert_ptr_equal(boot_memcpy(ours + to, source + from, len), ours + to);
                memcpy(libc + to, source + from, len);
                assert_memory_equal(ours, libc, ROOM);
            }
}

static void test_memset_writes_so_many_bytes_and_no_more(void **state)
{
    (void)state;
    for (unsigned len = 0; len <= MOST; len++) {
        uint8_t ours[ROOM], libc[ROOM];

        fill(ours);
        fill(libc);
        assert_ptr_equal(boot_memset(ours + 1, 0x1ff, len), ours + 1);
        memset(libc + 1, 0x1ff, len);
        assert_memory_equal(ours, libc, ROOM);
    }
}

static void test_bytes_compare_and_are_found_as_unsigned_ones(void **state)
{
    static const uint8_t a[] = {1, 0x80, 0, 3}, b[] = {1, 0x7f, 0, 3};

    (void)state;
    for (size_t len = 0; len <= sizeof(a); len++) {
        assert_int_equal(sign(boot_memcmp(a, b, len)), sign(memcmp(a, b, len)));
        assert_int_equal(sign(boot_memcmp(b, a, len)), sign(memcmp(b, a, len)));
        assert_int_equal(boot_memcmp(a, a, len), 0);
        for (unsigned c = 0; c < 0x200; c++)
            assert_ptr_equal(boot_memchr(a, (int)c, len), memchr(a, (int)c, len));
    }
}

static void test_strings_as_the_library_sees_them(void **state)
{
    static const char *const strings[] = {"", "a", "ab", "abc", "abd", "b", "\x80", "aab-b.a", "-"};

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(strings); i++) {
        const char *s = strings[i];

        assert_int_equal(boot_strlen(s), strlen(s));
        for (int c = 0; c < 0x100; c++)
            assert_ptr_equal(boot_strchr(s, c), strchr(s, c));
        for (size_t j = 0; j < OTTER_ARRAY_LEN(strings); j++) {
            assert_int_equal(sign(boot_strcmp(s, strings[j])), sign(strcmp(s, strings[j])));
            for (size_t len = 0; len < 5; len++)
                assert_int_equal(sign(boot_strncmp(s, strings[j], len)), sign(strncmp(s, strings[j], len)));
            assert_int_equal(boot_strspn(s, strings[j]), strspn(s, strings[j]));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copies_and_moves_of_any_length_and_place),
        cmocka_unit_test(test_memset_writes_so_many_bytes_and_no_more),
        cmocka_unit_test(test_bytes_compare_and_are_found_as_unsigned_ones),
        cmocka_unit_test(test_strings_as_the_library_sees_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
