/* One JSON value as the text of a cell. */
#include "output.h"

#include "core/bytes.h"
#include "parse.h"

#include <stdlib.h>
#include <string.h>

/* One step of a path: a member's name, or a digit for an element of an array. */
static const json_t *step_into(const json_t *item, const char *name, size_t len)
{
    if (json_is_array(item))
        return len == 1 && name[0] >= '0' && name[0] <= '9' ? json_array_get(item, (size_t)(name[0] - '0'))
                                                            : NULL;
    return json_object_getn(item, name, len);
}

/* A member may have a dot in its name: the rest of the path as a whole comes first. */
static const json_t *at_path(const json_t *item, const char *path)
{
    while (item != NULL) {
        size_t len = strcspn(path, ".");
        const json_t *whole = step_into(item, path, strlen(path));

        if (whole != NULL || path[len] == '\0')
            return whole;
        item = step_into(item, path, len);
        path += len + 1;
    }
    return NULL;
}

static char *join(char *left, const char *separator, char *right)
{
    char *out = NULL;

    if (left == NULL || right == NULL ||
        asprintf(&out, "%s%s%s", left, left[0] != '\0' ? separator : "", right) < 0)
        out = NULL;
    free(left);
    free(right);
    return out;
}

static char *number(json_int_t v, enum cli_kind kind, bool machine)
{
    char text[32];

    if (kind == CLI_KIND_TIME && v >= 0)
        cli_time_format((uint64_t)v, text);
    else if (kind == CLI_KIND_BYTES && v >= 0 && !machine)
        cli_bytes_format((uint64_t)v, text);
    else if (kind == CLI_KIND_HEX && !machine)
        snprintf(text, sizeof(text), "0x%08llx", (unsigned long long)v);
    else
        snprintf(text, sizeof(text), "%lld", (long long)v);
    return strdup(text);
}

static char *value(const json_t *v, enum cli_kind kind, bool machine);

/* Where objects stand one behind the other in a line. */
static char *bracketed(char *text)
{
    char *out = NULL;

    if (text == NULL || asprintf(&out, "(%s)", text) < 0)
        out = NULL;
    free(text);
    return out;
}

/* How far a phase reaches is a position in the order that devices are drawn in. */
static bool is_hidden(const char *name, enum cli_kind kind, bool machine)
{
    return kind == CLI_KIND_DETAIL && !machine && strcmp(name, "upto") == 0;
}

static char *array(const json_t *v, enum cli_kind kind, bool machine)
{
    char *out = strdup("");
    const json_t *item;
    size_t i;

    json_array_foreach(v, i, item)
    {
        char *text = value(item, kind, machine);

        out = join(out, machine ? ";" : ", ", kind == CLI_KIND_DETAIL && !machine ? bracketed(text) : text);
    }
    return out;
}

/* "A  0x08020000  20.2 KiB  f5752ee0..." */
static char *image(const json_t *v)
{
    const char *slot = json_string_value(json_object_get(v, "slot"));
    const char *digest = json_string_value(json_object_get(v, "sha256"));
    auto_free char *link = number(json_integer_value(json_object_get(v, "link")), CLI_KIND_HEX, false);
    auto_free char *size = number(json_integer_value(json_object_get(v, "size")), CLI_KIND_BYTES, false);
    char *out = NULL;

    if (link == NULL || size == NULL ||
        asprintf(&out, "%s  %s  %s  %s", slot != NULL ? slot : "?", link, size,
                 digest != NULL ? digest : "?") < 0)
        return NULL;
    return out;
}

/* "operator:thermo", and "operator" for everything: as --role takes it. */
static char *grant(const json_t *v)
{
    const char *role = json_string_value(json_object_get(v, "role"));
    const char *product = json_string_value(json_object_get(v, "product"));
    bool all = product == NULL || strcmp(product, "*") == 0;
    char *out = NULL;

    return asprintf(&out, "%s%s%s", role != NULL ? role : "?", all ? "" : ":", all ? "" : product) < 0 ? NULL
                                                                                                       : out;
}

static char *object(const json_t *v, enum cli_kind kind, bool machine)
{
    char *out = strdup("");

    for (void *i = json_object_iter((json_t *)(uintptr_t)v); i != NULL;
         i = json_object_iter_next((json_t *)(uintptr_t)v, i)) {
        const char *key = json_object_iter_key(i);

        if (!is_hidden(key, kind, machine))
            out = join(out, machine ? ";" : ", ",
                       join(strdup(key), "=", value(json_object_iter_value(i), kind, machine)));
    }
    return out;
}

static char *value(const json_t *v, enum cli_kind kind, bool machine)
{
    const char *text = json_string_value(v);

    if (text != NULL)
        return kind == CLI_KIND_SHORT && !machine ? strndup(text, 12) : strdup(text);
    if (json_is_integer(v))
        return number(json_integer_value(v), kind, machine);
    if (json_is_boolean(v))
        return strdup(machine ? (json_is_true(v) ? "true" : "false") : (json_is_true(v) ? "yes" : "no"));
    if (json_is_array(v))
        return array(v, kind, machine);
    if (json_is_object(v) && kind == CLI_KIND_IMAGE && !machine)
        return image(v);
    if (json_is_object(v) && kind == CLI_KIND_GRANT)
        return grant(v);
    if (json_is_object(v))
        return object(v, kind, machine);
    if (json_is_real(v))
        return json_dumps(v, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15)); /* as the server writes it */
    return strdup("");
}

char *cli_cell(const json_t *item, const struct cli_column *column, bool machine)
{
    return value(at_path(item, column->path), column->kind, machine);
}

void cli_put_string(json_t *o, const char *name, const char *text)
{
    json_object_set_new(o, name, json_string(text));
}

void cli_put_uint(json_t *o, const char *name, uint64_t v)
{
    json_object_set_new(o, name, json_integer((json_int_t)v));
}

void cli_put_hex(json_t *o, const char *name, const struct otter_digest *digest)
{
    char hex[OTTER_DIGEST_HEX + 1];

    otter_hex_encode(digest->b, sizeof(digest->b), hex);
    cli_put_string(o, name, hex);
}

void cli_put_kid(json_t *o, const char *name, const struct otter_digest *kid)
{
    char text[CLI_KID_STR];

    cli_kid_format(kid, text);
    cli_put_string(o, name, text);
}

void cli_put_version(json_t *o, const char *name, const struct otter_version *version)
{
    char text[OTTER_VERSION_STR];

    otter_version_format(version, text);
    cli_put_string(o, name, text);
}
