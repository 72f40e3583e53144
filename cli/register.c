#include "register.h"

#include "api.h"
#include "core/bytes.h"

#include <string.h>

#define BATCH_ITEMS 500u
#define BATCH_BYTES (900u << 10) /* of 1 MiB, so that the frame around the items has room */
#define ERRORS_MAX  10u

json_t *cli_device_json(const char *id, const char *product, const char *hardware,
                        const uint8_t secret[OTTER_SECRET_LEN], json_t *tags)
{
    char text[OTTER_B64_LEN(OTTER_SECRET_LEN) + 1];
    json_t *o = json_object();

    otter_b64_encode(secret, OTTER_SECRET_LEN, text);
    cli_put_string(o, "id", id);
    cli_put_string(o, "product", product);
    cli_put_string(o, "hardware", hardware);
    cli_put_string(o, "secret", text);
    if (json_array_size(tags) > 0)
        json_object_set(o, "tags", tags);
    json_decref(tags);
    return o;
}

json_t *cli_tags_json(const char *text)
{
    json_t *list = json_array();

    while (text != NULL && *text != '\0') {
        size_t len = strcspn(text, "; ");

        if (len > 0)
            json_array_append_new(list, json_stringn(text, len));
        text += len + (text[len] != '\0' ? 1 : 0);
    }
    return list;
}

static size_t print_errors(struct cli *cli, const json_t *reply, const json_t *batch, size_t printed)
{
    const json_t *errors = json_object_get(reply, "errors"), *error;
    size_t i;

    json_array_foreach(errors, i, error)
    {
        json_int_t index = json_integer_value(json_object_get(error, "index"));
        const char *id = json_string_value(json_object_get(json_array_get(batch, (size_t)index), "id"));
        const char *code = json_string_value(json_object_get(error, "code"));
        const char *detail = json_string_value(json_object_get(error, "detail"));

        if (printed + i < ERRORS_MAX)
            cli_fail(cli, CLI_REFUSED, "%s: %s: %s", id != NULL ? id : "?", code != NULL ? code : "?",
                     detail != NULL ? detail : "");
    }
    return printed + json_array_size(errors);
}

static size_t count(const json_t *reply, const char *name)
{
    json_int_t n = json_integer_value(json_object_get(reply, name));

    return n > 0 ? (size_t)n : 0;
}

static enum cli_exit send_batch(struct cli *cli, const json_t *batch, struct cli_registered *done,
                                size_t *errors)
{
    auto_reply struct cli_reply reply = {0};
    json_t *body = json_pack("{s:O}", "items", batch);
    enum cli_exit code;

    if (body == NULL)
        return cli_fail_memory(cli);
    code = cli_api_send(cli, "POST", "/api/v1/devices/batch", body, true, &reply);
    if (code != CLI_DONE)
        return code;
    done->created += count(reply.json, "created");
    done->unchanged += count(reply.json, "unchanged");
    *errors = print_errors(cli, reply.json, batch, *errors);
    return CLI_DONE;
}

/* As many devices from *at on as one batch holds. */
static json_t *next_batch(const json_t *devices, size_t *at)
{
    json_t *batch = json_array();
    size_t bytes = 0;

    while (*at < json_array_size(devices) && json_array_size(batch) < BATCH_ITEMS) {
        json_t *item = json_array_get(devices, *at);

        bytes += json_dumpb(item, NULL, 0, JSON_COMPACT) + 1;
        if (bytes > BATCH_BYTES && json_array_size(batch) > 0)
            break;
        json_array_append(batch, item);
        (*at)++;
    }
    return batch;
}

enum cli_exit cli_register(struct cli *cli, const json_t *devices, struct cli_registered *ret)
{
    struct cli_registered done = {0};
    size_t at = 0, errors = 0;

    while (at < json_array_size(devices)) {
        auto_json json_t *batch = next_batch(devices, &at);
        enum cli_exit code = send_batch(cli, batch, &done, &errors);

        if (code != CLI_DONE)
            return code;
    }
    *ret = done;
    if (errors == 0)
        return CLI_DONE;
    return cli_fail(cli, CLI_REFUSED, "%zu of %zu devices were refused", errors, json_array_size(devices));
}
