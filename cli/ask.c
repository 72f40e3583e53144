#include "ask.h"

#include <stdlib.h>
#include <string.h>

enum cli_exit cli_ask(struct cli *cli, const struct cli_request *request, struct cli_reply *ret,
                      char **ret_told)
{
    struct cli_request once = *request;
    FILE *err = cli->err, *told;
    bool tty = cli->err_tty;
    size_t len;
    enum cli_exit code;

    *ret_told = NULL;
    told = open_memstream(ret_told, &len);
    if (told == NULL)
        return cli_fail_memory(cli);
    once.once = true;
    cli->err = told;
    cli->err_tty = false;
    code = cli_api(cli, &once, ret);
    cli->err = err;
    cli->err_tty = tty;
    fclose(told);
    return code;
}

const char *cli_told_line(char *told)
{
    const char *what;

    told[strcspn(told, "\n")] = '\0';
    what = strstr(told, ": ");
    return what != NULL ? what + 2 : told;
}
