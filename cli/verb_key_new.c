#include "verb.h"

#include "host/crypto.h"
#include "output.h"
#include "passphrase.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct cli_option cli_options_key_new[] = {
    {"out", CLI_OPTION_VALUE, "FILE", "private key; the public one goes to FILE.pub", .required = true},
    {"kind", CLI_OPTION_VALUE, "KIND", "root, release, image or offer: says what to do with it next",
     .words = "root release image offer"},
    {"encrypt", CLI_OPTION_FLAG, NULL, "keep it under a passphrase (PKCS#8: scrypt, AES-256-CBC)"},
    {"passphrase-fd", CLI_OPTION_VALUE, "N",
     "with --encrypt: read the passphrase, a line, from descriptor N"},
    {"passphrase-file", CLI_OPTION_VALUE, "F", "with --encrypt: read it from the first line of this file"},
    {NULL},
};

static const struct {
    const char *kind, *next;
} kinds[] = {
    {"root", "Keep it offline. Next: otter root new --root-key %s ..."},
    {"release", "Keep it off the server. Next: otter root new --release-key %s ..."},
    {"image", "Next: otter image sign --key, and otter device provision --image-key %s"},
    {"offer", "otterd makes its own at its first start: this one, %s, replaces it through a new root"},
};

static const char *next_of(const char *kind)
{
    for (size_t i = 0; i < OTTER_ARRAY_LEN(kinds); i++)
        if (strcmp(kinds[i].kind, kind) == 0)
            return kinds[i].next;
    return NULL;
}

/* Both halves or none: half a pair would only be in the way of the next try. */
static bool save(const struct host_key *key, const char *path, const char *pub, const char *passphrase,
                 struct host_error *err)
{
    if (!host_key_save_sealed(key, path, passphrase, HOST_FILE_NEW, err))
        return false;
    if (host_public_save(host_key_point(key), pub, err))
        return true;
    unlink(path); /* this very call made it */
    return false;
}

/* The passphrase of --encrypt, "" without. */
static enum cli_exit ask(struct cli *cli, const struct cli_args *args, const char *path,
                         char ret[HOST_PASSPHRASE_MAX])
{
    struct cli_passphrase *pass;
    enum cli_exit code = cli_passphrase_of(cli, &pass);

    ret[0] = '\0';
    if (code != CLI_DONE)
        return code;
    if (cli_arg_flag(args, "encrypt"))
        return cli_passphrase_new(pass, path, ret);
    if (pass->fd_option != NULL || pass->file_option != NULL)
        return cli_fail(cli, CLI_USAGE, "a passphrase without --encrypt: the key would be kept as it is");
    return CLI_DONE;
}

static enum cli_exit make(struct cli *cli, const struct cli_args *args, const char *path, const char *pub,
                          struct host_key **ret)
{
    char passphrase[HOST_PASSPHRASE_MAX];
    struct host_error err = {0};
    auto_key struct host_key *key = NULL;
    enum cli_exit code;
    bool ok;

    /* The pair is one thing: neither half may take the place of another key's. */
    if (access(path, F_OK) == 0 || access(pub, F_OK) == 0)
        return cli_fail(cli, CLI_FILE, "%s exists already; a key is never overwritten",
                        access(path, F_OK) == 0 ? path : pub);
    code = ask(cli, args, path, passphrase);
    if (code != CLI_DONE)
        return code;
    key = host_key_generate(&err);
    ok = key != NULL &&
         (cli->dry_run || save(key, path, pub, passphrase[0] != '\0' ? passphrase : NULL, &err));
    host_wipe(passphrase, sizeof(passphrase));
    if (!ok)
        return cli_fail_error(cli, &err);
    *ret = HOST_STEAL(key);
    return CLI_DONE;
}

static enum cli_exit show(struct cli *cli, const struct host_key *key, const char *path, const char *pub,
                          const char *kind)
{
    static const struct cli_column columns[] = {
        {"kid", "kid"}, {"kind", "kind"}, {"private", "private"}, {"public", "public"}, {NULL}};
    auto_json json_t *o = json_object();

    cli_put_kid(o, "kid", host_key_kid(key));
    if (kind != NULL)
        cli_put_string(o, "kind", kind);
    cli_put_string(o, "private", path);
    cli_put_string(o, "public", pub);
    return cli_print_object(cli, o, columns);
}

enum cli_exit cli_run_key_new(struct cli *cli, const struct cli_args *args)
{
    const char *path = cli_arg(args, "out"), *kind = cli_arg(args, "kind");
    auto_free char *pub = NULL;
    auto_key struct host_key *key = NULL;
    enum cli_exit code;

    if (kind != NULL && next_of(kind) == NULL)
        return cli_fail(cli, CLI_USAGE, "--kind %s: expected root, release, image or offer", kind);
    if (asprintf(&pub, "%s.pub", path) < 0)
        return cli_fail_memory(cli);
    code = make(cli, args, path, pub, &key);
    if (code == CLI_DONE)
        code = show(cli, key, path, pub, kind);
    if (code == CLI_DONE && cli->dry_run)
        cli_note(cli, "Dry run: no key was kept, and the next one is another");
    else if (code == CLI_DONE && kind != NULL) {
        const char *next = next_of(kind);
        const char *place = strstr(next, "%s");

        cli_note(cli, "%.*s%s%s", (int)(place - next), next, pub, place + 2);
    }
    return code;
}
