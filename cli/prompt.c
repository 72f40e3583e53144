#include "prompt.h"

#include "core/bytes.h"
#include "host/cleanup.h"
#include "host/crypto.h"
#include "host/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static const int watched[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP, SIGTTIN, SIGTTOU};

static volatile sig_atomic_t came; /* the signal; 0: none */

static void take_down(int number)
{
    came = number;
}

static void watch(struct sigaction was[])
{
    struct sigaction action = {.sa_handler = take_down}; /* without SA_RESTART: the read ends */

    came = 0;
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < OTTER_ARRAY_LEN(watched); i++) {
        (void)sigaction(watched[i], &action, &was[i]);
        if (was[i].sa_handler == SIG_IGN)
            (void)sigaction(watched[i], &was[i], NULL);
    }
}

static void unwatch(const struct sigaction was[])
{
    for (size_t i = 0; i < OTTER_ARRAY_LEN(watched); i++)
        (void)sigaction(watched[i], &was[i], NULL);
}

/* Up to the line's end; bytes beyond cap are read and counted, so that none is left for the shell. -1: no
 * line came, for a signal or at the terminal's end. */
static ssize_t read_line(int tty, char *ret, size_t cap)
{
    size_t len = 0;
    char c;

    for (;;) {
        ssize_t n = read(tty, &c, 1);

        if (n < 0 && errno == EINTR && came == 0)
            continue;
        if (n <= 0)
            return -1;
        if (c == '\n')
            break;
        if (len < cap)
            ret[len] = c;
        len++;
    }
    c = 0;
    if (len < cap)
        ret[len] = '\0';
    return (ssize_t)len;
}

/* One question, with the echo off between the two settings. */
static ssize_t ask(int tty, const char *question, char *ret, size_t cap)
{
    struct termios was, quiet;
    ssize_t len = -1;

    if (tcgetattr(tty, &was) != 0)
        return -1;
    quiet = was;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
    while (tcsetattr(tty, TCSAFLUSH, &quiet) != 0 && errno == EINTR && came == 0)
        ;
    if (came == 0 && host_write_all(tty, question, strlen(question)))
        len = read_line(tty, ret, cap);
    while (tcsetattr(tty, TCSAFLUSH, &was) != 0 && errno == EINTR)
        ;
    (void)host_write_all(tty, "\n", 1);
    return len;
}

static bool is_stop(int number)
{
    return number == SIGTSTP || number == SIGTTIN || number == SIGTTOU;
}

bool cli_prompt_secret(const char *question, char *ret, size_t cap, struct host_error *err)
{
    auto_close int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    struct sigaction was[OTTER_ARRAY_LEN(watched)];
    ssize_t len;
    int number;

    if (tty < 0)
        return host_fail(err, HOST_ERROR_FORMAT,
                         "%sthere is no terminal to ask at\nNext: --passphrase-fd N or --passphrase-file F",
                         question);
    do {
        watch(was);
        len = ask(tty, question, ret, cap);
        unwatch(was);
        number = came;
        if (number != 0) {
            host_wipe(ret, cap);
            (void)raise(number); /* as it would have been: a shell sees the program end by it, or stop */
        }
    } while (is_stop(number));
    if (len > 0 && (size_t)len < cap)
        return true;
    host_wipe(ret, cap);
    return len > 0 ? host_fail(err, HOST_ERROR_FORMAT, "%sat most %zu bytes are possible", question, cap - 1)
                   : host_fail(err, HOST_ERROR_CANCELLED, "%snothing was given", question);
}
