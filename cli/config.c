#include "config.h"

#include "credentials.h"

#include "core/bytes.h"
#include "host/cleanup.h"
#include "host/file.h"
#include "host/ini.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TOKEN_MAX      256u
#define DEFAULT_SERVER "http://127.0.0.1:8480"

/* server=, token_file=, cacert= of the file. */
struct file_values {
    struct host_ini_visitor visitor;
    char *server, *token_file, *cacert;
};

static bool take(struct host_ini_visitor *visitor, const char *section, const char *key, const char *value,
                 unsigned line, struct host_error *err)
{
    struct file_values *v = OTTER_CONTAINER_OF(visitor, struct file_values, visitor);
    char **to = strcmp(key, "server") == 0       ? &v->server
                : strcmp(key, "token_file") == 0 ? &v->token_file
                : strcmp(key, "cacert") == 0     ? &v->cacert
                                                 : NULL;

    (void)line;
    if (section[0] != '\0' || to == NULL)
        return host_fail(err, HOST_ERROR_FORMAT, "unknown key %s: expected server, token_file or cacert",
                         key);
    free(*to);
    *to = strdup(value);
    return *to != NULL || host_fail(err, HOST_ERROR_MEMORY, "out of memory");
}

static bool load_file(struct file_values *v, struct host_error *err)
{
    auto_free char *path = cli_user_file("config");

    return path == NULL || access(path, F_OK) != 0 || host_ini_parse_file(path, &v->visitor, err);
}

/* The first that is set, copied. */
static char *first(const char *option, const char *environment, const char *file, const char *otherwise)
{
    const char *env = environment != NULL ? getenv(environment) : NULL;
    const char *chosen = option != NULL                    ? option
                         : env != NULL && env[0] != '\0'   ? env
                         : file != NULL && file[0] != '\0' ? file
                                                           : otherwise;

    return chosen != NULL ? strdup(chosen) : NULL;
}

static char *read_token(const char *path, struct host_error *err)
{
    auto_free char *text = NULL;
    size_t len;

    if (!host_file_read(path, TOKEN_MAX, &text, &len, err))
        return NULL;
    text[strcspn(text, "\r\n \t")] = '\0';
    if (text[0] == '\0') {
        host_fail(err, HOST_ERROR_FORMAT, "%s: holds no token", path);
        return NULL;
    }
    return HOST_STEAL(text);
}

/* That of `otter login`; "": there is none. NULL with *err. */
static char *kept_token(const char *server, struct host_error *err)
{
    auto_json json_t *entry = server != NULL ? cli_credentials_find(server, err) : NULL;
    const char *token = json_string_value(json_object_get(entry, "token"));

    return err->kind != HOST_ERROR_NONE ? NULL : strdup(token != NULL ? token : "");
}

/* OTTER_TOKEN is the token itself; the option and the config name a file. */
static char *find_token(const struct cli *cli, const char *option, const char *file, const char *server,
                        struct host_error *err)
{
    const char *env = getenv("OTTER_TOKEN");

    if (cli->token != NULL)
        return strdup(cli->token);
    if (option != NULL)
        return read_token(option, err);
    if (env != NULL && env[0] != '\0')
        return strdup(env);
    return file != NULL ? read_token(file, err) : kept_token(server, err);
}

bool cli_config_is_private(const char *server)
{
    static const char *const loopback[] = {"127.", "localhost", "[::1]"};
    const char *host = server + strlen("http://");

    if (strncmp(server, "https://", 8) == 0 || strncmp(server, "unix:", 5) == 0)
        return true;
    if (strncmp(server, "http://", 7) != 0 || memchr(host, '@', strcspn(host, "/?#")) != NULL)
        return false; /* what stands before the '@' is a name and a password, not where it goes */
    if (strncmp(host, loopback[0], strlen(loopback[0])) == 0)
        return host[strspn(host, "0123456789.")] == '\0' ||
               strchr(":/", host[strspn(host, "0123456789.")]) != NULL;
    for (size_t i = 1; i < OTTER_ARRAY_LEN(loopback); i++) {
        size_t len = strlen(loopback[i]);

        if (strncmp(host, loopback[i], len) == 0 &&
            (host[len] == '\0' || host[len] == ':' || host[len] == '/'))
            return true;
    }
    return false;
}

static enum cli_exit check(struct cli *cli, const struct cli_args *args, const struct cli_config *c)
{
    if (c->server == NULL || c->token == NULL)
        return cli_fail_memory(cli);
    if (strncmp(c->server, "http://", 7) != 0 && strncmp(c->server, "https://", 8) != 0 &&
        strncmp(c->server, "unix:/", 6) != 0)
        return cli_fail(cli, CLI_USAGE, "--server %s: expected http://..., https://... or unix:/path",
                        c->server);
    if (c->token[0] != '\0' && !cli_config_is_private(c->server) &&
        !cli_arg_flag(args, "insecure-plain-http"))
        return cli_fail(cli, CLI_USAGE,
                        "%s: a token would cross the network readable by all\n"
                        "Use https://, or --insecure-plain-http if the network is yours alone",
                        c->server);
    return CLI_DONE;
}

static enum cli_exit no_token(struct cli *cli, const struct host_error *err)
{
    enum cli_exit code = cli_fail_error(cli, err);

    fputs("The token's file is named by --token-file, or by token_file= in the configuration; `otter login` "
          "keeps "
          "another\n",
          cli->err);
    return code;
}

enum cli_exit cli_config_load(struct cli *cli, const struct cli_args *args, struct cli_config *ret)
{
    struct file_values file = {.visitor = {take}};
    struct cli_config c = {0};
    struct host_error err = {0};
    enum cli_exit code = CLI_DONE;

    if (!load_file(&file, &err))
        code = cli_fail_error(cli, &err);
    if (code == CLI_DONE) {
        c.server = first(cli_arg(args, "server"), "OTTER_SERVER", file.server, DEFAULT_SERVER);
        c.cacert = first(cli_arg(args, "cacert"), "OTTER_CACERT", file.cacert, NULL);
        while (c.server != NULL && c.server[0] != '\0' && c.server[strlen(c.server) - 1] == '/')
            c.server[strlen(c.server) - 1] = '\0';
        c.token = find_token(cli, cli_arg(args, "token-file"), file.token_file, c.server, &err);
        code = err.kind != HOST_ERROR_NONE ? no_token(cli, &err) : check(cli, args, &c);
    }
    free(file.server);
    free(file.token_file);
    free(file.cacert);
    if (code == CLI_DONE)
        *ret = c;
    else
        cli_config_free(&c);
    return code;
}

void cli_config_free(struct cli_config *c)
{
    free(c->server);
    free(c->token);
    free(c->cacert);
    *c = (struct cli_config){0};
}
