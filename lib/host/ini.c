#include "host/ini.h"

#include "host/cleanup.h"
#include "host/file.h"

#include <ini.h>
#include <string.h>

#define INI_FILE_MAX (1u << 20)

/* Debian's libinih gives its handler no line number: the reader below counts, since a line is handled as it
 * is read. */
struct reading {
    const char *at;
    const char *end;
    const char *what;
    unsigned line;
    bool failed;
    struct host_ini_visitor *visitor;
    struct host_error *err;
};

static char *stop(struct reading *r, const char *message)
{
    (void)host_fail(r->err, HOST_ERROR_FORMAT, "%s:%u: %s", r->what, r->line, message);
    r->failed = true;
    return NULL;
}

static bool continues(const char *line, size_t len)
{
    size_t i = 0;

    while (i < len && (line[i] == ' ' || line[i] == '\t'))
        i++;
    return i > 0 && i < len && line[i] != '\r' && line[i] != '\n' && !strchr(";#[", line[i]);
}

static char *next_line(char *str, int num, void *stream)
{
    struct reading *r = stream;
    const char *feed;
    size_t len;

    if (r->failed || r->at == r->end)
        return NULL;
    feed = memchr(r->at, '\n', (size_t)(r->end - r->at));
    len = (size_t)((feed ? feed + 1 : r->end) - r->at);
    r->line++;
    if (memchr(r->at, '\0', len))
        return stop(r, "a NUL byte: this is no text file");
    if (len > HOST_INI_LINE_MAX || len >= (size_t)num)
        return stop(r, "the line is longer than 190 bytes");
    if (continues(r->at, len))
        return stop(r, "the line begins with a space: values cannot be continued, keys begin at the margin");
    memcpy(str, r->at, len);
    str[len] = '\0';
    r->at += len;
    return str;
}

static int handle(void *user, const char *section, const char *name, const char *value)
{
    struct reading *r = user;

    if (r->failed)
        return 0;
    if (r->visitor->visit(r->visitor, section, name, value, r->line, r->err))
        return 1;
    r->failed = true;
    (void)host_error_prefix(r->err, "%s:%u", r->what, r->line);
    return 0;
}

bool host_ini_parse(const char *text, size_t len, const char *what, struct host_ini_visitor *visitor,
                    struct host_error *err)
{
    struct reading r = {.at = text, .end = text + len, .what = what, .visitor = visitor, .err = err};
    int wrong;

    ini_allow_multiline = false;
    ini_stop_on_first_error = true;
    wrong = ini_parse_stream(next_line, &r, handle, &r);
    if (r.failed)
        return false;
    if (wrong)
        return host_fail(err, HOST_ERROR_FORMAT, "%s:%d: neither [section], key = value nor comment", what,
                         wrong > 0 ? wrong : (int)r.line);
    return true;
}

bool host_ini_parse_file(const char *path, struct host_ini_visitor *visitor, struct host_error *err)
{
    auto_free char *text = NULL;
    size_t len;

    return host_file_read(path, INI_FILE_MAX, &text, &len, err) &&
           host_ini_parse(text, len, path, visitor, err);
}
