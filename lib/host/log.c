#include "host/log.h"

#include "host/clock.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 2048u

static struct {
    _Atomic enum host_log_level max;
    enum host_log_format format;
    int fd;
} setup = {HOST_LOG_INFO, HOST_LOG_KEY_VALUE, STDERR_FILENO};

static const char *const level_name[] = {"error", "warning", "info", "debug"};
static const char *const format_name[] = {"key-value", "json"};

void host_log_setup(enum host_log_level max, enum host_log_format format, int fd)
{
    setup.max = max;
    setup.format = format;
    setup.fd = fd;
}

void host_log_set_level(enum host_log_level max)
{
    atomic_store_explicit(&setup.max, max, memory_order_relaxed);
}

bool host_log_wanted(enum host_log_level level)
{
    return level <= atomic_load_explicit(&setup.max, memory_order_relaxed);
}

static bool find(const char *s, const char *const *names, unsigned n, unsigned *ret)
{
    for (unsigned i = 0; i < n; i++) {
        if (!strcmp(s, names[i])) {
            *ret = i;
            return true;
        }
    }
    return false;
}

bool host_log_level_parse(const char *s, enum host_log_level *ret)
{
    unsigned i;

    if (!find(s, level_name, 4, &i))
        return false;
    *ret = (enum host_log_level)i;
    return true;
}

bool host_log_format_parse(const char *s, enum host_log_format *ret)
{
    unsigned i;

    if (!find(s, format_name, 2, &i))
        return false;
    *ret = (enum host_log_format)i;
    return true;
}

/* A line in the making. Text that does not fit sets full and is taken back to the last whole field. */
struct line {
    char *buf;
    size_t cap;
    size_t len;
    bool full;
};

static void put(struct line *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void put(struct line *l, const char *fmt, ...)
{
    va_list args;
    int n;

    va_start(args, fmt);
    n = vsnprintf(l->buf + l->len, l->cap - l->len, fmt, args);
    va_end(args);
    if (n < 0 || (size_t)n >= l->cap - l->len)
        l->full = true;
    else
        l->len += (size_t)n;
}

static bool needs_quotes(const char *s)
{
    if (!*s)
        return true;
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;

        if (c <= ' ' || c == '"' || c == '\\' || c == '=' || c >= 0x7f)
            return true;
    }
    return false;
}

/* JSON's escapes; bytes that are not ASCII are written as \u00XX, so that a line is always valid UTF-8. */
static void put_quoted(struct line *l, const char *s)
{
    put(l, "\"");
    for (; *s && !l->full; s++) {
        unsigned char c = (unsigned char)*s;

        if (c == '"' || c == '\\')
            put(l, "\\%c", c);
        else if (c == '\n')
            put(l, "\\n");
        else if (c < ' ' || c >= 0x7f)
            put(l, "\\u%04x", c);
        else
            put(l, "%c", c);
    }
    put(l, "\"");
}

static void put_text(struct line *l, enum host_log_format format, const char *key, const char *value)
{
    if (format == HOST_LOG_JSON)
        put(l, "%s\"%s\":", l->len ? "," : "{", key);
    else
        put(l, "%s%s=", l->len ? " " : "", key);
    if (format == HOST_LOG_JSON || needs_quotes(value))
        put_quoted(l, value);
    else
        put(l, "%s", value);
}

static void put_number(struct line *l, enum host_log_format format, const struct host_log_field *f)
{
    char text[24];

    if (f->kind == HOST_LOG_SIGNED)
        (void)snprintf(text, sizeof text, "%lld", (long long)f->i);
    else
        (void)snprintf(text, sizeof text, "%llu", (unsigned long long)f->u);
    if (format == HOST_LOG_JSON)
        put(l, ",\"%s\":%s", f->key, text);
    else
        put(l, " %s=%s", f->key, text);
}

static void format_time(int64_t wall_ms, char out[32])
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm tm = {0};
    char date[24] = "";

    (void)gmtime_r(&seconds, &tm);
    (void)strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
    (void)snprintf(out, 32, "%s.%03uZ", date, (unsigned)(wall_ms % 1000) % 1000u);
}

size_t host_log_line(char *out, size_t cap, enum host_log_format format, int64_t wall_ms,
                     enum host_log_level level, const struct host_log_field *fields)
{
    /* Room for the mark of a cut line, the closing brace, the line feed and NUL. */
    static const char cut_kv[] = " cut=1", cut_json[] = ",\"cut\":1";
    const size_t reserve = sizeof cut_json + 3;
    struct line l = {.buf = out, .cap = cap > reserve ? cap - reserve : 0};
    bool cut = false;
    char when[32];

    if (cap <= reserve + 64)
        return 0;
    format_time(wall_ms, when);
    put_text(&l, format, "time", when);
    put_text(&l, format, "level", level_name[level]);
    for (const struct host_log_field *f = fields; f->kind != HOST_LOG_END; f++) {
        size_t before = l.len;

        if (f->kind == HOST_LOG_TEXT)
            put_text(&l, format, f->key, f->text ? f->text : "");
        else
            put_number(&l, format, f);
        if (l.full) {
            l.len = before;
            cut = true;
            break;
        }
    }
    l.cap = cap;
    l.full = false;
    if (cut)
        put(&l, "%s", format == HOST_LOG_JSON ? cut_json : cut_kv);
    put(&l, "%s\n", format == HOST_LOG_JSON ? "}" : "");
    return l.len;
}

void host_log_fields(enum host_log_level level, const struct host_log_field *fields)
{
    char line[LINE_MAX_BYTES];
    int saved = errno;
    size_t len;
    ssize_t n;

    if (!host_log_wanted(level))
        return;
    len = host_log_line(line, sizeof line, setup.format, host_clock_wall_ms(), level, fields);
    do {
        n = write(setup.fd, line, len); /* a log that cannot be written is lost: there is no one to tell */
    } while (n < 0 && errno == EINTR);
    errno = saved;
}
