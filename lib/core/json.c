#include "core/json.h"

#include "core/json_scan.h"

#define JSMN_STATIC
#define JSMN_STRICT
#include <jsmn.h>

_Static_assert(sizeof(struct otter_json_token) <= 12, "128 tokens in 1.5 KB");

static uint8_t type_of(const jsmntok_t *t, const char *text)
{
    if (t->type == JSMN_OBJECT)
        return OTTER_JSON_OBJECT;
    if (t->type == JSMN_ARRAY)
        return OTTER_JSON_ARRAY;
    if (t->type == JSMN_STRING)
        return OTTER_JSON_STRING;
    switch (text[t->start]) {
    case 't':
    case 'f':
        return OTTER_JSON_BOOL;
    case 'n':
        return OTTER_JSON_NULL;
    default:
        return OTTER_JSON_NUMBER;
    }
}

static bool has_backslash(const char *text, int start, int end)
{
    for (int i = start; i < end; i++)
        if (text[i] == '\\')
            return true;
    return false;
}

/* Tokens stand in the order of the text: what starts before a token's end is inside it. */
static void link_tokens(struct otter_json *json)
{
    for (unsigned i = 0; i < json->count; i++) {
        struct otter_json_token *t = &json->token[i];
        unsigned next = i + 1;

        if (t->type == OTTER_JSON_OBJECT || t->type == OTTER_JSON_ARRAY)
            while (next < json->count && json->token[next].start < t->end)
                next++;
        t->next = (uint16_t)next;
    }
}

enum otter_status otter_json_parse(struct otter_json *json, const char *text, size_t len)
{
    jsmntok_t token[OTTER_JSON_TOKENS]; /* 2 KB, for this call only */
    jsmn_parser parser;
    int count;

    json->text = text;
    json->len = len;
    json->error_at = 0;
    json->count = 0;
    if (len > UINT16_MAX)
        return OTTER_TOO_LARGE;
    /* jsmn takes commas and colons as they come: the grammar is checked before it. */
    if (!otter_json_scan(text, len, &json->error_at))
        return OTTER_BAD_JSON;
    jsmn_init(&parser);
    count = jsmn_parse(&parser, text, len, token, OTTER_JSON_TOKENS);
    if (count < 1) {
        json->error_at = parser.pos; /* of well-formed text, only too much */
        return OTTER_BAD_JSON;
    }
    for (int i = 0; i < count; i++) {
        const jsmntok_t *t = &token[i];

        /* start <= end <= len <= 65,535, and size < count <= 128 */
        json->token[i] = (struct otter_json_token){.start = (uint16_t)t->start,
                                                   .end = (uint16_t)t->end,
                                                   .size = (uint16_t)t->size,
                                                   .type = type_of(t, text),
                                                   .escaped = t->type == JSMN_STRING &&
                                                              has_backslash(text, t->start, t->end)};
    }
    json->count = (uint16_t)count;
    link_tokens(json);
    return OTTER_OK;
}
