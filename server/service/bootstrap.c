/* What a data directory must hold before anything else: keys and the first token, made if they are absent. */
#include "service/internal.h"

#include "core/bytes.h"
#include "host/file.h"
#include "host/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define TOKEN_BYTES 32u
#define TOKEN_CHARS OTTER_B64_LEN(TOKEN_BYTES)

static bool path_in(const struct svc *svc, const char *name, char out[PATH_MAX], struct host_error *err)
{
    if (snprintf(out, PATH_MAX, "%s/%s", svc->dir, name) < PATH_MAX)
        return true;
    return host_fail(err, HOST_ERROR_FILE, "the data directory's name is too long");
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0 || errno != ENOENT;
}

static bool offer_key(struct svc *svc, struct host_error *err)
{
    char key[PATH_MAX], public[PATH_MAX];
    struct host_key *loaded;

    if (!path_in(svc, "offer.key", key, err) || !path_in(svc, "offer.pub", public, err))
        return false;
    if (!exists(key)) {
        auto_key struct host_key *made = host_key_generate(err);

        if (!made || !host_key_save(made, key, err))
            return false;
        host_log(HOST_LOG_INFO, "offer-key-made", HOST_LOG_STR("public", public));
        (void)unlink(public); /* of a key that is gone */
    }
    loaded = host_key_load(key, err);
    if (!loaded)
        return false;
    offer_keys_begin(&svc->offer_keys, loaded);
    return offer_keys_read(&svc->offer_keys, svc->dir, err) &&
           (exists(public) || host_public_save(host_key_point(loaded), public, err));
}

/* The token is the file's first line; only its hash stays in memory. */
static bool admin_token(struct svc *svc, char ret_new_token[64], struct host_error *err)
{
    char path[PATH_MAX], line[TOKEN_CHARS + 2];
    uint8_t secret[TOKEN_BYTES];
    auto_free char *text = NULL;
    bool written;
    size_t len, token;

    ret_new_token[0] = '\0';
    if (svc->config.admin_token) {
        otter_sha256_of(&otter_crypto_openssl, svc->config.admin_token, strlen(svc->config.admin_token),
                        &svc->admin_hash);
        svc->config.admin_token = NULL; /* the caller's, who wipes it */
        return true;
    }
    if (!path_in(svc, "admin.token", path, err))
        return false;
    if (!exists(path)) {
        host_random(secret, sizeof(secret));
        otter_b64_encode(secret, sizeof(secret), line);
        memcpy(ret_new_token, line, TOKEN_CHARS + 1);
        memcpy(line + TOKEN_CHARS, "\n", 2);
        host_wipe(secret, sizeof(secret));
        written = host_file_write(path, line, TOKEN_CHARS + 1, 0600, HOST_FILE_NEW, err);
        host_wipe(line, sizeof(line));
        if (!written)
            return false;
    }
    if (!host_file_read(path, 1024, &text, &len, err))
        return false;
    token = strcspn(text, "\r\n");
    if (token >= 16)
        otter_sha256_of(&otter_crypto_openssl, text, token, &svc->admin_hash);
    host_wipe(text, len);
    return token >= 16 ||
           host_fail(err, HOST_ERROR_FORMAT,
                     "%s holds no token of 16 characters or more: remove it to have one made", path);
}

/* The key that seals device secrets in the database. */
static bool secret_key(struct svc *svc, struct host_error *err)
{
    auto_free char *data = NULL;
    char path[PATH_MAX];
    size_t len;

    if (!path_in(svc, "secret.key", path, err))
        return false;
    if (!exists(path)) {
        host_random(svc->secret_key, sizeof(svc->secret_key));
        if (!host_file_write(path, svc->secret_key, sizeof(svc->secret_key), 0600, HOST_FILE_NEW, err))
            return false;
    }
    if (!host_file_read(path, 1024, &data, &len, err))
        return false;
    (void)mlock(svc->secret_key, sizeof(svc->secret_key)); /* not into swap, where a limit lets us */
    if (len == sizeof(svc->secret_key))
        memcpy(svc->secret_key, data, len);
    host_wipe(data, len);
    return len == sizeof(svc->secret_key) ||
           host_fail(err, HOST_ERROR_FORMAT, "%s does not hold 32 bytes: restore it from a backup", path);
}

bool bootstrap_files(struct svc *svc, char ret_new_token[64], struct host_error *err)
{
    return offer_key(svc, err) && audit_key_open(svc, err) && secret_key(svc, err) &&
           admin_token(svc, ret_new_token, err);
}
