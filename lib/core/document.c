#include "core/document.h"

#include "core/bytes.h"
#include "core/jws.h"

#include <string.h>

enum otter_status otter_document_open(struct otter_json *json, const char *payload, size_t len,
                                      const char *type, const struct otter_json_field *members,
                                      struct otter_json_field *ret_fields, unsigned n)
{
    struct otter_json_field f[] = {{"type", OTTER_JSON_STRING, false, 0}};
    char name[OTTER_NAME_BUF];
    enum otter_status status;

    if (len > OTTER_PAYLOAD_MAX)
        return OTTER_TOO_LARGE;
    status = otter_json_parse(json, payload, len);
    if (status != OTTER_OK)
        return status;
    status = otter_json_fields(json, 0, f, OTTER_ARRAY_LEN(f), true);
    if (status != OTTER_OK)
        return status;
    if (!otter_json_string(json, f[0].index, name, sizeof(name)) || strcmp(name, type) != 0)
        return OTTER_WRONG_TYPE;
    memcpy(ret_fields, members, n * sizeof(members[0]));
    return otter_json_fields(json, 0, ret_fields, n, false);
}

bool otter_document_name(const struct otter_json *json, unsigned token,
                         bool (*valid)(const char *s, size_t len), char ret[OTTER_NAME_BUF])
{
    const struct otter_json_token *t = &json->token[token];

    return valid(json->text + t->start, (size_t)(t->end - t->start)) &&
           otter_json_string(json, token, ret, OTTER_NAME_BUF);
}

bool otter_document_version(const struct otter_json *json, unsigned token, struct otter_version *ret)
{
    const struct otter_json_token *t = &json->token[token];

    return t->type == OTTER_JSON_STRING &&
           otter_version_parse(json->text + t->start, (size_t)(t->end - t->start), ret);
}

bool otter_document_slot(const struct otter_json *json, unsigned token, enum otter_slot *ret)
{
    const struct otter_json_token *t = &json->token[token];

    return t->type == OTTER_JSON_STRING &&
           otter_slot_parse(json->text + t->start, (size_t)(t->end - t->start), ret);
}

bool otter_document_int(const struct otter_json *json, unsigned token, uint64_t min, uint64_t *ret)
{
    uint64_t value;

    if (!otter_json_uint(json, token, OTTER_INT_MAX, &value) || value < min)
        return false;
    *ret = value;
    return true;
}
