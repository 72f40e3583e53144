/* No symbolic link is followed, in no part of a path: by openat2(2), and part by part where there is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/bytes.h"
#include "host/strict.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef int (*opener)(const char *path, int flags, mode_t permissions);
static const opener openers[] = {host_open_strict, host_open_strict_by_parts};

/* A folder with: a/file, a/dir/, link -> a/file, way -> a, a/up -> .. */
static char root[PATH_MAX];

static void at(const char *name, char out[PATH_MAX])
{
    (void)snprintf(out, PATH_MAX, "%.4000s/%s", root, name);
}

static int set_up(void **state)
{
    static const struct {
        const char *name, *target;
    } links[] = {{"link", "a/file"}, {"way", "a"}, {"a/up", ".."}, {"nowhere", "none"}};
    char made[] = "/tmp/otter-strict-XXXXXX", path[PATH_MAX];
    int fd;

    (void)state;
    if (!mkdtemp(made) || !realpath(made, root))
        return -1;
    at("a", path);
    if (mkdir(path, 0700) != 0)
        return -1;
    at("a/dir", path);
    if (mkdir(path, 0700) != 0)
        return -1;
    at("a/file", path);
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || close(fd) != 0)
        return -1;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(links); i++) {
        at(links[i].name, path);
        if (symlink(links[i].target, path) != 0)
            return -1;
    }
    return 0;
}

static int tear_down(void **state)
{
    static const char *const names[] = {"a/made", "nowhere", "a/up", "way", "link",
                                        "a/file", "a/dir",   "a",    ""};
    char path[PATH_MAX];

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(names); i++) {
        at(names[i], path);
        (void)remove(path);
    }
    return access(root, F_OK) == 0 ? -1 : 0;
}

static void each_part_of_a_path_is_what_it_is_named(void **state)
{
    static const struct {
        const char *name;
        int flags;
        bool opens;
    } rows[] = {
        {"a/file", O_RDONLY, true},
        {"a/dir", O_RDONLY | O_DIRECTORY, true},
        {"a//file", O_RDONLY, true},
        {"link", O_RDONLY, false},
        {"link", O_WRONLY | O_CREAT, false},
        {"link", O_PATH | O_DIRECTORY, false},
        {"way/file", O_RDONLY, false},
        {"way/made", O_WRONLY | O_CREAT, false},
        {"way/dir/", O_RDONLY | O_DIRECTORY, false},
        {"way", O_RDONLY | O_DIRECTORY, false},
        {"a/up/a/file", O_RDONLY, false},
        {"nowhere", O_WRONLY | O_CREAT, false},
        {"a/none", O_RDONLY, false},
        {"a/made", O_WRONLY | O_CREAT, true},
    };
    char path[PATH_MAX];

    (void)state;
    for (size_t o = 0; o < OTTER_ARRAY_LEN(openers); o++) {
        for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
            int fd;

            at(rows[i].name, path);
            fd = openers[o](path, rows[i].flags, 0600);
            if ((fd >= 0) != rows[i].opens)
                fail_msg("way %zu, row %zu (%s): %d, %s", o, i, rows[i].name, fd, strerror(errno));
            if (fd >= 0) {
                assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
                (void)close(fd);
            }
        }
    }
    at("none", path);
    assert_int_not_equal(access(path, F_OK), 0); /* nothing was made where a link leads */
}

static void a_link_to_a_folder_is_none(void **state)
{
    char path[PATH_MAX];

    (void)state;
    at("a/dir", path);
    assert_true(host_is_folder(path));
    at("way", path);
    assert_false(host_is_folder(path));
    at("a/file", path);
    assert_false(host_is_folder(path));
}

static void a_path_that_is_too_long_or_not_whole_is_refused(void **state)
{
    char path[PATH_MAX + 2];

    (void)state;
    memset(path, 'a', sizeof path - 1);
    path[0] = '/';
    path[sizeof path - 1] = '\0';
    assert_int_equal(host_open_strict_by_parts(path, O_RDONLY, 0), -1);
    assert_int_equal(errno, ENAMETOOLONG);
    assert_int_equal(host_open_strict_by_parts("a/file", O_RDONLY, 0), -1);
    assert_int_equal(errno, EINVAL);
    assert_int_equal(host_open_strict(path, O_RDONLY, 0), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_part_of_a_path_is_what_it_is_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_link_to_a_folder_is_none, set_up, tear_down),
        cmocka_unit_test(a_path_that_is_too_long_or_not_whole_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
