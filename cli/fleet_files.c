#include "fleet_files.h"

#include "core/bytes.h"
#include "csv.h"
#include "host/crypto.h"
#include "host/file.h"
#include "register.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fleet {
    struct cli *cli;
    const char *dir;
    FILE *jsonl, *csv; /* in memory until all factory files are written */
    char *jsonl_text, *csv_text;
    size_t jsonl_len, csv_len;
};

/* One sync of the folder's file system at the end serves all: a fleet may have ten thousand files. */
static enum cli_exit write_new(struct cli *cli, const char *path, const void *data, size_t len)
{
    auto_close int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0 || !host_write_all(fd, data, len))
        return cli_fail(cli, CLI_FILE, "%s: %s", path, strerror(errno));
    return CLI_DONE;
}

static enum cli_exit add(struct fleet *f, const struct cli_plan *plan, const struct cli_member *m,
                         json_t *devices)
{
    uint8_t factory[OTTER_FACTORY_MAX], secret[OTTER_SECRET_LEN];
    char text[OTTER_B64_LEN(OTTER_SECRET_LEN) + 1];
    auto_free char *path = NULL;
    enum cli_exit code = CLI_DONE;
    size_t len = cli_member_factory(f->cli, plan, m, factory, secret);

    if (len == 0)
        return CLI_REFUSED;
    if (asprintf(&path, "%s/%s.factory.bin", f->dir, m->id) < 0) {
        path = NULL;
        return cli_fail_memory(f->cli);
    }
    if (!f->cli->dry_run)
        code = write_new(f->cli, path, factory, len);
    /* Ids, names and base64url need neither quotes nor escapes. */
    otter_b64_encode(secret, sizeof(secret), text);
    fprintf(f->jsonl, "{\"id\":\"%s\",\"factory\":\"%s.factory.bin\",\"hardware\":\"%s\"}\n", m->id, m->id,
            m->hardware);
    fprintf(f->csv, "%s,%s,%s,%s,", m->id, m->product, m->hardware, plan->fleet_key ? "" : text);
    cli_csv_put(f->csv, m->tags);
    fputc('\n', f->csv);
    json_array_append_new(devices,
                          cli_device_json(m->id, m->product, m->hardware, secret, cli_tags_json(m->tags)));
    host_wipe(secret, sizeof(secret));
    host_wipe(text, sizeof(text));
    host_wipe(factory, sizeof(factory));
    return code;
}

static enum cli_exit write_list(struct fleet *f, const char *name, const char *text, size_t len,
                                mode_t permissions)
{
    struct host_error err = {0};
    auto_free char *path = NULL;

    if (asprintf(&path, "%s/%s", f->dir, name) < 0) {
        path = NULL;
        return cli_fail_memory(f->cli);
    }
    if (!host_file_write(path, text, len, permissions, HOST_FILE_NEW, &err))
        return cli_fail_error(f->cli, &err);
    return CLI_DONE;
}

static enum cli_exit begin(struct fleet *f)
{
    struct host_error err = {0};
    auto_free char *path = NULL;

    if (asprintf(&path, "%s/fleet.jsonl", f->dir) < 0) {
        path = NULL;
        return cli_fail_memory(f->cli);
    }
    if (access(path, F_OK) == 0)
        return cli_fail(f->cli, CLI_FILE,
                        "%s exists already: this folder holds a fleet, and its secrets are not replaced",
                        path);
    if (!f->cli->dry_run && !host_mkdir_p(f->dir, 0700, &err))
        return cli_fail_error(f->cli, &err);
    f->jsonl = open_memstream(&f->jsonl_text, &f->jsonl_len);
    f->csv = open_memstream(&f->csv_text, &f->csv_len);
    if (f->jsonl == NULL || f->csv == NULL)
        return cli_fail_memory(f->cli);
    fputs("id,product,hardware,secret,tags\n", f->csv);
    return CLI_DONE;
}

static enum cli_exit finish(struct fleet *f)
{
    enum cli_exit code;
    int fd;

    if (fflush(f->jsonl) != 0 || fflush(f->csv) != 0)
        return cli_fail_memory(f->cli);
    if (f->cli->dry_run)
        return CLI_DONE;
    fd = open(f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)syncfs(fd);
        close(fd);
    }
    code = write_list(f, "devices.csv", f->csv_text, f->csv_len, 0600);
    return code == CLI_DONE ? write_list(f, "fleet.jsonl", f->jsonl_text, f->jsonl_len, 0644) : code;
}

enum cli_exit cli_fleet_write(struct cli *cli, const char *dir, const struct cli_plan *plan,
                              const struct cli_member *members, size_t count, json_t **ret_devices)
{
    struct fleet f = {.cli = cli, .dir = dir};
    auto_json json_t *devices = json_array();
    enum cli_exit code = begin(&f);

    for (size_t i = 0; code == CLI_DONE && i < count; i++)
        code = add(&f, plan, &members[i], devices);
    if (code == CLI_DONE)
        code = finish(&f);
    if (f.jsonl != NULL)
        fclose(f.jsonl);
    if (f.csv != NULL)
        fclose(f.csv);
    if (f.csv_text != NULL)
        host_wipe(f.csv_text, f.csv_len);
    free(f.jsonl_text);
    free(f.csv_text);
    if (code == CLI_DONE)
        *ret_devices = HOST_STEAL(devices);
    return code;
}
