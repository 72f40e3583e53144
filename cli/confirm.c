#include "confirm.h"

#include <strings.h>
#include <unistd.h>

bool cli_can_ask(const struct cli *cli)
{
    return cli->err_tty && isatty(STDIN_FILENO) == 1;
}

static bool is_yes(const char *answer)
{
    return strcasecmp(answer, "y\n") == 0 || strcasecmp(answer, "yes\n") == 0;
}

enum cli_exit cli_confirm(struct cli *cli, const char *question)
{
    char answer[16];

    fprintf(cli->err, "%s [y/N] ", question);
    fflush(cli->err);
    if (fgets(answer, sizeof(answer), stdin) != NULL && is_yes(answer))
        return CLI_DONE;
    return cli_fail(cli, CLI_REFUSED, "nothing was changed");
}
