#include "ports/mps2/options.h"

#include "port/console.h"
#include "ports/mps2/semihost.h"

#include <stddef.h>
#include <string.h>

#define COMMAND_LINE_MAX 512u

/* "fw name=value name=value": the first word is the program's name. Read once. */
static const char *command_line(void)
{
    static char line[COMMAND_LINE_MAX];
    static bool is_read;

    if (!is_read && !semihost_command_line(line, sizeof(line))) {
        console_line("options: longer than this board reads");
        line[0] = '\0';
    }
    is_read = true;
    return line;
}

const char *mps2_option_next(const char *at)
{
    const char *blank = strchr(at != NULL ? at : command_line(), ' ');

    return blank != NULL ? blank + 1 : NULL;
}

/* What follows `text` in s; NULL if s begins otherwise. */
static const char *behind(const char *s, const char *text)
{
    while (*text != '\0')
        if (*s++ != *text++)
            return NULL;
    return s;
}

bool mps2_option_is(const char *option, const char *name, const char *value)
{
    const char *rest = behind(option, name);

    if (rest == NULL || *rest != '=')
        return false;
    if (value == NULL)
        return true;
    rest = behind(rest + 1, value);
    return rest != NULL && (*rest == ' ' || *rest == '\0');
}

bool mps2_option_given(const char *name, const char *value)
{
    for (const char *at = mps2_option_next(NULL); at != NULL; at = mps2_option_next(at))
        if (mps2_option_is(at, name, value))
            return true;
    return false;
}
