#include "service/backup_note.h"

#include "core/bytes.h"
#include "host/cleanup.h"
#include "host/file.h"
#include "host/json.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NOTE_MAX 65536u

const struct backup_part backup_parts[] = {
    {BACKUP_DB, true},    {"offer.key", true},    {"offer.pub", false}, {"offer.next.key", false},
    {"secret.key", true}, {"admin.token", false}, {"audit.key", false}, {"audit.pub", false},
};
const size_t backup_part_count = OTTER_ARRAY_LEN(backup_parts);
_Static_assert(OTTER_ARRAY_LEN(backup_parts) <= BACKUP_PARTS_MAX, "backup_note.file has room for all");

static json_t *json_files(const struct backup_note *note)
{
    json_t *files = json_array();

    for (size_t i = 0; i < backup_part_count; i++) {
        char hex[OTTER_DIGEST_HEX + 1];

        if (!note->file[i].there)
            continue;
        otter_hex_encode(note->file[i].sha256.b, OTTER_DIGEST_LEN, hex);
        (void)json_array_append_new(files, json_pack("{s:s, s:I, s:s}", "name", backup_parts[i].name, "size",
                                                     (json_int_t)note->file[i].size, "sha256", hex));
    }
    return files;
}

bool backup_note_write(const char *dir, const struct backup_note *note, struct host_error *err)
{
    auto_json json_t *j = json_pack("{s:i, s:s, s:I, s:I, s:o, s:{s:I, s:I}}", "format", (int)BACKUP_FORMAT,
                                    "otterd", note->version, "schema", (json_int_t)note->schema, "time",
                                    (json_int_t)note->time, "files", json_files(note), "blobs", "count",
                                    (json_int_t)note->blobs, "bytes", (json_int_t)note->blob_bytes);
    auto_free char *text = NULL;
    char path[PATH_MAX];
    size_t len = 0;

    text = j ? host_json_dump_pretty(j, &len) : NULL;
    if (!text)
        return host_fail(err, HOST_ERROR_MEMORY, "out of memory");
    (void)snprintf(path, sizeof(path), "%.4000s/" BACKUP_NOTE, dir);
    return host_file_write(path, text, len, 0600, HOST_FILE_NEW, err);
}

static bool read_file(json_t *j, struct backup_note *ret, struct host_error *err)
{
    const char *name = NULL, *hex = NULL;
    struct backup_file file = {.there = true};

    if (!host_json_get_string(j, "name", HOST_JSON_REQUIRED, 64, &name, err) ||
        !host_json_get_string(j, "sha256", HOST_JSON_REQUIRED, OTTER_DIGEST_HEX, &hex, err) ||
        !host_json_get_uint(j, "size", HOST_JSON_REQUIRED, 0, OTTER_INT_MAX, &file.size, err))
        return false;
    if (!otter_hex_decode(hex, strlen(hex), file.sha256.b, OTTER_DIGEST_LEN))
        return host_fail(err, HOST_ERROR_FORMAT, "the digest of %.64s is none", name);
    for (size_t i = 0; i < backup_part_count; i++) {
        if (strcmp(backup_parts[i].name, name) == 0 && !ret->file[i].there) {
            ret->file[i] = file;
            return true;
        }
    }
    return host_fail(err, HOST_ERROR_FORMAT, "the file %.64s is unknown, or there twice", name);
}

static bool read_files(json_t *j, struct backup_note *ret, struct host_error *err)
{
    json_t *files = NULL;

    if (!host_json_get_array(j, "files", HOST_JSON_REQUIRED, BACKUP_PARTS_MAX, &files, err))
        return false;
    for (size_t i = 0; i < json_array_size(files); i++)
        if (!read_file(json_array_get(files, i), ret, err))
            return false;
    for (size_t i = 0; i < backup_part_count; i++)
        if (backup_parts[i].needed && !ret->file[i].there)
            return host_fail(err, HOST_ERROR_FORMAT, "%s is not in it", backup_parts[i].name);
    return true;
}

static bool read_note(json_t *j, struct backup_note *ret, bool *ret_newer, struct host_error *err)
{
    uint64_t format = 0, schema = 0, time = 0;
    const char *version = NULL;
    json_t *blobs = NULL;

    if (!host_json_get_uint(j, "format", HOST_JSON_REQUIRED, 1, OTTER_INT_MAX, &format, err))
        return false;
    *ret_newer = format > BACKUP_FORMAT;
    if (*ret_newer)
        return host_fail(err, HOST_ERROR_FORMAT, "made by a newer otterd: put it back with that one");
    if (!host_json_get_string(j, "otterd", HOST_JSON_REQUIRED, sizeof(ret->version) - 1, &version, err) ||
        !host_json_get_uint(j, "schema", HOST_JSON_REQUIRED, 1, UINT32_MAX, &schema, err) ||
        !host_json_get_uint(j, "time", HOST_JSON_REQUIRED, 0, OTTER_INT_MAX, &time, err) ||
        !host_json_get_object(j, "blobs", HOST_JSON_REQUIRED, &blobs, err) ||
        !host_json_get_uint(blobs, "count", HOST_JSON_REQUIRED, 0, OTTER_INT_MAX, &ret->blobs, err) ||
        !host_json_get_uint(blobs, "bytes", HOST_JSON_REQUIRED, 0, OTTER_INT_MAX, &ret->blob_bytes, err))
        return false;
    (void)snprintf(ret->version, sizeof(ret->version), "%s", version);
    ret->schema = (unsigned)schema;
    ret->time = (int64_t)time;
    return read_files(j, ret, err);
}

bool backup_note_read(const char *dir, struct backup_note *ret, bool *ret_newer, struct host_error *err)
{
    auto_json json_t *j = NULL;
    char path[PATH_MAX];

    *ret = (struct backup_note){0};
    *ret_newer = false;
    (void)snprintf(path, sizeof(path), "%.4000s/" BACKUP_NOTE, dir);
    if (access(path, F_OK) != 0)
        return host_fail_errno(err, HOST_ERROR_FILE,
                               "%s is no finished backup: " BACKUP_NOTE " is written last, and is not there",
                               dir);
    j = host_json_load_file(path, NOTE_MAX, err);
    return j && (read_note(j, ret, ret_newer, err) || host_error_prefix(err, "%s", path));
}
