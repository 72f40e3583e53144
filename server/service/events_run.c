/*
 * The program of events.exec as a child process: no shell, its own process group, three descriptors, a bare
 * environment. One thread starts them and looks after them; nothing here waits.
 */
#include "service/events.h"

#include "core/bytes.h"
#include "host/cleanup.h"
#include "host/file.h"
#include "host/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

bool events_program_check(const char *path, struct host_error *err)
{
    struct stat st;

    if (path[0] != '/')
        return host_fail(err, HOST_ERROR_FILE, "events.exec: give the absolute path of %s", path);
    if (stat(path, &st) != 0 || access(path, X_OK) != 0)
        return host_fail_errno(err, HOST_ERROR_FILE, "events.exec: %s cannot be run", path);
    return S_ISREG(st.st_mode) || host_fail(err, HOST_ERROR_FILE, "events.exec: %s is no file", path);
}

/* The text as a file to read from its start: the child may take its time, nobody blocks on a pipe. */
static int input_of(const char *text, size_t len)
{
    auto_close int fd = memfd_create("otter-event", MFD_CLOEXEC);

    if (fd < 0 || !host_write_all(fd, text, len) || lseek(fd, 0, SEEK_SET) != 0)
        return -1;
    return host_steal_fd(&fd);
}

/* Standard input, no output, our standard error; nothing else stays open. */
static bool set_files(posix_spawn_file_actions_t *files, int input)
{
    return posix_spawn_file_actions_adddup2(files, input, STDIN_FILENO) == 0 &&
           posix_spawn_file_actions_addopen(files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0) == 0 &&
           posix_spawn_file_actions_addclosefrom_np(files, STDERR_FILENO + 1) == 0 &&
           posix_spawn_file_actions_addchdir_np(files, "/") == 0;
}

/* otterd blocks and ignores signals; its children begin with none blocked and all at their defaults. */
static bool set_attributes(posix_spawnattr_t *attr)
{
    sigset_t none, all;

    sigemptyset(&none);
    sigfillset(&all);
    sigdelset(&all, SIGKILL);
    sigdelset(&all, SIGSTOP);
    return posix_spawnattr_setsigmask(attr, &none) == 0 && posix_spawnattr_setsigdefault(attr, &all) == 0 &&
           posix_spawnattr_setpgroup(attr, 0) == 0 &&
           posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                              POSIX_SPAWN_SETPGROUP) == 0;
}

static int spawn(const char *path, const char *name, int input, pid_t *ret_pid)
{
    char program[4096], argument[64];
    char *argv[] = {program, argument, NULL};
    char search[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
         lang[] = "LANG=C.UTF-8";
    char *environment[] = {search, lang, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    int error = ENOMEM;

    (void)snprintf(program, sizeof(program), "%s", path);
    (void)snprintf(argument, sizeof(argument), "%s", name);
    if (posix_spawn_file_actions_init(&files) != 0)
        return ENOMEM;
    if (posix_spawnattr_init(&attr) != 0) {
        (void)posix_spawn_file_actions_destroy(&files);
        return ENOMEM;
    }
    if (set_files(&files, input) && set_attributes(&attr))
        error = posix_spawn(ret_pid, program, &files, &attr, argv, environment);
    (void)posix_spawnattr_destroy(&attr);
    (void)posix_spawn_file_actions_destroy(&files);
    return error;
}

bool events_programs_place(const struct events_programs *p)
{
    for (unsigned i = 0; i < EVENTS_AT_ONCE; i++)
        if (p->running[i].pid == 0)
            return true;
    return false;
}

void events_program_start(struct events_programs *p, enum svc_event_kind kind, const char *json, size_t len,
                          uint64_t now_ms)
{
    struct events_running *place = p->running;
    auto_close int input = input_of(json, len);
    int error = errno;

    while (place->pid != 0)
        place++;
    *place = (struct events_running){.kind = kind, .started_ms = now_ms};
    if (input >= 0)
        error = spawn(p->path, svc_event_name(kind), input, &place->pid);
    if (input >= 0 && error == 0)
        return;
    place->pid = 0;
    atomic_fetch_add_explicit(&p->not_started, 1, memory_order_relaxed);
    host_log(HOST_LOG_WARNING, "event-program", HOST_LOG_STR("told", svc_event_name(kind)),
             HOST_LOG_STR("program", p->path), HOST_LOG_STR("not_started", strerror(error)));
}

static void log_end(const struct events_programs *p, const struct events_running *r, int status)
{
    bool by_signal = WIFSIGNALED(status);

    host_log(HOST_LOG_WARNING, "event-program", HOST_LOG_STR("told", svc_event_name(r->kind)),
             HOST_LOG_STR("program", p->path), HOST_LOG_INT("pid", r->pid),
             HOST_LOG_INT(by_signal ? "signal" : "exit", by_signal ? WTERMSIG(status) : WEXITSTATUS(status)),
             HOST_LOG_STR("overdue", r->termed_ms ? "yes" : "no"));
}

/* Its end is known: kept, counted, and logged unless it was a good one. */
static void take_in(struct events_programs *p, struct events_running *r, int status)
{
    bool good = WIFEXITED(status) && WEXITSTATUS(status) == 0 && r->termed_ms == 0;
    _Atomic uint64_t *counter = good ? &p->succeeded : r->termed_ms ? &p->overdue : &p->failed;

    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
    if (!good)
        log_end(p, r, status);
    r->pid = 0;
}

/* Has it ended? What it left running in its group goes with it, while its own entry still keeps the number.
 */
static bool reap(pid_t pid, int *ret_status)
{
    siginfo_t info = {.si_pid = 0};

    if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != pid)
        return false;
    (void)kill(-pid, SIGKILL);
    return waitpid(pid, ret_status, 0) == pid;
}

/* To its group, and to the program itself, which may have joined another one. */
static void send_signal(pid_t pid, int number)
{
    (void)kill(-pid, number);
    if (getpgid(pid) != pid)
        (void)kill(pid, number);
}

static void ask_to_end(struct events_running *r, uint64_t now_ms)
{
    send_signal(r->pid, SIGTERM);
    r->termed_ms = now_ms ? now_ms : 1;
}

unsigned events_programs_look(struct events_programs *p, uint64_t now_ms)
{
    unsigned running = 0;

    for (unsigned i = 0; i < EVENTS_AT_ONCE; i++) {
        struct events_running *r = &p->running[i];
        int status = 0;

        if (r->pid == 0)
            continue;
        if (reap(r->pid, &status)) {
            take_in(p, r, status);
            continue;
        }
        if (r->termed_ms && now_ms - r->termed_ms >= EVENTS_KILL_MS)
            send_signal(r->pid, SIGKILL);
        else if (!r->termed_ms && now_ms - r->started_ms >= EVENTS_RUN_MS)
            ask_to_end(r, now_ms);
        running++;
    }
    return running;
}

void events_programs_end(struct events_programs *p, uint64_t now_ms)
{
    for (unsigned i = 0; i < EVENTS_AT_ONCE; i++)
        if (p->running[i].pid != 0 && !p->running[i].termed_ms)
            ask_to_end(&p->running[i], now_ms);
}
