/* Files: bounded reads, atomic writes, and what is left behind when something fails. */
#include "host/crypto.h"
#include "host/file.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "temp.h"

static void assert_content(const char *path, const char *want)
{
    auto_free char *data = NULL;
    size_t len;

    assert_true(host_file_read(path, 100000, &data, &len, NULL));
    assert_string_equal(data, want);
    assert_int_equal(len, strlen(want));
}

static void write_then_read_gives_the_bytes_and_a_nul(void **state)
{
    (void)state;
    assert_true(host_file_write(temp_path("f"), "hello", 5, 0644, HOST_FILE_REPLACE, NULL));
    assert_content(temp_path("f"), "hello");
    assert_true(host_file_write(temp_path("f"), "", 0, 0644, HOST_FILE_REPLACE, NULL));
    assert_content(temp_path("f"), "");
    assert_int_equal(temp_files(NULL), 1);
}

static void write_sets_the_permissions_whatever_the_umask(void **state)
{
    mode_t old = umask(0777);
    bool ok = host_file_write(temp_path("f"), "x", 1, 0640, HOST_FILE_REPLACE, NULL);
    struct stat st;

    (void)state;
    (void)umask(old);
    assert_true(ok);
    assert_int_equal(stat(temp_path("f"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
}

static void write_of_a_new_file_keeps_an_existing_one(void **state)
{
    struct host_error err;

    (void)state;
    assert_true(host_file_write(temp_path("f"), "old", 3, 0600, HOST_FILE_NEW, &err));
    assert_false(host_file_write(temp_path("f"), "new", 3, 0600, HOST_FILE_NEW, &err));
    assert_int_equal(err.kind, HOST_ERROR_EXISTS);
    assert_content(temp_path("f"), "old");
    assert_int_equal(temp_files(NULL), 1);
}

static void write_that_cannot_be_renamed_leaves_nothing_behind(void **state)
{
    struct host_error err;

    (void)state;
    assert_int_equal(mkdir(temp_path("dir"), 0700), 0);
    assert_false(host_file_write(temp_path("dir"), "x", 1, 0600, HOST_FILE_REPLACE, &err));
    assert_int_equal(err.kind, HOST_ERROR_FILE);
    assert_int_equal(err.os_errno, EISDIR);
    assert_int_equal(temp_files(NULL), 1);
}

static void read_takes_exactly_max_and_refuses_one_more(void **state)
{
    auto_free char *data = NULL, *big = calloc(1, 200001);
    struct host_error err;
    size_t len = 7;

    (void)state;
    memset(big, 'a', 200000);
    assert_true(host_file_write(temp_path("f"), big, 200000, 0600, HOST_FILE_REPLACE, NULL));
    assert_false(host_file_read(temp_path("f"), 199999, &data, &len, &err));
    assert_non_null(strstr(err.message, "199999"));
    assert_null(data);
    assert_int_equal(len, 7);
    assert_true(host_file_read(temp_path("f"), 200000, &data, &len, &err));
    assert_int_equal(len, 200000);
    assert_string_equal(data, big);
}

static void read_of_a_directory_or_nothing_says_so(void **state)
{
    struct host_error err;
    char *data;
    size_t len;

    (void)state;
    assert_false(host_file_read(temp_dir, 10, &data, &len, &err));
    assert_non_null(strstr(err.message, "is a directory"));
    assert_false(host_file_read(temp_path("none"), 10, &data, &len, &err));
    assert_int_equal(err.os_errno, ENOENT);
}

static void mkdir_p_makes_all_is_idempotent_and_refuses_a_file(void **state)
{
    struct host_error err;
    struct stat st;

    (void)state;
    assert_true(host_mkdir_p(temp_path("a/b//c/"), 0700, &err));
    assert_true(host_mkdir_p(temp_path("a/b/c"), 0700, &err));
    assert_int_equal(stat(temp_path("a/b/c"), &st), 0);
    assert_true(host_file_write(temp_path("a/b/c/f"), "x", 1, 0600, HOST_FILE_REPLACE, NULL));
    assert_false(host_mkdir_p(temp_path("a/b/c/f"), 0700, &err));
    assert_false(host_mkdir_p(temp_path("a/b/c/f/g"), 0700, &err));
    assert_int_equal(unlink(temp_path("a/b/c/f")), 0);
    assert_int_equal(rmdir(temp_path("a/b/c")), 0);
    assert_int_equal(rmdir(temp_path("a/b")), 0);
}

static void digest_is_that_of_the_bytes(void **state)
{
    struct otter_digest got, want;
    uint64_t size;

    (void)state;
    assert_true(host_file_write(temp_path("f"), "abc", 3, 0600, HOST_FILE_REPLACE, NULL));
    assert_true(host_file_digest(&otter_crypto_openssl, temp_path("f"), &got, &size, NULL));
    otter_sha256_of(&otter_crypto_openssl, "abc", 3, &want);
    assert_memory_equal(got.b, want.b, 32);
    assert_int_equal(size, 3);
}

static void pread_past_the_end_is_an_error(void **state)
{
    auto_file FILE *f = tmpfile();
    char buf[4];

    (void)state;
    assert_true(host_pwrite_all(fileno(f), "abcd", 4, 2));
    assert_true(host_pread_all(fileno(f), buf, 4, 2));
    assert_memory_equal(buf, "abcd", 4);
    errno = 0;
    assert_false(host_pread_all(fileno(f), buf, 4, 3));
    assert_int_equal(errno, EIO);
}

#define WITH_TEMP(f) cmocka_unit_test_setup_teardown(f, temp_setup, temp_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_TEMP(write_then_read_gives_the_bytes_and_a_nul),
        WITH_TEMP(write_sets_the_permissions_whatever_the_umask),
        WITH_TEMP(write_of_a_new_file_keeps_an_existing_one),
        WITH_TEMP(write_that_cannot_be_renamed_leaves_nothing_behind),
        WITH_TEMP(read_takes_exactly_max_and_refuses_one_more),
        WITH_TEMP(read_of_a_directory_or_nothing_says_so),
        WITH_TEMP(mkdir_p_makes_all_is_idempotent_and_refuses_a_file),
        WITH_TEMP(digest_is_that_of_the_bytes),
        cmocka_unit_test(pread_past_the_end_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
