#include "host/json.h"

#include "core/utf8.h"
#include "host/file.h"
#include "host/memory.h"

#include <stdlib.h>
#include <string.h>

void host_cleanup_json(json_t **j)
{
    json_decref(*j);
    *j = NULL;
}

/* What was read may lack characters: jansson drops one that it has no room for, and goes on. */
static json_t *lacks_memory(json_t *j, const char *what, struct host_error *err)
{
    json_decref(j);
    (void)host_fail(err, HOST_ERROR_MEMORY, "out of memory while reading %s", what);
    return NULL;
}

json_t *host_json_load(const char *text, size_t len, const char *what, struct host_error *err)
{
    bool before = host_memory_was_refused(), refused;
    json_error_t e;
    json_t *j;

    /* jansson passes over one behind a number or a word, and devices do not. */
    if (len && memchr(text, '\0', len)) {
        (void)host_fail(err, HOST_ERROR_FORMAT, "%s is not valid JSON: a NUL byte in it", what);
        return NULL;
    }
    j = json_loadb(text, len, JSON_REJECT_DUPLICATES, &e);
    refused = host_memory_was_refused();
    if (before || refused)
        host_memory_refused();
    if (refused)
        return lacks_memory(j, what, err);
    if (!j)
        (void)host_fail(err, HOST_ERROR_FORMAT, "%s is not valid JSON at line %d, column %d: %s", what,
                        e.line, e.column, e.text);
    return j;
}

json_t *host_json_load_file(const char *path, size_t max, struct host_error *err)
{
    auto_free char *text = NULL;
    size_t len;

    if (!host_file_read(path, max, &text, &len, err))
        return NULL;
    return host_json_load(text, len, path, err);
}

static char *dump(const json_t *j, size_t flags, size_t *ret_len)
{
    /* Fifteen digits: 0.067 is written as it was meant. */
    char *text = json_dumps(j, flags | JSON_PRESERVE_ORDER | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));

    if (text && ret_len)
        *ret_len = strlen(text);
    return text;
}

char *host_json_dump(const json_t *j, size_t *ret_len)
{
    return dump(j, JSON_COMPACT, ret_len);
}

char *host_json_dump_pretty(const json_t *j, size_t *ret_len)
{
    auto_free char *text = dump(j, JSON_INDENT(2), NULL);
    size_t len;
    char *grown;

    if (!text)
        return NULL;
    len = strlen(text);
    grown = realloc(text, len + 2);
    if (!grown)
        return NULL;
    text = grown;
    text[len] = '\n';
    text[len + 1] = '\0';
    if (ret_len)
        *ret_len = len + 1;
    return HOST_STEAL(text);
}

json_t *host_json_text(const char *text)
{
    size_t len = strlen(text);
    auto_free char *clean = strdup(text);

    for (size_t at = 0; clean && at < len;) {
        unsigned bytes = otter_utf8_char(text + at, len - at);

        if (bytes == 0)
            clean[at] = '?';
        at += bytes ? bytes : 1;
    }
    return clean ? json_string(clean) : NULL;
}

/* *ret is the member, or NULL if it is absent and may be. */
static bool member(const json_t *obj, const char *name, enum host_json_need need, json_t **ret,
                   struct host_error *err)
{
    json_t *m = NULL;

    if (!json_is_object(obj))
        return host_fail(err, HOST_ERROR_FORMAT, "a JSON object with '%s' was expected", name);
    m = json_object_get(obj, name);
    if (json_is_null(m))
        m = NULL;
    if (!m && need == HOST_JSON_REQUIRED)
        return host_fail(err, HOST_ERROR_FORMAT, "'%s' is missing", name);
    *ret = m;
    return true;
}

bool host_json_get_string(const json_t *obj, const char *name, enum host_json_need need, size_t max_len,
                          const char **ret, struct host_error *err)
{
    json_t *m = NULL;

    if (!member(obj, name, need, &m, err))
        return false;
    if (!m)
        return true;
    if (!json_is_string(m))
        return host_fail(err, HOST_ERROR_FORMAT, "'%s' must be a string", name);
    if (json_string_length(m) > max_len)
        return host_fail(err, HOST_ERROR_FORMAT, "'%s' is longer than %zu bytes", name, max_len);
    *ret = json_string_value(m); /* holds no NUL: jansson refuses \u0000 without JSON_ALLOW_NUL */
    return true;
}

bool host_json_get_uint(const json_t *obj, const char *name, enum host_json_need need, uint64_t min,
                        uint64_t max, uint64_t *ret, struct host_error *err)
{
    json_t *m = NULL;

    if (!member(obj, name, need, &m, err))
        return false;
    if (!m)
        return true;
    if (!json_is_integer(m) || json_integer_value(m) < 0 || (uint64_t)json_integer_value(m) < min ||
        (uint64_t)json_integer_value(m) > max)
        return host_fail(err, HOST_ERROR_FORMAT, "'%s' must be an integer from %llu to %llu", name,
                         (unsigned long long)min, (unsigned long long)max);
    *ret = (uint64_t)json_integer_value(m);
    return true;
}

bool host_json_get_bool(const json_t *obj, const char *name, enum host_json_need need, bool *ret,
                        struct host_error *err)
{
    json_t *m = NULL;

    if (!member(obj, name, need, &m, err))
        return false;
    if (!m)
        return true;
    if (!json_is_boolean(m))
        return host_fail(err, HOST_ERROR_FORMAT, "'%s' must be true or false", name);
    *ret = json_is_true(m);
    return true;
}

bool host_json_get_array(const json_t *obj, const char *name, enum host_json_need need, size_t max_items,
                         json_t **ret, struct host_error *err)
{
    json_t *m = NULL;

    if (!member(obj, name, need, &m, err))
        return false;
    if (!m)
        return true;
    if (!json_is_array(m) || json_array_size(m) > max_items)
        return host_fail(err, HOST_ERROR_FORMAT, "'%s' must be an array of at most %zu items", name,
                         max_items);
    *ret = m;
    return true;
}

bool host_json_get_object(const json_t *obj, const char *name, enum host_json_need need, json_t **ret,
                          struct host_error *err)
{
    json_t *m = NULL;

    if (!member(obj, name, need, &m, err))
        return false;
    if (!m)
        return true;
    if (!json_is_object(m))
        return host_fail(err, HOST_ERROR_FORMAT, "'%s' must be an object", name);
    *ret = m;
    return true;
}

static bool listed(const char *name, const char *const *names)
{
    for (; *names; names++) {
        if (!strcmp(name, *names))
            return true;
    }
    return false;
}

bool host_json_only(const json_t *obj, const char *const *names, struct host_error *err)
{
    if (!json_is_object(obj))
        return host_fail(err, HOST_ERROR_FORMAT, "a JSON object was expected");
    /* jansson's iterator changes nothing in the object, but its prototype does not say so. */
    json_t *shared = json_incref((json_t *)(uintptr_t)obj);
    bool ok = true;

    for (void *it = json_object_iter(shared); it && ok; it = json_object_iter_next(shared, it)) {
        const char *name = json_object_iter_key(it);

        if (!listed(name, names))
            ok = host_fail(err, HOST_ERROR_FORMAT, "'%.64s' is not a member known here", name);
    }
    json_decref(shared);
    return ok;
}
