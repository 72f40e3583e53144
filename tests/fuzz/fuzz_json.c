/* The tokens of any accepted document nest as they should, and all of them can be read. */
#include "fuzz.h"

#include "core/json.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct otter_json_field f[] = {{"a", OTTER_JSON_NUMBER, false, 0}, {"b", OTTER_JSON_OBJECT, true, 0}};
    static struct otter_json json;

    if (otter_json_parse(&json, (const char *)data, size) != OTTER_OK) {
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
