#include "fleet.h"

#include "host/file.h"
#include "host/json.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FLEET_FILE_MAX (64u << 20)
#define PATH_LEN_MAX   4096u

static char *join(const char *dir, const char *path)
{
    char *out = NULL;

    if (path[0] == '/')
        return strdup(path);
    return asprintf(&out, "%s/%s", dir, path) < 0 ? NULL : out;
}

/* The directory of a file's path, in a buffer of PATH_LEN_MAX + 1 bytes; false if that is too small. */
static bool dir_of(const char *path, char *ret_dir)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL || slash == path ? 1 : (size_t)(slash - path);

    if (len > PATH_LEN_MAX)
        return false;
    memcpy(ret_dir, slash == NULL ? "." : path, len);
    ret_dir[len] = '\0';
    return true;
}

static void member_free(struct emu_member *m)
{
    free(m->factory);
    free(m->image);
    *m = (struct emu_member){0};
}

static bool set_id(struct emu_member *m, const char *id, size_t len)
{
    if (!otter_device_id_valid(id, len))
        return false;
    memcpy(m->id, id, len);
    m->id[len] = '\0';
    return true;
}

bool emu_fleet_line(const char *line, size_t len, const char *dir, const char *what, struct emu_member *ret,
                    struct host_error *err)
{
    auto_json json_t *j = host_json_load(line, len, what, err);
    const char *id, *factory, *image = NULL;
    struct emu_member m = {0};

    if (j == NULL)
        return false;
    if (!host_json_get_string(j, "id", HOST_JSON_REQUIRED, OTTER_NAME_MAX, &id, err) ||
        !host_json_get_string(j, "factory", HOST_JSON_REQUIRED, PATH_LEN_MAX, &factory, err) ||
        !host_json_get_string(j, "image", HOST_JSON_OPTIONAL, PATH_LEN_MAX, &image, err))
        return host_error_prefix(err, "%s", what);
    if (!set_id(&m, id, strlen(id)))
        return host_fail(err, HOST_ERROR_FORMAT, "%s: \"%s\" is no device id", what, id);
    m.factory = join(dir, factory);
    m.image = image != NULL ? join(dir, image) : NULL;
    if (m.factory == NULL || (image != NULL && m.image == NULL)) {
        member_free(&m);
        return host_fail(err, HOST_ERROR_MEMORY, "out of memory");
    }
    *ret = m;
    return true;
}

/* Takes *m over. */
static bool add(struct emu_fleet *f, uint32_t *cap, struct emu_member *m, struct host_error *err)
{
    if (f->count == *cap) {
        uint32_t more = *cap > 0 ? *cap * 2 : 64;
        struct emu_member *grown = reallocarray(f->member, more, sizeof(*grown));

        if (grown == NULL) {
            member_free(m);
            return host_fail(err, HOST_ERROR_MEMORY, "out of memory");
        }
        f->member = grown;
        *cap = more;
    }
    f->member[f->count++] = *m;
    return true;
}

static bool load_jsonl(const struct emu_options *o, struct emu_fleet *f, struct host_error *err)
{
    auto_free char *text = NULL;
    char dir[PATH_LEN_MAX + 1];
    uint32_t cap = 0, number = 0;
    size_t len, line_len;

    if (!dir_of(o->fleet, dir))
        return host_fail(err, HOST_ERROR_FILE, "%.40s...: too long a path", o->fleet);
    if (!host_file_read(o->fleet, FLEET_FILE_MAX, &text, &len, err))
        return false;
    for (const char *line = text, *end = text + len; line < end; line += line_len + 1) {
        const char *feed = memchr(line, '\n', (size_t)(end - line));
        struct emu_member m = {0};
        char what[256];

        line_len = feed != NULL ? (size_t)(feed - line) : (size_t)(end - line);
        number++;
        if (strspn(line, " \t\r") >= line_len)
            continue;
        if (o->devices > 0 && f->count == o->devices)
            break;
        snprintf(what, sizeof(what), "%s:%u", o->fleet, number);
        if (!emu_fleet_line(line, line_len, dir, what, &m, err) || !add(f, &cap, &m, err))
            return false;
    }
    return true;
}

static int is_factory(const struct dirent *e)
{
    size_t len = strlen(e->d_name);

    return len > 4 && strcmp(e->d_name + len - 4, ".bin") == 0;
}

/* The directory's names are sorted, so that --devices N and --cut-spread mean the same devices at each run.
 */
static bool add_dir(const struct emu_options *o, struct dirent *const *names, int n, struct emu_fleet *f,
                    struct host_error *err)
{
    uint32_t cap = 0;

    for (int i = 0; i < n && (o->devices == 0 || f->count < o->devices); i++) {
        uint8_t raw[OTTER_FACTORY_MAX];
        struct otter_factory factory;
        struct emu_member m = {.factory = join(o->factory_dir, names[i]->d_name)};
        size_t len;

        if (m.factory == NULL)
            return host_fail(err, HOST_ERROR_MEMORY, "out of memory");
        if (!emu_factory_read(m.factory, raw, &len, &factory, err)) {
            member_free(&m);
            return false;
        }
        memcpy(m.id, factory.device, sizeof(m.id));
        if (!add(f, &cap, &m, err))
            return false;
    }
    return true;
}

static bool load_dir(const struct emu_options *o, struct emu_fleet *f, struct host_error *err)
{
    struct dirent **names = NULL;
    int n = scandir(o->factory_dir, &names, is_factory, alphasort);
    bool ok;

    if (n < 0)
        return host_fail_errno(err, HOST_ERROR_FILE, "%s", o->factory_dir);
    ok = add_dir(o, names, n, f, err);
    for (int i = 0; i < n; i++)
        free(names[i]);
    free(names);
    return ok;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool check_unique(const struct emu_fleet *f, struct host_error *err)
{
    auto_free const char **sorted = calloc(f->count + 1u, sizeof(char *));

    if (sorted == NULL)
        return host_fail(err, HOST_ERROR_MEMORY, "out of memory");
    for (uint32_t i = 0; i < f->count; i++)
        sorted[i] = f->member[i].id;
    qsort(sorted, f->count, sizeof(char *), by_text);
    for (uint32_t i = 1; i < f->count; i++)
        if (strcmp(sorted[i - 1], sorted[i]) == 0)
            return host_fail(err, HOST_ERROR_FORMAT, "device %s is in the fleet twice", sorted[i]);
    return true;
}

bool emu_fleet_load(const struct emu_options *o, struct emu_fleet *ret, struct host_error *err)
{
    struct emu_fleet f = {0};
    bool ok = o->fleet != NULL ? load_jsonl(o, &f, err) : load_dir(o, &f, err);

    if (ok && f.count == 0)
        ok = host_fail(err, HOST_ERROR_FILE, "%s: no device", o->fleet != NULL ? o->fleet : o->factory_dir);
    if (!ok || !check_unique(&f, err)) {
        emu_fleet_free(&f);
        return false;
    }
    *ret = f;
    return true;
}

void emu_fleet_free(struct emu_fleet *f)
{
    for (uint32_t i = 0; i < f->count; i++)
        member_free(&f->member[i]);
    free(f->member);
    *f = (struct emu_fleet){0};
}

bool emu_factory_read(const char *path, uint8_t *raw, size_t *ret_len, struct otter_factory *ret,
                      struct host_error *err)
{
    auto_free char *data = NULL;
    enum otter_status status;
    size_t len;

    if (!host_file_read(path, OTTER_FACTORY_MAX, &data, &len, err))
        return false;
    status = otter_factory_decode((const uint8_t *)data, len, ret);
    if (status != OTTER_OK)
        return host_fail(err, HOST_ERROR_FILE, "%s: no factory data (%s)", path, otter_status_name(status));
    memcpy(raw, data, len);
    *ret_len = len;
    return true;
}
