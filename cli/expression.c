#include "expression.h"

#include "width.h"

#include <stdlib.h>
#include <string.h>

enum cli_exit cli_expression_problem(struct cli *cli, enum cli_exit code, const struct cli_reply *reply,
                                     const char *expression)
{
    json_int_t at = json_integer_value(json_object_get(reply->json, "at"));
    auto_free char *before = NULL, *shown = NULL;

    if (code == CLI_DONE || reply->json == NULL || reply->http.status < 400 || reply->http.status >= 500)
        return code;
    code = cli_api_problem(cli, reply);
    if (expression == NULL || strcmp(cli_api_code(reply), "bad-target") != 0 || at < 0 ||
        (size_t)at > strlen(expression))
        return code;
    before = strndup(expression, (size_t)at);
    shown = cli_printable(expression);
    if (before != NULL && shown != NULL)
        fprintf(cli->err, "  %s\n  %*s^\n", shown, (int)cli_width(before), "");
    return code;
}
