#include "cli.h"

#include "host/cleanup.h"
#include "verbs.h"
#include "width.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static void begin(struct cli *cli)
{
    /* A progress bar may stand on the line. */
    fprintf(cli->err, "%sotter", cli->err_tty ? "\r\033[K" : "");
    if (cli->verb != NULL)
        fprintf(cli->err, " %s %s", cli->verb->noun, cli->verb->name);
    fputs(": ", cli->err);
}

static void put_safe(FILE *to, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

/* The text may hold a server's words: of these a terminal must obey nothing. Line feeds are ours. */
static void put_safe(FILE *to, const char *fmt, va_list ap)
{
    auto_free char *text = NULL, *shown = NULL;
    char *rest, *line;

    if (vasprintf(&text, fmt, ap) < 0) {
        text = NULL;
        return;
    }
    for (rest = text; (line = strsep(&rest, "\n")) != NULL;) {
        free(shown);
        shown = cli_printable(line);
        fprintf(to, "%s%s", shown != NULL ? shown : "", rest != NULL ? "\n" : "");
    }
}

enum cli_exit cli_fail(struct cli *cli, enum cli_exit code, const char *fmt, ...)
{
    va_list ap;

    begin(cli);
    va_start(ap, fmt);
    put_safe(cli->err, fmt, ap);
    va_end(ap);
    fputc('\n', cli->err);
    return code;
}

static enum cli_exit exit_of(enum host_error_kind kind)
{
    switch (kind) {
    case HOST_ERROR_FILE:
    case HOST_ERROR_EXISTS:
        return CLI_FILE;
    case HOST_ERROR_CONNECT:
    case HOST_ERROR_TLS:
    case HOST_ERROR_TIMEOUT:
    case HOST_ERROR_NETWORK:
        return CLI_UNREACHABLE;
    case HOST_ERROR_NONE:
    case HOST_ERROR_FORMAT:
    case HOST_ERROR_CRYPTO:
    case HOST_ERROR_CANCELLED:
    case HOST_ERROR_MEMORY:
    case HOST_ERROR_INTERNAL:
        break;
    }
    return CLI_REFUSED;
}

enum cli_exit cli_fail_error(struct cli *cli, const struct host_error *error)
{
    return cli_fail(cli, exit_of(error->kind), "%s", error->message);
}

enum cli_exit cli_fail_status(struct cli *cli, const char *place, enum otter_status status)
{
    return cli_fail(cli, CLI_REFUSED, "%s: %s: %s", place, otter_status_name(status),
                    otter_status_meaning(status));
}

enum cli_exit cli_fail_memory(struct cli *cli)
{
    return cli_fail(cli, CLI_REFUSED, "out of memory");
}

void cli_note(struct cli *cli, const char *fmt, ...)
{
    FILE *to = cli->format == CLI_FORMAT_TABLE ? cli->out : cli->err;
    va_list ap;

    va_start(ap, fmt);
    put_safe(to, fmt, ap);
    va_end(ap);
    fputc('\n', to);
}
