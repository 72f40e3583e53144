/* What went wrong between here and the server, with what to do next: by wire name, by HTTP status, by noun.
 */
#include "api.h"

#include "core/bytes.h"
#include "verbs.h"

#include <string.h>

enum cli_exit cli_exit_of_http(int status)
{
    if (status >= 200 && status < 300)
        return CLI_DONE;
    if (status == 401 || status == 403)
        return CLI_UNAUTHORIZED;
    return status >= 500 ? CLI_UNREACHABLE : CLI_REFUSED;
}

const char *cli_hint(const char *code)
{
    static const struct {
        const char *code, *hint;
    } hints[] = {
        {"unauthorized",
         "Give an operator's token: otter login, --token-file DIR/admin.token, or OTTER_TOKEN"},
        {"forbidden", "otter operator show says who asks, and what that one may do"},
        {"too-many-requests",
         "Wait as long as it says; [limits] address_rate bounds what one address may ask"},
        {"locked-out", "Wait as long as it says; then find who sends wrong tokens from this address"},
        {"no-root", "Publish a root first: otter root new, otter root sign, otter root publish"},
        {"blob-missing",
         "Give the files: otter release publish RELEASE.json A.img B.img (--sbom FILE, --notes FILE)"},
        {"sequence-taken", "Numbers are never used twice: otter release create --sequence with the next one"},
        {"unknown-key", "Sign with a key of the release role: otter root show says which"},
        {"threshold-not-met", "More keys of the role must sign: run sign again with the next key"},
        {"wrong-epoch", "otter root show says the root's epoch: otter release create --epoch"},
        {"empty-target", "otter device list --filter EXPR shows what an expression selects"},
        {"bad-target", "As: tag == lab and version < 1.2.0; fields: product, hardware, version, id, tag, "
                       "state, reason, held, pinned, seen, first_seen, last_seen, group, attr.NAME"},
        {"bad-phases", "As: --phases 5,25,100"},
        {"root-version", "otter root show says the newest; make the next with: otter root new --from"},
        {"root-expired", "Make a new one: otter root new --from ROOT.json --expires 365d, then root sign, "
                         "root publish"},
        {"image-key-unknown", "otter image-key add --product P KEY.pub makes a key known"},
        {"conflict", "otter rollout status ID, or otter device show ID, says the present state"},
        {"already-exists", "Choose another name, or leave it as it is"},
        {"release-in-use",
         "otter release deps R says what needs it; --abort-rollouts ends its rollouts first"},
        {"release-withdrawn", "otter release list shows the others"},
        {"images-pruned", "Publish it again with its images: otter release publish RELEASE.json A.img B.img"},
        {"device-retired", "otter device reinstate ID takes the device back"},
        {"frozen", "otter server status says why; otter server unfreeze ends it"},
        {"digest-mismatch", "The file changed while it was sent: run the same again"},
        {"offset-mismatch", "Run the same again: the upload goes on where it stands"},
        {"body-too-large", "An image's limit is otterd's max_size in section [blobs]"},
        {"too-busy", "Try again in a moment"},
        {"store-full", "The server's disk is full: make room there, as with otter server gc --keep N"},
        {"io-error", "The server's disk fails: its log says more"},
        {"internal", "A defect of otterd: its log says more"},
    };

    for (size_t i = 0; i < OTTER_ARRAY_LEN(hints); i++)
        if (strcmp(hints[i].code, code) == 0)
            return hints[i].hint;
    return NULL;
}

/* For a reply without a code: not otterd, but something before it, wrote that. */
static const char *hint_of_http(int status)
{
    static const struct {
        int status;
        const char *hint;
    } hints[] = {
        {301, "It leads elsewhere: give otterd's own address as --server or OTTER_SERVER"},
        {302, "It leads elsewhere: give otterd's own address as --server or OTTER_SERVER"},
        {307, "It leads elsewhere: give otterd's own address as --server or OTTER_SERVER"},
        {308, "It leads elsewhere: give otterd's own address as --server or OTTER_SERVER"},
        {401, "Something before otterd asks for a login: --server must lead to otterd itself"},
        {403, "Something before otterd refuses: --server must lead to otterd itself"},
        {404, "Is this an otterd? --server or OTTER_SERVER names another"},
        {407, "A proxy asks for a login: name otterd in NO_PROXY"},
        {413, "A proxy before otterd takes no such large body: raise its limit"},
        {429, "Too many requests: try again in a moment"},
        {502, "A proxy answered: otterd behind it is not running"},
        {503, "A proxy answered, or otterd is starting: try again in a moment"},
        {504, "A proxy answered: otterd behind it was too slow; try again"},
    };

    for (size_t i = 0; i < OTTER_ARRAY_LEN(hints); i++)
        if (hints[i].status == status)
            return hints[i].hint;
    return status >= 500 ? "The server's log says more"
                         : "Is this an otterd? --server or OTTER_SERVER names another";
}

/* What says the more where the verb says what was asked. */
static const char *hint_of(const struct cli *cli, const char *code)
{
    static const struct {
        const char *code, *noun, *verb, *hint; /* verb NULL: any other */
    } rows[] = {
        {"forbidden", "rollout", "approve",
         "As another operator: --token-file F; otter operator add --role approver makes one"},
        {"conflict", "operator", NULL, "otter operator list shows who may do what"},
        {"conflict", "token", NULL, "otter token list shows them"},
        {"not-found", "token", NULL, "otter token list shows them"},
        {"not-found", "rollout", "explain", "otter device list shows them"},
        {"not-found", "device", NULL, "otter device list shows them"},
        {"not-found", "group", NULL, "otter group list shows them"},
        {"not-found", "operator", NULL, "otter operator list shows them"},
        {"not-found", "release", NULL, "otter release list shows them"},
        {"not-found", "rollout", NULL, "otter rollout list shows them"},
        {"not-found", "root", NULL, "otter root list shows them"},
    };

    for (size_t i = 0; cli->verb != NULL && i < OTTER_ARRAY_LEN(rows); i++)
        if (strcmp(code, rows[i].code) == 0 && strcmp(cli->verb->noun, rows[i].noun) == 0 &&
            (rows[i].verb == NULL || strcmp(cli->verb->name, rows[i].verb) == 0))
            return rows[i].hint;
    return cli_hint(code);
}

static const char *text_of(const struct cli_reply *reply, const char *name)
{
    const char *text = json_string_value(json_object_get(reply->json, name));

    return text != NULL ? text : "";
}

const char *cli_api_code(const struct cli_reply *reply)
{
    return text_of(reply, "code");
}

bool cli_api_is_foreign(const struct cli_reply *reply)
{
    return reply->http.body_len > 0 && reply->json == NULL;
}

static enum cli_exit not_otterd(struct cli *cli, const struct cli_reply *reply)
{
    int status = reply->http.status;
    const char *type = reply->http.content_type;
    enum cli_exit code = cli_exit_of_http(status);

    return cli_fail(cli, code == CLI_DONE ? CLI_UNREACHABLE : code,
                    "the server answered %d%s%s, in no words of otterd's\n%s", status,
                    type[0] != '\0' ? " with " : "", type, hint_of_http(status));
}

enum cli_exit cli_api_problem(struct cli *cli, const struct cli_reply *reply)
{
    enum cli_exit exit_code = cli_exit_of_http(reply->http.status);
    const char *code = text_of(reply, "code"), *detail = text_of(reply, "detail");
    const char *hint = hint_of(cli, code);

    if (detail[0] == '\0')
        detail = text_of(reply, "title");
    if (code[0] == '\0')
        return not_otterd(cli, reply);
    return cli_fail(cli, exit_code, "%s: %s%s%s", code, detail, hint != NULL ? "\n" : "",
                    hint != NULL ? hint : "");
}

enum cli_exit cli_api_no_reply(struct cli *cli, const char *server, const struct host_error *err)
{
    const char *advice = strstr(err->message, "; is the server running");

    if (err->kind != HOST_ERROR_CONNECT)
        return cli_fail_error(cli, err);
    /* The general advice says no more than ours. */
    return cli_fail(
        cli, CLI_UNREACHABLE, "%.*s\nIs otterd running at %s? --server or OTTER_SERVER names another",
        (int)(advice != NULL ? (size_t)(advice - err->message) : strlen(err->message)), err->message, server);
}
