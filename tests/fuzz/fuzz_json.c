/*
 * The tokens of any accepted document nest as they should, and all of them can be read. jansson, by which the
 * server reads, accepts the same documents and finds the same in them, but for the bounds of either.
 */
#include "fuzz.h"

#include "core/json.h"

#include <jansson.h>

static void read_token(const struct otter_json *json, unsigned i)
{
    const struct otter_json_token *t = &json->token[i];
    char text[64];
    uint8_t bytes[16];
    uint64_t value;

    MUST(t->start <= t->end && t->end <= json->len);
    MUST(t->next > i && t->next <= json->count);
    for (unsigned inside = i + 1; inside < t->next; inside++)
        MUST(json->token[inside].end <= t->end && json->token[inside].next <= t->next);
    otter_json_text(json, i, text, sizeof(text));
    MUST(strlen(text) < sizeof(text));
    if (otter_json_string(json, i, text, sizeof(text)))
        MUST(strlen(text) == (size_t)(t->end - t->start) && strchr(text, '\\') == NULL);
    if (otter_json_uint(json, i, 1000, &value))
        MUST(value <= 1000);
    (void)otter_json_b64(json, i, bytes, sizeof(bytes));
    (void)otter_json_hex(json, i, bytes, sizeof(bytes));
}

/* ---- against jansson ---- */

static bool is_plain_string(const struct otter_json *json, unsigned i, const char *text, size_t len)
{
    const struct otter_json_token *t = &json->token[i];

    return (size_t)(t->end - t->start) == len && memcmp(json->text + t->start, text, len) == 0;
}

static void same_number(const struct otter_json *json, unsigned i, const json_t *value)
{
    uint64_t n;

    MUST(json->token[i].type == OTTER_JSON_NUMBER);
    if (otter_json_uint(json, i, INT64_MAX, &n))
        MUST(json_is_integer(value) && json_integer_value(value) == (json_int_t)n);
    else
        MUST(!json_is_integer(value) || json->text[json->token[i].start] == '-');
}

/* Anything but objects and arrays. What escapes stand for is jansson's own affair. */
static void same_scalar(const struct otter_json *json, unsigned i, const json_t *value)
{
    const struct otter_json_token *t = &json->token[i];

    MUST(t->next == i + 1 && t->size == 0);
    if (json_is_string(value)) {
        MUST(t->type == OTTER_JSON_STRING);
        MUST(t->escaped || is_plain_string(json, i, json_string_value(value), json_string_length(value)));
    } else if (json_is_number(value)) {
        same_number(json, i, value);
    } else if (json_is_null(value)) {
        MUST(t->type == OTTER_JSON_NULL && t->end - t->start == 4);
    } else {
        MUST(t->type == OTTER_JSON_BOOL && t->end - t->start == (json_is_true(value) ? 4 : 5));
    }
}

/* NOLINTNEXTLINE(misc-no-recursion): no deeper than OTTER_JSON_DEPTH */
static void same_value(const struct otter_json *json, unsigned i, json_t *value)
{
    const struct otter_json_token *t = &json->token[i];
    unsigned at = i + 1;
    const char *key;
    json_t *inside;
    size_t n;

    if (json_is_object(value)) {
        MUST(t->type == OTTER_JSON_OBJECT && t->size == json_object_size(value));
        /* In the order of the text. */
        json_object_foreach(value, key, inside)
        {
            MUST(json->token[at].type == OTTER_JSON_STRING && json->token[at].next == at + 1);
            MUST(json->token[at].escaped || is_plain_string(json, at, key, strlen(key)));
            same_value(json, at + 1, inside);
            at = json->token[at + 1].next;
        }
        MUST(at == t->next);
    } else if (json_is_array(value)) {
        MUST(t->type == OTTER_JSON_ARRAY && t->size == json_array_size(value));
        json_array_foreach(value, n, inside)
        {
            same_value(json, at, inside);
            at = json->token[at].next;
        }
        MUST(at == t->next);
    } else {
        same_scalar(json, i, value);
    }
}

/* Tokens that it would take, and how deep it goes: with jansson, 2,048 at most. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static void extent_of(json_t *value, unsigned depth, unsigned *tokens, unsigned *deepest)
{
    const char *key;
    json_t *inside;
    size_t n;

    ++*tokens;
    if (json_is_object(value) || json_is_array(value))
        *deepest = ++depth > *deepest ? depth : *deepest;
    json_object_foreach(value, key, inside)
    {
        ++*tokens;
        extent_of(inside, depth, tokens, deepest);
    }
    json_array_foreach(value, n, inside) extent_of(inside, depth, tokens, deepest);
}

/* Escapes for halves of characters: for us they are escapes as any other, none of which we decode. */
static bool has_surrogate(const char *text, size_t len)
{
    for (size_t i = 0; i + 3 < len; i++)
        if (memcmp(text + i, "\\u", 2) == 0 && (text[i + 2] | 0x20) == 'd' && text[i + 3] >= '8')
            return true;
    return false;
}

/* What jansson refuses although it is well-formed. */
static bool is_bound_of_jansson(const json_error_t *error, const char *text, size_t len)
{
    switch (json_error_code(error)) {
    case json_error_duplicate_key: /* it was asked to: ours are judged member by member */
    case json_error_numeric_overflow:
    case json_error_null_byte_in_key:
        return true;
    default:
        return has_surrogate(text, len);
    }
}

static void compare(const struct otter_json *json, bool accepted, const char *text, size_t len)
{
    json_error_t error;
    json_t *value = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    unsigned tokens = 0, deepest = 0;

    if (value == NULL) {
        MUST(!accepted || is_bound_of_jansson(&error, text, len));
        return;
    }
    extent_of(value, 0, &tokens, &deepest);
    if (memchr(text, '\0', len) != NULL) /* jansson passes over one behind a number or a word */
        MUST(!accepted);
    else
        MUST(accepted == (tokens <= OTTER_JSON_TOKENS && deepest <= OTTER_JSON_DEPTH));
    if (accepted)
        same_value(json, 0, value);
    json_decref(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct otter_json_field f[] = {{"a", OTTER_JSON_NUMBER, false, 0}, {"b", OTTER_JSON_OBJECT, true, 0}};
    static struct otter_json json;
    enum otter_status status = otter_json_parse(&json, (const char *)data, size);

    if (status != OTTER_TOO_LARGE)
        compare(&json, status == OTTER_OK, (const char *)data, size);
    if (status != OTTER_OK) {
        MUST(size > UINT16_MAX || json.error_at <= size);
        return 0;
    }
    MUST(json.count >= 1 && json.count <= OTTER_JSON_TOKENS && json.token[0].next == json.count);
    for (unsigned i = 0; i < json.count; i++)
        read_token(&json, i);
    for (unsigned i = 0; i < json.count; i++)
        if (otter_json_fields(&json, i, f, 2, size % 2 == 0) == OTTER_OK)
            MUST(f[0].index > i && f[0].index < json.token[i].next);
    return 0;
}
