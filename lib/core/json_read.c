#include "core/bytes.h"
#include "core/json.h"
#include "core/utf8.h"

#include <string.h>

static size_t token_len(const struct otter_json_token *t)
{
    return (size_t)(t->end - t->start); /* the parser sees to start <= end */
}

/* Most names differ in their first character. What was parsed holds no NUL, so a name's end differs, too. */
static bool token_is(const struct otter_json *json, const struct otter_json_token *t, const char *name)
{
    const char *text = json->text + t->start;
    size_t len = token_len(t), n = 0;

    while (n < len && text[n] == name[n])
        n++;
    return n == len && name[n] == '\0';
}

struct matching {
    struct otter_json_field *fields;
    unsigned n;
    unsigned next; /* who writes by the same table sends its members in that order */
};

/* Puts one member where it belongs. An escaped key equals no name: one name, one spelling. */
static enum otter_status match_member(const struct otter_json *json, unsigned key, struct matching *m,
                                      bool allow_unknown)
{
    for (unsigned tried = 0, i = m->next; tried < m->n; tried++, i = i + 1 < m->n ? i + 1 : 0) {
        struct otter_json_field *field = &m->fields[i];

        if (!token_is(json, &json->token[key], field->name))
            continue;
        if (field->index != 0)
            return OTTER_DUPLICATE_MEMBER;
        if (json->token[key + 1].type != field->type)
            return OTTER_BAD_VALUE;
        field->index = (uint16_t)(key + 1);
        m->next = i + 1 < m->n ? i + 1 : 0;
        return OTTER_OK;
    }
    return allow_unknown ? OTTER_OK : OTTER_UNKNOWN_MEMBER;
}

enum otter_status otter_json_fields(struct otter_json *json, unsigned object, struct otter_json_field *fields,
                                    unsigned n, bool allow_unknown)
{
    const struct otter_json_token *o = &json->token[object];
    struct matching m = {.fields = fields, .n = n};

    for (unsigned i = 0; i < n; i++)
        fields[i].index = 0;
    json->error_at = o->start;
    if (o->type != OTTER_JSON_OBJECT)
        return OTTER_BAD_VALUE;
    /* A key is one token and its value follows: token[key].next is the value's index. */
    for (unsigned key = object + 1; key < o->next; key = json->token[key + 1].next) {
        enum otter_status status = match_member(json, key, &m, allow_unknown);

        if (status != OTTER_OK) {
            json->error_at = json->token[status == OTTER_BAD_VALUE ? key + 1 : key].start;
            return status;
        }
    }
    for (unsigned i = 0; i < n; i++)
        if (fields[i].index == 0 && !fields[i].optional)
            return OTTER_MISSING_MEMBER;
    return OTTER_OK;
}

bool otter_json_uint(const struct otter_json *json, unsigned token, uint64_t max, uint64_t *ret)
{
    const struct otter_json_token *t = &json->token[token];

    return t->type == OTTER_JSON_NUMBER && otter_parse_uint(json->text + t->start, token_len(t), max, ret);
}

bool otter_json_string(const struct otter_json *json, unsigned token, char *out, size_t cap)
{
    const struct otter_json_token *t = &json->token[token];
    size_t len = token_len(t);

    if (t->type != OTTER_JSON_STRING || t->escaped || len >= cap)
        return false;
    memcpy(out, json->text + t->start, len);
    out[len] = '\0';
    return true;
}

/* Bytes of the escape sequence at s: the parser has checked that it is whole. */
static size_t escape_len(const char *s)
{
    return s[1] == 'u' ? 6 : 2;
}

void otter_json_text(const struct otter_json *json, unsigned token, char *out, size_t cap)
{
    const struct otter_json_token *t = &json->token[token];
    size_t in = t->start;
    size_t n = 0;

    if (cap == 0)
        return;
    while (t->type == OTTER_JSON_STRING && in < t->end) {
        const char *s = json->text + in;
        size_t len = otter_utf8_char(s, t->end - in);
        char replaced = 0;

        if (s[0] == '\\') {
            len = escape_len(s);
            replaced = strchr("\"\\/", s[1]) != NULL ? s[1] : '?';
        } else if (s[0] == 0x7f) {
            replaced = '?';
        }
        in += len;
        if (replaced != 0)
            s = &replaced;
        len = replaced != 0 ? 1 : len;
        /* Cut between characters, never inside one. n < cap holds throughout. */
        if (len > cap - 1 - n)
            break;
        memcpy(out + n, s, len);
        n += len;
    }
    out[n] = '\0';
}

bool otter_json_b64(const struct otter_json *json, unsigned token, uint8_t *out, size_t n)
{
    const struct otter_json_token *t = &json->token[token];

    return t->type == OTTER_JSON_STRING && token_len(t) == OTTER_B64_LEN(n) &&
           otter_b64_decode(json->text + t->start, token_len(t), out, n) == (int)n;
}

bool otter_json_hex(const struct otter_json *json, unsigned token, uint8_t *out, size_t n)
{
    const struct otter_json_token *t = &json->token[token];

    return t->type == OTTER_JSON_STRING && otter_hex_decode(json->text + t->start, token_len(t), out, n);
}
