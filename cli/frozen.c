#include "frozen.h"

#include "parse.h"
#include "width.h"

#include <stdlib.h>

char *cli_frozen_banner(const json_t *object, bool color)
{
    const json_t *frozen = json_object_get(object, "frozen");
    json_int_t since = json_integer_value(json_object_get(frozen, "since"));
    const char *reason = json_string_value(json_object_get(frozen, "reason"));
    auto_free char *shown = cli_printable(reason != NULL ? reason : "");
    char at[CLI_TIME_STR];
    char *out = NULL;

    if (!json_is_object(frozen) || shown == NULL)
        return NULL;
    cli_time_format(since > 0 ? (uint64_t)since : 0, at);
    if (asprintf(&out, "%sFROZEN since %s: %s%s (no device is offered anything; otter server unfreeze)",
                 color ? "\033[1;33m" : "", at, shown, color ? "\033[0m" : "") < 0)
        return NULL;
    return out;
}
