/* What a stop, a crash or a damaged file leaves. */
#include "world.h"

#include "core/bytes.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static int64_t fixed_clock(void)
{
    return WORLD_NOW;
}

static int setup_rollout(void **state)
{
    if (world_setup_with_devices(state, 6) != 0)
        return -1;
    assert_int_equal(world_rollout(*state, "all", "[100]", true), 1);
    return 0;
}

static void restart_keeps_everything(void **state)
{
    struct world *w = *state;
    struct svc_call call = {.op = SVC_DEVICE_PATCH, .in.id = "device-004"};
    json_t *before, *after;
    bool go_on;

    world_update(w, 0);
    assert_int_equal(world_report(w, 1, world_ask(w, 1), 1, OTTER_UPDATE_REVERTED, OTTER_WATCHDOG, NULL),
                     OTTER_OK);
    assert_int_equal(world_ask(w, 2), 113);
    assert_int_equal(world_report(w, 2, 113, 1, OTTER_UPDATE_DOWNLOADING, OTTER_OK, &go_on), OTTER_OK);
    call.in.json = json_pack("{s:{s:[s]}, s:{s:s}}", "tags", "add", "lab", "attributes", "site", "oslo");
    assert_int_equal(world_run(w, &call), OTTER_OK);
    svc_call_clear(&call);
    json_decref(call.in.json);
    before = world_get(w, SVC_DEVICE_LIST, NULL, 0);
    world_restart(w);
    after = world_get(w, SVC_DEVICE_LIST, NULL, 0);
    assert_true(json_equal(before, after));
    json_decref(before);
    json_decref(after);
    /* and goes on where it was */
    assert_int_equal(world_ask(w, 2), 113);
    assert_int_equal(world_report(w, 2, 113, 1, OTTER_UPDATE_DOWNLOADING, OTTER_OK, &go_on), OTTER_OK);
    assert_int_equal(world_ask(w, 3), 114);
    assert_int_equal(world_ask(w, 1), 0);
    assert_int_equal(world_count(w, 1, "succeeded"), 1);
    world_expect_rollout(w, 1, "running", 1);
}

static void second_server_on_the_same_directory_is_refused(void **state)
{
    struct world *w = *state;
    struct svc_config config = {.data_dir = w->dir};
    struct host_error err = {0};
    char token[64];
    int code = 0;

    assert_null(svc_open(&config, &err, &code, token));
    assert_int_equal(code, 2);
    assert_non_null(strstr(err.message, "in use"));
}

static void expect_refused(struct world *w, int expected)
{
    struct svc_config config = {.data_dir = w->dir};
    struct host_error err = {0};
    char token[64];
    int code = 0;

    assert_null(svc_open(&config, &err, &code, token));
    assert_int_equal(code, expected);
    assert_true(err.message[0]);
}

static void damaged_database_is_refused(void **state)
{
    static const char zeros[3 * 4096];
    struct world *w = *state;
    char path[PATH_MAX + 16];
    int fd;

    svc_close(w->svc);
    w->svc = NULL;
    (void)snprintf(path, sizeof(path), "%s/otter.db", w->dir);
    fd = open(path, O_WRONLY);
    assert_int_equal(pwrite(fd, zeros, sizeof(zeros), 4096), sizeof(zeros)); /* pages 2 to 4 */
    expect_refused(w, 4);
    assert_int_equal(pwrite(fd, "this is no database", 19, 0), 19);
    expect_refused(w, 4);
    close(fd);
}

/* Zeros over the index of the kept answers by age, which nothing at start reads by itself. */
static void spoil_index(struct world *w)
{
    static const char zeros[4096];
    char path[PATH_MAX + 16];
    sqlite3_stmt *stmt;
    sqlite3 *db;
    int fd, page;

    (void)snprintf(path, sizeof(path), "%s/otter.db", w->dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT rootpage FROM sqlite_schema WHERE name = 'answers_at'",
                                        -1, &stmt, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    page = sqlite3_column_int(stmt, 0);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    fd = open(path, O_WRONLY);
    assert_int_equal(pwrite(fd, zeros, sizeof(zeros), (off_t)(page - 1) * 4096), sizeof(zeros));
    close(fd);
}

static void server_that_was_killed_has_every_page_checked(void **state)
{
    struct world *w = *state;
    int status;
    pid_t pid;

    svc_close(w->svc);
    w->svc = NULL;
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct svc_config config = {.data_dir = w->dir, .poll_interval_s = 60, .clock = fixed_clock};
        struct host_error err = {0};
        char token[64];
        int code;

        if (!svc_open(&config, &err, &code, token))
            _exit(1);
        (void)raise(9);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    spoil_index(w);
    expect_refused(w, 4);
}

/* The index is that of the kept answers by age, which the heartbeat goes through. */
static void damage_met_by_a_server_is_told_at_the_next_start(void **state)
{
    struct world *w = *state;

    svc_close(w->svc);
    w->svc = NULL;
    spoil_index(w);
    world_restart(w); /* after a clean stop not every page is read */
    svc_close(w->svc);
    w->svc = NULL;
    expect_refused(w, 4);
}

static void poll_interval_has_a_floor(void **state)
{
    struct world *w = *state;
    struct svc_config config = {.data_dir = "/nonexistent/x", .poll_interval_s = 4};
    struct host_error err = {0};
    char token[64];
    int code = 0;

    (void)w;
    assert_null(svc_open(&config, &err, &code, token));
    assert_int_equal(code, 2);
}

/* kill -9 between calls: what was answered is there. */
static void killed_server_has_lost_nothing_it_answered(void **state)
{
    struct world *w = *state;
    int status;
    pid_t pid;

    svc_close(w->svc);
    w->svc = NULL;
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct svc_config config = {.data_dir = w->dir, .poll_interval_s = 60, .clock = fixed_clock};
        struct host_error err = {0};
        char token[64];
        int code;

        w->svc = svc_open(&config, &err, &code, token);
        if (!w->svc)
            _exit(1);
        if (world_ask(w, 0) != 111 ||
            world_report(w, 0, 111, 1, OTTER_UPDATE_FAILED, OTTER_SELF_TEST, NULL) != OTTER_OK ||
            world_ask(w, 1) != 112)
            _exit(2);
        (void)raise(9);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    world_restart(w);
    world_expect_state(w, 0, "failed");
    world_expect_state(w, 1, "offered");
    assert_int_equal(world_ask(w, 1), 112);
    assert_int_equal(world_ask(w, 2), 113);
}

/* A limit on file sizes stands for a full disk: the commit fails, so nobody is told "done" and memory stays.
 */
static void failed_commit_is_told_and_changes_nothing(void **state)
{
    struct world *w = *state;
    struct rlimit before, none;

    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    none = before;
    none.rlim_cur = 1;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    assert_int_equal(world_ask(w, 0), 0); /* answered, and nothing granted */
    assert_int_equal(world_action(w, 1, "abort"), OTTER_STORE_FULL);
    assert_int_equal(svc_trouble(w->svc), OTTER_STORE_FULL);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    world_expect_state(w, 0, "idle");
    world_expect_rollout(w, 1, "running", 1);
    assert_int_equal(world_ask(w, 0), 111);
    world_restart(w);
    world_expect_state(w, 0, "offered");
    assert_int_equal(world_ask(w, 0), 111);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup_rollout, world_teardown)
        T(restart_keeps_everything),
        T(second_server_on_the_same_directory_is_refused),
        T(damaged_database_is_refused),
        T(server_that_was_killed_has_every_page_checked),
        T(damage_met_by_a_server_is_told_at_the_next_start),
        T(poll_interval_has_a_floor),
        T(failed_commit_is_told_and_changes_nothing),
        T(killed_server_has_lost_nothing_it_answered),
#undef T
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
