/* Configuration files: each key told once, in order, on a line that is there; or an error that names the
 * place. */
#include "fuzz.h"

#include "host/ini.h"

#include <stdio.h>

struct counter {
    struct host_ini_visitor visitor;
    unsigned last, lines;
};

static bool visit(struct host_ini_visitor *self, const char *section, const char *key, const char *value,
                  unsigned line, struct host_error *err)
{
    struct counter *c = (struct counter *)self; /* its first member */

    (void)err;
    MUST(section != NULL && key != NULL && value != NULL && key[0] != '\n');
    MUST(strlen(section) <= HOST_INI_LINE_MAX && strlen(key) + strlen(value) <= HOST_INI_LINE_MAX);
    MUST(line > c->last && line <= c->lines);
    c->last = line;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct counter c = {{visit}, 0, 1};
    struct host_error err = {0};

    for (size_t i = 0; i < size; i++)
        c.lines += data[i] == '\n';
    if (!host_ini_parse((const char *)data, size, "f", &c.visitor, &err))
        MUST(strncmp(err.message, "f", 1) == 0);
    return 0;
}
