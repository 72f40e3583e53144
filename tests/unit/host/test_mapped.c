/* Mapped files: what a file that becomes shorter under its mapping does, and does not do. */
#include "host/mapped.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PAGES 4u

/* A file of so many bytes, all of one letter. */
static int file_of(size_t len, char letter)
{
    char page[4096];
    int fd = memfd_create("mapped", MFD_CLOEXEC);

    memset(page, letter, sizeof page);
    assert_true(fd >= 0);
    for (size_t done = 0; done < len; done += sizeof page)
        assert_int_equal(pwrite(fd, page, sizeof page, (off_t)done), sizeof page);
    assert_int_equal(ftruncate(fd, (off_t)len), 0);
    return fd;
}

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

static void a_mapping_outlives_its_descriptor_and_all_users_but_the_last(void **state)
{
    int fd = file_of(10000, 'a');
    struct host_mapped *m = host_mapped_new(fd, 10000);

    (void)state;
    close(fd);
    assert_non_null(m);
    assert_int_equal(m->len, 10000);
    assert_ptr_equal(host_mapped_use(m), m);
    host_mapped_drop(m);
    assert_int_equal(m->bytes[0], 'a');
    assert_int_equal(m->bytes[9999], 'a');
    host_mapped_drop(m);
    host_mapped_drop(NULL);
}

static void a_file_that_was_cut_reads_as_zeros_from_there_on_and_is_counted(void **state)
{
    size_t page = page_size();
    int fd = file_of(PAGES * page, 'a'), other = file_of(page, 'b');
    struct host_mapped *m = host_mapped_new(fd, PAGES * page), *whole = host_mapped_new(other, page);
    unsigned before = host_mapped_faults();

    (void)state;
    assert_int_equal(m->bytes[PAGES * page - 1], 'a');
    assert_int_equal(ftruncate(fd, (off_t)page), 0);
    assert_int_equal(host_mapped_faults(), before); /* nobody has looked */
    assert_int_equal(m->bytes[2 * page + 7], 0);
    assert_true(host_mapped_faults() > before);
    before = host_mapped_faults();
    assert_int_equal(m->bytes[PAGES * page - 1], 0);
    assert_int_equal(host_mapped_faults(), before); /* covered by the first */
    assert_int_equal(m->bytes[0], 'a');
    assert_int_equal(whole->bytes[0], 'b');
    host_mapped_drop(m);
    host_mapped_drop(whole);
    close(fd);
    close(other);
}

static void sending_what_was_cut_fails_and_counts_nothing(void **state)
{
    size_t page = page_size();
    int fd = file_of(PAGES * page, 'a'), pair[2];
    struct host_mapped *m = host_mapped_new(fd, PAGES * page);
    unsigned before = host_mapped_faults();

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_int_equal(send(pair[0], m->bytes + page, page, MSG_NOSIGNAL), -1);
    assert_int_equal(errno, EFAULT);
    assert_int_equal(host_mapped_faults(), before);
    host_mapped_drop(m);
    close(pair[0]);
    close(pair[1]);
    close(fd);
}

static void more_than_the_bound_are_not_mapped_and_one_that_went_makes_room(void **state)
{
    struct host_mapped *m[HOST_MAPPED_MAX];
    int fd = file_of(100, 'a');

    (void)state;
    for (unsigned i = 0; i < HOST_MAPPED_MAX; i++)
        assert_non_null(m[i] = host_mapped_new(fd, 100));
    assert_null(host_mapped_new(fd, 100));
    host_mapped_drop(m[7]);
    assert_non_null(m[7] = host_mapped_new(fd, 100));
    for (unsigned i = 0; i < HOST_MAPPED_MAX; i++)
        host_mapped_drop(m[i]);
    close(fd);
}

static void what_cannot_be_mapped_takes_no_place(void **state)
{
    int fd = file_of(100, 'a'), ends[2];
    struct host_mapped *m;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    for (unsigned i = 0; i < HOST_MAPPED_MAX; i++)
        assert_null(host_mapped_new(ends[0], 100));
    assert_non_null(m = host_mapped_new(fd, 100));
    host_mapped_drop(m);
    close(ends[0]);
    close(ends[1]);
    close(fd);
}

/* In a process of its own: what is mapped otherwise, and cut, ends it as it always did. */
static void another_bus_error_ends_the_process_all_the_same(void **state)
{
    void (*kept)(int) = signal(SIGBUS, SIG_DFL);
    int fd = file_of(page_size(), 'a'), status = 0;
    struct host_mapped *m = host_mapped_new(fd, page_size());
    pid_t child = fork();

    (void)state;
    assert_true(child >= 0);
    if (child == 0) {
        volatile const char *p = mmap(NULL, page_size(), PROT_READ, MAP_SHARED, fd, 0);

        (void)alarm(20);
        (void)!ftruncate(fd, 0);
        _exit(p[0]);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGBUS);
    host_mapped_drop(m);
    close(fd);
    (void)signal(SIGBUS, kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mapping_outlives_its_descriptor_and_all_users_but_the_last),
        cmocka_unit_test(a_file_that_was_cut_reads_as_zeros_from_there_on_and_is_counted),
        cmocka_unit_test(sending_what_was_cut_fails_and_counts_nothing),
        cmocka_unit_test(more_than_the_bound_are_not_mapped_and_one_that_went_makes_room),
        cmocka_unit_test(what_cannot_be_mapped_takes_no_place),
        cmocka_unit_test(another_bus_error_ends_the_process_all_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
