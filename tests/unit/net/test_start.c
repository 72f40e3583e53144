/* From power-on to the first connection: what must differ from boot to boot. Each boot is a process. */
#include "server.h"
#include "world.h"

#include "lwip/pbuf.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct boot {
    uint32_t port, sequence, next_port, next_sequence;
    char hostname[64];
};

/* Two connections to where nobody listens: their SYNs are all that is wanted. */
static void connect_twice(struct boot *b)
{
    struct otter_net *net = &world.stream.net;

    UNTIL(otter_stack_is_up(&world.stack));
    assert_true(net->open(net, WORLD_HOST, 1, NULL));
    UNTIL(world.port != 0);
    b->port = world.port;
    b->sequence = world.sequence;
    assert_true(net->open(net, WORLD_HOST, 1, NULL));
    UNTIL(world.port != b->port);
    b->next_port = world.port;
    b->next_sequence = world.sequence;
    memcpy(b->hostname, world.hostname, sizeof(b->hostname));
}

static struct boot boot(uint32_t seed, const char *name)
{
    struct boot b = {0};
    int ends[2];
    int status = -1;
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        world.seed = seed;
        world.plugged = true;
        world_start(name);
        connect_twice(&b);
        _exit(write(ends[1], &b, sizeof(b)) == sizeof(b) ? 0 : 1);
    }
    (void)close(ends[1]);
    assert_int_equal(read(ends[0], &b, sizeof(b)), sizeof(b));
    (void)close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    return b;
}

/* A NAT may still know the connections of before a reset, by their ports. */
static void ports_and_sequence_numbers_are_the_random_sources(void **state)
{
    struct boot one = boot(1, "x");
    struct boot again = boot(1, "x");
    struct boot two = boot(2, "x");

    (void)state;
    assert_int_equal(one.port, again.port);
    assert_int_equal(one.sequence, again.sequence);
    assert_int_not_equal(one.port, two.port);
    assert_int_not_equal(one.sequence, two.sequence);
    assert_true(one.port >= 0xc000);
    assert_int_not_equal(one.port, one.next_port);
    assert_true(one.next_sequence - one.sequence > 100000 && one.sequence - one.next_sequence > 100000);
}

static void a_long_name_is_cut_and_none_is_none(void **state)
{
    char name[200];

    (void)state;
    memset(name, '_', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    assert_int_equal(strlen(boot(1, name).hostname), OTTER_HOSTNAME_MAX);
    assert_string_equal(boot(1, "").hostname, "");
    assert_string_equal(boot(1, NULL).hostname, "");
    assert_string_equal(boot(1, "Board:7/\x80z").hostname, "Board-7--z");
}

static void an_assertion_of_lwips_says_where_and_resets(void **state)
{
    char said[64] = "";
    int ends[2];
    int status = 0;
    pid_t child;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)signal(SIGABRT, SIG_DFL);
        (void)dup2(ends[1], STDERR_FILENO);
        (void)pbuf_free(NULL);
        _exit(0);
    }
    (void)close(ends[1]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT); /* world.c's board_reset */
    assert_true(read(ends[0], said, sizeof(said) - 1) > 0);
    (void)close(ends[0]);
    assert_memory_equal(said, "net: broken at 0x", 17);
}

/* The clock that firmware counts from may stand anywhere when the stack starts. */
static void a_stack_that_starts_late_is_not_late(void **state)
{
    int status = -1;
    pid_t child = fork();

    (void)state;
    assert_true(child >= 0);
    if (child == 0) {
        world.plugged = true;
        world.now = UINT64_C(0xc0000000);
        world.dhcp_gone = true;
        world_start("late");
        world_turn();
        world.dhcp_gone = false;
        world_skip(5000); /* DHCP asks again */
        _exit(otter_stack_is_up(&world.stack) ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* Last: this process's own. */
static void a_controller_that_does_not_answer_is_asked_again_each_second(void **state)
{
    (void)state;
    world.absent = true;
    world.plugged = true;
    world_start("late");
    world_skip(500);
    assert_int_equal(world.starts, 1);
    world_skip(3500);
    assert_int_equal(world.starts, 5);
    assert_false(otter_stack_is_up(&world.stack));
    world.absent = false;
    world_skip(1000);
    assert_int_equal(world.starts, 6);
    UNTIL(otter_stack_is_up(&world.stack));
    world_skip(5000);
    assert_int_equal(world.starts, 6);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(ports_and_sequence_numbers_are_the_random_sources),
        cmocka_unit_test(a_long_name_is_cut_and_none_is_none),
        cmocka_unit_test(an_assertion_of_lwips_says_where_and_resets),
        cmocka_unit_test(a_stack_that_starts_late_is_not_late),
        cmocka_unit_test(a_controller_that_does_not_answer_is_asked_again_each_second),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
