#include "server_root.h"

#include "api.h"

enum cli_exit cli_root_newest(struct cli *cli, uint64_t *ret_number)
{
    auto_json json_t *items = NULL;
    enum cli_exit code = cli_api_all(cli, "/api/v1/roots", &items);
    uint64_t newest = 0;

    for (size_t i = 0; code == CLI_DONE && i < json_array_size(items); i++) {
        json_int_t version = json_integer_value(json_object_get(json_array_get(items, i), "version"));

        newest = version > 0 && (uint64_t)version > newest ? (uint64_t)version : newest;
    }
    if (code == CLI_DONE)
        *ret_number = newest;
    return code;
}

enum cli_exit cli_document_fetch(struct cli *cli, const char *path, struct cli_document *ret)
{
    auto_reply struct cli_reply reply = {0};
    enum cli_exit code = cli_api(cli, &(struct cli_request){.method = "GET", .path = path}, &reply);

    if (code != CLI_DONE)
        return code;
    if (reply.http.body == NULL)
        return cli_fail(cli, CLI_UNREACHABLE, "%s: the reply is empty: is this an otterd?", path);
    return cli_document_take(cli, path, HOST_STEAL(reply.http.body), reply.http.body_len, ret);
}

enum cli_exit cli_root_fetch(struct cli *cli, uint64_t number, struct cli_document *ret)
{
    char path[64];

    snprintf(path, sizeof(path), "/api/v1/roots/%llu", (unsigned long long)number);
    return cli_document_fetch(cli, path, ret);
}
