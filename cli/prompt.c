#include "prompt.h"

#include "core/bytes.h"
#include "host/cleanup.h"
#include "host/crypto.h"
#include "host/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* SIGTTIN and SIGTTOU stop a job in the background before it has touched the terminal: they are left alone.
 */
static const int watched[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP};

static volatile sig_atomic_t came; /* the signal; 0: none */

static void take_down(int number)
{
    came = number;
}

/* What was before, and between the two what is watched comes while poll() waits, and at no other time: none
 * can slip in between a look at `came` and a read that waits for ever. */
struct before {
    struct sigaction action[OTTER_ARRAY_LEN(watched)];
    sigset_t mask;
};

static void watch(struct before *before)
{
    struct sigaction action = {.sa_handler = take_down};
    sigset_t ours;

    came = 0;
    (void)sigemptyset(&action.sa_mask);
    (void)sigemptyset(&ours);
    for (size_t i = 0; i < OTTER_ARRAY_LEN(watched); i++)
        (void)sigaddset(&ours, watched[i]);
    (void)sigprocmask(SIG_BLOCK, &ours, &before->mask);
    for (size_t i = 0; i < OTTER_ARRAY_LEN(watched); i++) {
        (void)sigaction(watched[i], &action, &before->action[i]);
        if (before->action[i].sa_handler == SIG_IGN)
            (void)sigaction(watched[i], &before->action[i], NULL);
    }
}

static void unwatch(const struct before *before)
{
    (void)sigprocmask(SIG_SETMASK, &before->mask, NULL); /* what waits is taken down yet */
    for (size_t i = 0; i < OTTER_ARRAY_LEN(watched); i++)
        (void)sigaction(watched[i], &before->action[i], NULL);
}

/* Up to the line's end; bytes beyond cap are read and counted, so that none is left for the shell. -1: no
 * line came, for a signal or at the terminal's end. */
static ssize_t read_line(int tty, const sigset_t *mask, char *ret, size_t cap)
{
    struct pollfd ready = {.fd = tty, .events = POLLIN};
    size_t len = 0;
    char c = 0;

    for (;;) {
        if (ppoll(&ready, 1, NULL, mask) < 0) {
            if (errno == EINTR && came == 0)
                continue;
            return -1;
        }
        if (read(tty, &c, 1) <= 0)
            return -1;
        if (c == '\n')
            break;
        if (len < cap)
            ret[len] = c;
        len++;
    }
    if (len < cap)
        ret[len] = '\0';
    return (ssize_t)len;
}

/* One question, with the echo off between the two settings. */
static ssize_t ask(int tty, const sigset_t *mask, const char *question, char *ret, size_t cap)
{
    struct termios was, quiet;
    ssize_t len = -1;

    if (tcgetattr(tty, &was) != 0)
        return -1;
    quiet = was;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
    if (tcsetattr(tty, TCSAFLUSH, &quiet) == 0 && host_write_all(tty, question, strlen(question)))
        len = read_line(tty, mask, ret, cap);
    (void)tcsetattr(tty, TCSAFLUSH, &was);
    (void)host_write_all(tty, "\n", 1);
    return len;
}

bool cli_prompt_secret(const char *question, char *ret, size_t cap, struct host_error *err)
{
    auto_close int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    struct before before;
    ssize_t len;
    int number;

    if (tty < 0)
        return host_fail(err, HOST_ERROR_FORMAT,
                         "%sthere is no terminal to ask at\nNext: --passphrase-fd N or --passphrase-file F",
                         question);
    do {
        watch(&before);
        len = ask(tty, &before.mask, question, ret, cap);
        unwatch(&before);
        number = came;
        if (number != 0) {
            host_wipe(ret, cap);
            (void)raise(number); /* as it would have been: a shell sees the program end by it, or stop */
        }
    } while (number == SIGTSTP);
    if (len > 0 && (size_t)len < cap)
        return true;
    host_wipe(ret, cap);
    return len > 0 ? host_fail(err, HOST_ERROR_FORMAT, "%sat most %zu bytes are possible", question, cap - 1)
                   : host_fail(err, HOST_ERROR_CANCELLED, "%snothing was given", question);
}
