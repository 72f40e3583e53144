#include "server/secrets.h"

#include "host/cleanup.h"
#include "host/crypto.h"
#include "host/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CREDENTIAL       "credential:"
#define TOKEN_CREDENTIAL "admin.token"

static bool in_credentials(const char *name, char out[PATH_MAX], struct host_error *err)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");

    if (name[0] == '\0' || strchr(name, '/'))
        return host_fail(err, HOST_ERROR_FORMAT, CREDENTIAL "%s is no credential's name", name);
    if (!folder || folder[0] == '\0')
        return host_fail(err, HOST_ERROR_FILE,
                         CREDENTIAL "%s: CREDENTIALS_DIRECTORY is not set; systemd sets it for a unit with "
                                    "LoadCredential=%s:PATH",
                         name, name);
    if (snprintf(out, PATH_MAX, "%s/%s", folder, name) >= PATH_MAX)
        return host_fail(err, HOST_ERROR_FILE, CREDENTIAL "%s: the path is too long", name);
    return true;
}

bool secrets_path(const char *text, char out[PATH_MAX], struct host_error *err)
{
    if (strncmp(text, CREDENTIAL, strlen(CREDENTIAL)) == 0)
        return in_credentials(text + strlen(CREDENTIAL), out, err);
    if (snprintf(out, PATH_MAX, "%s", text) >= PATH_MAX)
        return host_fail(err, HOST_ERROR_FILE, "%s: the path is too long", text);
    return true;
}

/* What "Authorization: Bearer" can carry (RFC 6750, 2.1). */
static bool is_token(const char *text, size_t len)
{
    static const char chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=";

    return len >= SECRETS_TOKEN_MIN && len <= SECRETS_TOKEN_MAX && strspn(text, chars) == len;
}

static bool take(const char *text, const char *where, char out[SECRETS_TOKEN_MAX + 1], struct host_error *err)
{
    size_t len = strlen(text);

    if (!is_token(text, len)) /* the message must not show it */
        return host_fail(err, HOST_ERROR_FORMAT,
                         "%s holds no token: %u to %u characters are taken, letters, digits and -._~+/= "
                         "(head -c32 /dev/urandom | base64 makes one)",
                         where, SECRETS_TOKEN_MIN, SECRETS_TOKEN_MAX);
    memcpy(out, text, len + 1);
    return true;
}

static bool from_credential(char out[SECRETS_TOKEN_MAX + 1], struct host_error *err)
{
    auto_free char *text = NULL;
    char path[PATH_MAX];
    size_t len = 0;
    bool ok;

    if (!getenv("CREDENTIALS_DIRECTORY") || !in_credentials(TOKEN_CREDENTIAL, path, NULL) ||
        access(path, F_OK) != 0)
        return true;
    if (!host_file_read(path, 1024, &text, &len, err))
        return false;
    text[strcspn(text, "\r\n")] = '\0';
    ok = take(text, path, out, err);
    host_wipe(text, len);
    return ok;
}

bool secrets_admin_token(char out[SECRETS_TOKEN_MAX + 1], struct host_error *err)
{
    const char *given = getenv(SECRETS_TOKEN_VARIABLE);

    out[0] = '\0';
    return given ? take(given, SECRETS_TOKEN_VARIABLE, out, err) : from_credential(out, err);
}

void secrets_forget(void)
{
    char *given = getenv(SECRETS_TOKEN_VARIABLE);

    if (!given)
        return;
    host_wipe(given, strlen(given)); /* what /proc/PID/environ shows, too */
    (void)unsetenv(SECRETS_TOKEN_VARIABLE);
}
