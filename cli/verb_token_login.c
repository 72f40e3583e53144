#include "verb.h"

#include "api.h"
#include "config.h"
#include "credentials.h"
#include "prompt.h"
#include "roles.h"

#include "host/cleanup.h"
#include "host/crypto.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TOKEN_MAX 257u

const struct cli_option cli_options_token_login[] = {CLI_TOKEN_OPTIONS, {NULL}};

const char cli_notes_token_login[] =
    "Exchanges a token for one of its own, which is kept in ~/.config/otter/credentials (0600), and used "
    "with "
    "this\nserver where neither --token-file nor OTTER_TOKEN names another. The token is asked for at the "
    "terminal; without one\nit is read from standard input, and from --token-file where that is given. "
    "`otter login` is short for it.";

/* A line of standard input, where that is no terminal. */
static bool read_line(char ret[TOKEN_MAX], struct host_error *err)
{
    if (fgets(ret, (int)TOKEN_MAX, stdin) == NULL)
        return host_fail(err, HOST_ERROR_FORMAT, "standard input holds no token");
    ret[strcspn(ret, "\r\n \t")] = '\0';
    return ret[0] != '\0' || host_fail(err, HOST_ERROR_FORMAT, "standard input holds no token");
}

static bool ask_token(char ret[TOKEN_MAX], struct host_error *err)
{
    return isatty(STDIN_FILENO) ? cli_prompt_secret("Token: ", ret, TOKEN_MAX, err) : read_line(ret, err);
}

static enum cli_exit keep(struct cli *cli, const struct cli_reply *reply)
{
    const char *server = cli_session_server(cli),
               *token = json_string_value(json_object_get(reply->json, "token"));
    const json_t *id = json_object_get(reply->json, "id"), *expires = json_object_get(reply->json, "expires");
    auto_json json_t *entry = NULL;
    struct host_error err = {0};

    if (cli->dry_run) {
        cli_note(cli, "dry run: the token counts at %s; nothing was changed, and nothing kept", server);
        return CLI_DONE;
    }
    entry = json_pack("{s:O?, s:s?, s:O?, s:O?}", "operator", json_object_get(reply->json, "operator"),
                      "token", token, "id", id, "expires", expires);
    if (token == NULL || entry == NULL)
        return cli_fail(cli, CLI_UNREACHABLE, "the server's answer holds no token");
    if (!cli_credentials_keep(server, entry, &err))
        return cli_fail_error(cli, &err);
    cli_note(cli, "Logged in at %s as %s, by token %lld: `otter logout` gives it back", server,
             json_string_value(json_object_get(reply->json, "operator")), (long long)json_integer_value(id));
    return CLI_DONE;
}

/* The label tells tokens of several machines apart. */
static void put_label(json_t *body)
{
    char host[65] = "";

    if (json_object_get(body, "label") == NULL && gethostname(host, sizeof(host) - 1) == 0)
        (void)json_object_set_new(body, "label", json_sprintf("login at %.50s", host));
}

enum cli_exit cli_run_token_login(struct cli *cli, const struct cli_args *args)
{
    auto_reply struct cli_reply reply = {0};
    auto_json json_t *body = json_object();
    char token[TOKEN_MAX] = "";
    struct host_error err = {0};
    enum cli_exit code = cli_token_members(cli, args, body);

    if (code != CLI_DONE)
        return code;
    if (cli_arg(args, "token-file") == NULL) {
        if (!ask_token(token, &err))
            return cli_fail_error(cli, &err);
        cli->token = token;
    }
    put_label(body);
    code = cli_api_send(cli, "POST", "/api/v1/tokens", HOST_STEAL(body), false, &reply);
    if (code == CLI_DONE)
        code = keep(cli, &reply);
    cli->token = NULL;
    host_wipe(token, sizeof(token));
    return code;
}
