#include "credentials.h"

#include "host/cleanup.h"
#include "host/crypto.h"
#include "host/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX 65536u

char *cli_user_file(const char *name)
{
    const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    char *path = NULL;

    if (xdg != NULL && xdg[0] == '/')
        return asprintf(&path, "%s/otter/%s", xdg, name) < 0 ? NULL : path;
    if (home != NULL && home[0] == '/')
        return asprintf(&path, "%s/.config/otter/%s", home, name) < 0 ? NULL : path;
    return NULL;
}

/* All of it; an empty object where there is no file. NULL with *err. */
static json_t *load(const char *path, struct host_error *err)
{
    auto_free char *text = NULL;
    size_t len = 0;
    json_t *all;

    if (path == NULL || access(path, F_OK) != 0)
        return json_object();
    if (!host_file_read_private(path, FILE_MAX, &text, &len, err))
        return NULL;
    all = host_json_load(text, len, path, err);
    host_wipe(text, len);
    if (all != NULL && !json_is_object(all)) {
        json_decref(all);
        (void)host_fail(err, HOST_ERROR_FORMAT, "%s: no object: remove it, and log in again", path);
        return NULL;
    }
    return all;
}

json_t *cli_credentials_find(const char *server, struct host_error *err)
{
    auto_free char *path = cli_user_file("credentials");
    auto_json json_t *all = load(path, err);
    json_t *entry = json_object_get(all, server);

    return json_is_object(entry) ? json_incref(entry) : NULL;
}

/* The folder above the file, for nobody else. */
static bool make_folder(const char *path, struct host_error *err)
{
    auto_free char *folder = strdup(path);

    if (folder == NULL)
        return host_fail(err, HOST_ERROR_MEMORY, "out of memory");
    *strrchr(folder, '/') = '\0';
    return host_mkdir_p(folder, 0700, err);
}

bool cli_credentials_keep(const char *server, const json_t *entry, struct host_error *err)
{
    auto_free char *path = cli_user_file("credentials"), *text = NULL;
    auto_json json_t *all = NULL;
    bool ok;

    if (path == NULL)
        return host_fail(err, HOST_ERROR_FILE, "neither XDG_CONFIG_HOME nor HOME names a folder");
    all = load(path, err);
    if (all == NULL)
        return false;
    if (entry != NULL)
        (void)json_object_set(all, server, (json_t *)(uintptr_t)entry); /* only its count changes */
    else
        (void)json_object_del(all, server);
    text = json_dumps(all, JSON_INDENT(2) | JSON_SORT_KEYS);
    if (text == NULL)
        return host_fail(err, HOST_ERROR_MEMORY, "out of memory");
    ok = make_folder(path, err) && host_file_write(path, text, strlen(text), 0600, HOST_FILE_REPLACE, err);
    host_wipe(text, strlen(text));
    return ok;
}
