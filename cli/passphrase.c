#include "passphrase.h"

#include "core/bytes.h"
#include "host/cleanup.h"
#include "host/crypto.h"
#include "host/file.h"
#include "parse.h"
#include "prompt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FD_MAX   65535u
#define FILE_MAX 4096u /* of which the first line counts */

/* One line, byte for byte, so that a second one can be read by who comes after. */
static bool read_fd(int fd, char ret[HOST_PASSPHRASE_MAX], struct host_error *err)
{
    size_t len = 0;

    for (;;) {
        ssize_t n = read(fd, ret + len, 1);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return host_fail_errno(err, HOST_ERROR_FILE, "--passphrase-fd %d", fd);
        if (n == 0 || ret[len] == '\n')
            break;
        if (++len == HOST_PASSPHRASE_MAX)
            return host_fail(err, HOST_ERROR_FORMAT, "--passphrase-fd %d: at most %u bytes are possible", fd,
                             HOST_PASSPHRASE_MAX - 1);
    }
    ret[len] = '\0';
    return true;
}

static bool read_file(const char *path, char ret[HOST_PASSPHRASE_MAX], struct host_error *err)
{
    auto_free char *text = NULL;
    size_t all = 0, len;

    if (!host_file_read_private(path, FILE_MAX, &text, &all, err))
        return false;
    len = strcspn(text, "\n");
    if (len < HOST_PASSPHRASE_MAX) {
        memcpy(ret, text, len);
        ret[len] = '\0';
    }
    host_wipe(text, all);
    return len < HOST_PASSPHRASE_MAX ||
           host_fail(err, HOST_ERROR_FORMAT, "%s: at most %u bytes are possible in its first line", path,
                     HOST_PASSPHRASE_MAX - 1);
}

/* Once; afterwards it is kept: a token may want its PIN at login and at each signature. */
static bool read_once(struct cli_passphrase *p, struct host_error *err)
{
    uint64_t fd = 0;
    bool ok;

    if (p->kept != NULL)
        return true;
    p->kept = calloc(1, HOST_PASSPHRASE_MAX);
    if (p->kept == NULL)
        return host_fail(err, HOST_ERROR_MEMORY, "out of memory");
    if (p->fd_option != NULL)
        ok = cli_parse_number(p->fd_option, FD_MAX, false, &fd) && read_fd((int)fd, p->kept, err);
    else
        ok = read_file(p->file_option, p->kept, err);
    if (ok && p->kept[0] == '\0')
        ok = host_fail(err, HOST_ERROR_FORMAT, "%s %s holds no passphrase: its first line is empty",
                       p->fd_option != NULL ? "descriptor" : "file",
                       p->fd_option != NULL ? p->fd_option : p->file_option);
    if (!ok) { /* half a secret is a secret, too */
        host_wipe(p->kept, HOST_PASSPHRASE_MAX);
        free(p->kept);
        p->kept = NULL;
    }
    return ok;
}

static bool is_prompt(const struct cli_passphrase *p)
{
    return p->fd_option == NULL && p->file_option == NULL;
}

static bool ask(struct host_passphrase *self, const char *what, unsigned attempt,
                char ret[HOST_PASSPHRASE_MAX], struct host_error *err)
{
    struct cli_passphrase *p = OTTER_CONTAINER_OF(self, struct cli_passphrase, ask);
    char question[512];

    if (is_prompt(p)) {
        (void)snprintf(question, sizeof(question), "%s%s of %.400s: ", attempt > 0 ? "Wrong. " : "",
                       strncmp(what, "token ", 6) == 0 ? "PIN" : "Passphrase", what);
        return cli_prompt_secret(question, ret, HOST_PASSPHRASE_MAX, err);
    }
    if (!read_once(p, err))
        return false;
    memcpy(ret, p->kept, HOST_PASSPHRASE_MAX);
    return true;
}

/* By the options --<prefix>passphrase-fd and -file. */
static enum cli_exit begin(struct cli *cli, const char *prefix, struct cli_passphrase *ret)
{
    char fd[32], file[32];
    uint64_t number;

    (void)snprintf(fd, sizeof(fd), "%spassphrase-fd", prefix);
    (void)snprintf(file, sizeof(file), "%spassphrase-file", prefix);
    *ret = (struct cli_passphrase){.ask = {.ask = ask},
                                   .cli = cli,
                                   .fd_option = cli_arg(cli->args, fd),
                                   .file_option = cli_arg(cli->args, file)};
    ret->ask.tries = is_prompt(ret) ? CLI_PASSPHRASE_TRIES : 1;
    if (ret->fd_option != NULL && ret->file_option != NULL)
        return cli_fail(cli, CLI_USAGE, "give either --%s or --%s", fd, file);
    if (ret->fd_option != NULL && !cli_parse_number(ret->fd_option, FD_MAX, false, &number))
        return cli_fail(cli, CLI_USAGE, "--%s %s: expected the number of an open descriptor", fd,
                        ret->fd_option);
    return CLI_DONE;
}

enum cli_exit cli_passphrase_begin_new(struct cli *cli, struct cli_passphrase *ret)
{
    return begin(cli, "new-", ret);
}

enum cli_exit cli_passphrase_of(struct cli *cli, struct cli_passphrase **ret)
{
    enum cli_exit code = CLI_DONE;

    if (cli->passphrase == NULL) {
        cli->passphrase = calloc(1, sizeof(*cli->passphrase));
        if (cli->passphrase == NULL)
            return cli_fail_memory(cli);
        code = begin(cli, "", cli->passphrase);
    }
    *ret = cli->passphrase;
    return code;
}

void cli_passphrase_close(struct cli *cli)
{
    if (cli->passphrase != NULL)
        cli_passphrase_end(cli->passphrase);
    free(cli->passphrase);
    cli->passphrase = NULL;
}

void cli_passphrase_end(struct cli_passphrase *p)
{
    if (p->kept == NULL)
        return;
    host_wipe(p->kept, HOST_PASSPHRASE_MAX);
    free(p->kept);
    p->kept = NULL;
}

/* At the terminal nobody sees a slip of the finger. */
static enum cli_exit type_twice(struct cli *cli, const char *what, char ret[HOST_PASSPHRASE_MAX])
{
    char question[512], again[HOST_PASSPHRASE_MAX];
    struct host_error err = {0};
    bool same;

    (void)snprintf(question, sizeof(question), "New passphrase of %.400s: ", what);
    if (!cli_prompt_secret(question, ret, HOST_PASSPHRASE_MAX, &err))
        return cli_fail_error(cli, &err);
    if (strlen(ret) < CLI_PASSPHRASE_LEAST)
        return CLI_DONE; /* refused by who asked: why type it again? */
    if (!cli_prompt_secret("The same again: ", again, sizeof(again), &err))
        return cli_fail_error(cli, &err);
    same = strcmp(ret, again) == 0;
    host_wipe(again, sizeof(again));
    return same ? CLI_DONE : cli_fail(cli, CLI_REFUSED, "the two passphrases differ: nothing was changed");
}

enum cli_exit cli_passphrase_new(struct cli_passphrase *p, const char *what, char ret[HOST_PASSPHRASE_MAX])
{
    struct host_error err = {0};
    enum cli_exit code = CLI_DONE;

    if (is_prompt(p))
        code = type_twice(p->cli, what, ret);
    else if (!p->ask.ask(&p->ask, what, 0, ret, &err))
        code = cli_fail_error(p->cli, &err);
    if (code == CLI_DONE && strlen(ret) < CLI_PASSPHRASE_LEAST)
        code = cli_fail(p->cli, CLI_REFUSED, "a new passphrase has at least %u bytes: nothing was changed",
                        CLI_PASSPHRASE_LEAST);
    if (code != CLI_DONE)
        host_wipe(ret, HOST_PASSPHRASE_MAX);
    return code;
}
