/*
 * Structured log lines, one write(2) a line, to stderr:
 *
 *     time=2026-11-23T01:15:09.123Z level=info event=listen address=127.0.0.1 port=8480
 *
 * Values are quoted (JSON's escapes) when they hold a space, a quote, '=', a control character or nothing.
 * With HOST_LOG_JSON a line is a JSON object of the same members. Lines are cut at 2,048 bytes, at a field's
 * edge, and then say cut=1.
 *
 *     host_log(HOST_LOG_INFO, "listen", HOST_LOG_STR("address", a), HOST_LOG_INT("port", 8480));
 *     host_log(HOST_LOG_INFO, "ready");
 *
 * Any thread may log. Secrets (tokens, keys) are never logged.
 */
#ifndef OTTER_HOST_LOG_H
#define OTTER_HOST_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum host_log_level { HOST_LOG_ERROR, HOST_LOG_WARNING, HOST_LOG_INFO, HOST_LOG_DEBUG };
enum host_log_format { HOST_LOG_KEY_VALUE, HOST_LOG_JSON };

enum host_log_kind { HOST_LOG_END = 0, HOST_LOG_TEXT, HOST_LOG_SIGNED, HOST_LOG_UNSIGNED };

struct host_log_field {
    enum host_log_kind kind;
    const char *key; /* [a-z_]+ */
    const char *text;
    int64_t i;
    uint64_t u;
};

/* A NULL text is logged as "". */
#define HOST_LOG_STR(k, v)  ((struct host_log_field){.kind = HOST_LOG_TEXT, .key = (k), .text = (v)})
#define HOST_LOG_INT(k, v)  ((struct host_log_field){.kind = HOST_LOG_SIGNED, .key = (k), .i = (v)})
#define HOST_LOG_UINT(k, v) ((struct host_log_field){.kind = HOST_LOG_UNSIGNED, .key = (k), .u = (v)})

/* event ([a-z-]+) and any number of fields. */
#define host_log(level, ...)                                                                                 \
    host_log_fields((level), (const struct host_log_field[]){HOST_LOG_EVENT_(__VA_ARGS__, HOST_LOG_LAST_)})
#define HOST_LOG_LAST_              ((struct host_log_field){.kind = HOST_LOG_END})
#define HOST_LOG_EVENT_(event, ...) HOST_LOG_STR("event", (event)), __VA_ARGS__

/* The function behind the macro: fields end with one of kind HOST_LOG_END. */
void host_log_fields(enum host_log_level level, const struct host_log_field *fields);

/* For the whole process; call before threads start. Lines less urgent than `max` are dropped (default: info).
 */
void host_log_setup(enum host_log_level max, enum host_log_format format, int fd);

/* The level alone, at any time, from any thread. */
void host_log_set_level(enum host_log_level max);

/* True if a line of this level would be written: for values that are costly to compute. */
bool host_log_wanted(enum host_log_level level);

/* "error", "warning", "info", "debug" / "key-value", "json"; false, and *ret untouched, on another word. */
bool host_log_level_parse(const char *s, enum host_log_level *ret);
bool host_log_format_parse(const char *s, enum host_log_format *ret);

/* Formats one line, with '\n' and NUL, into out; returns its length. Pure, for tests. wall_ms: Unix
 * milliseconds. */
size_t host_log_line(char *out, size_t cap, enum host_log_format format, int64_t wall_ms,
                     enum host_log_level level, const struct host_log_field *fields);

#endif
