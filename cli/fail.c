#include "cli.h"

#include "host/cleanup.h"
#include "terminal.h"
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

static char *safe_text(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));

/* The text may hold a server's words: of these a terminal must obey nothing. Line feeds are ours. malloc'ed.
 */
static char *safe_text(const char *fmt, va_list ap)
{
    auto_free char *text = NULL;
    char *rest, *line, *out = NULL;
    size_t len;
    FILE *to = open_memstream(&out, &len);

    if (to == NULL)
        return NULL;
    if (vasprintf(&text, fmt, ap) < 0)
        text = NULL; /* undefined after a failure */
    for (rest = text; (line = strsep(&rest, "\n")) != NULL;) {
        auto_free char *shown = cli_printable(line);

        fprintf(to, "%s\n", shown != NULL ? shown : "");
    }
    return fclose(to) == 0 ? out : NULL;
}

enum cli_exit cli_fail(struct cli *cli, enum cli_exit code, const char *fmt, ...)
{
    auto_free char *text = NULL;
    va_list ap;

    va_start(ap, fmt);
    text = safe_text(fmt, ap);
    va_end(ap);
    begin(cli);
    fputs(text != NULL ? text : "out of memory\n", cli->err);
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
    auto_free char *text = NULL;
    va_list ap;

    va_start(ap, fmt);
    text = safe_text(fmt, ap);
    va_end(ap);
    if (text == NULL)
        return;
    if (cli->format == CLI_FORMAT_TABLE)
        cli_put_text(cli, text);
    else
        fputs(text, cli->err);
}
