#include "server/preflight.h"

#include "host/crypto.h"
#include "server/secrets.h"
#include "server/tls_paths.h"
#include "service/events.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* path becomes its parent; false at the top. */
static bool to_parent(char *path)
{
    char *slash = strrchr(path, '/');

    if (strcmp(path, "/") == 0 || strcmp(path, ".") == 0)
        return false;
    if (!slash)
        memcpy(path, ".", 2);
    else if (slash == path)
        path[1] = '\0';
    else
        *slash = '\0';
    return true;
}

static bool folder_is_ours(const char *path, const char *what, struct host_error *err)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return host_fail_errno(err, HOST_ERROR_FILE, "%s: %s", what, path);
    if (!S_ISDIR(st.st_mode))
        return host_fail(err, HOST_ERROR_FILE, "%s: %s is no directory", what, path);
    if (access(path, W_OK | X_OK) != 0)
        return host_fail_errno(err, HOST_ERROR_FILE, "%s: %s cannot be written to", what, path);
    return true;
}

/* There, or to be made below the first parent that is. */
static bool data_is_usable(const struct config *config, struct host_error *err)
{
    char path[CONFIG_TEXT];
    struct stat st;

    if (config->data[0] == '\0')
        return host_fail(err, HOST_ERROR_FORMAT, "--data DIR is needed: where otterd keeps everything");
    memcpy(path, config->data, sizeof path);
    while (stat(path, &st) != 0 && errno == ENOENT && to_parent(path))
        ;
    return folder_is_ours(path, "store.data", err);
}

static bool port_file_is_usable(const struct config *config, struct host_error *err)
{
    char path[CONFIG_TEXT];

    if (config->port_file[0] == '\0')
        return true;
    memcpy(path, config->port_file, sizeof path);
    return to_parent(path) && folder_is_ours(path, "listen.port_file", err);
}

static bool tls_is_usable(const struct config *config, struct host_error *err)
{
    struct tls_paths paths;

    if (config->tls_cert[0] == '\0')
        return true;
    return tls_paths(config, &paths, err) && http_tls_check(paths.cert, paths.key, err) &&
           (!paths.devices.ca || http_tls_check_devices(&paths.devices, err));
}

static bool exec_is_usable(const struct config *config, struct host_error *err)
{
    return config->events_exec[0] == '\0' || events_program_check(config->events_exec, err);
}

/* The file's folder must be there: the file itself is made by the first entry. */
static bool audit_is_usable(const struct config *config, struct host_error *err)
{
    const char *syslog = config_audit_syslog(config);
    char path[CONFIG_TEXT];

    if (syslog && syslog[0] != '/')
        return host_fail(err, HOST_ERROR_FORMAT,
                         "audit.syslog: \"%s\" is neither yes nor no, nor the absolute path of a socket",
                         syslog);
    if (config->audit_file[0] == '\0')
        return true;
    if (config->audit_file[0] != '/')
        return host_fail(err, HOST_ERROR_FORMAT, "audit.file: give the absolute path of %s",
                         config->audit_file);
    memcpy(path, config->audit_file, sizeof path);
    return to_parent(path) && folder_is_ours(path, "audit.file", err);
}

static bool token_is_usable(struct host_error *err)
{
    char token[SECRETS_TOKEN_MAX + 1];
    bool ok = secrets_admin_token(token, err);

    host_wipe(token, sizeof token);
    return ok;
}

bool preflight(const struct config *config, struct host_error *err)
{
    return data_is_usable(config, err) && port_file_is_usable(config, err) && tls_is_usable(config, err) &&
           exec_is_usable(config, err) && audit_is_usable(config, err) && token_is_usable(err);
}
