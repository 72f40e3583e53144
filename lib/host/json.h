/*
 * JSON by jansson, the one place that includes it. Text that came from outside is bounded here: depth and
 * size by jansson's limits and the caller's maximum, members by the typed getters below, each of which names
 * the member and the bound in its error.
 */
#ifndef OTTER_HOST_JSON_H
#define OTTER_HOST_JSON_H

#include "host/cleanup.h"
#include "host/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void host_cleanup_json(json_t **j);
#define auto_json HOST_CLEANUP(host_cleanup_json)

/*
 * One JSON text (RFC 8259), nothing behind it, no duplicate members. NULL on error, which says line and
 * column; `what` ("body", a file's name) begins the message. The caller owns the reference.
 */
json_t *host_json_load(const char *text, size_t len, const char *what, struct host_error *err);

/* The like from a file of at most max bytes ("-": standard input). */
json_t *host_json_load_file(const char *path, size_t max, struct host_error *err);

/* Compact text, members in the order of insertion; malloc'ed, NULL when out of memory. */
char *host_json_dump(const json_t *j, size_t *ret_len);

/* The like, indented for people, with a final line feed. */
char *host_json_dump_pretty(const json_t *j, size_t *ret_len);

/* A string of any bytes: '?' stands for each that is no UTF-8. NULL when out of memory. */
json_t *host_json_text(const char *text);

enum host_json_need { HOST_JSON_REQUIRED, HOST_JSON_OPTIONAL };

/*
 * Member `name` of object `obj`. False if it is absent (when required), of another type, or out of bounds. An
 * absent optional member (or null) is true and leaves *ret as it was: set the default first. Strings are
 * borrowed from obj, hold no NUL, and have at most max_len bytes.
 */
bool host_json_get_string(const json_t *obj, const char *name, enum host_json_need need, size_t max_len,
                          const char **ret, struct host_error *err);
bool host_json_get_uint(const json_t *obj, const char *name, enum host_json_need need, uint64_t min,
                        uint64_t max, uint64_t *ret, struct host_error *err);
bool host_json_get_bool(const json_t *obj, const char *name, enum host_json_need need, bool *ret,
                        struct host_error *err);
bool host_json_get_array(const json_t *obj, const char *name, enum host_json_need need, size_t max_items,
                         json_t **ret, struct host_error *err);
bool host_json_get_object(const json_t *obj, const char *name, enum host_json_need need, json_t **ret,
                          struct host_error *err);

/* False, naming it, if obj has a member that is not in the NULL-ended list, or is no object. */
bool host_json_only(const json_t *obj, const char *const *names, struct host_error *err);

#endif
