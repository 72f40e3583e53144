/* What stands beside a backup: read from a file, and the same when it is written again. */
#include "fuzz.h"

#include "service/backup_note.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char in_dir[] = "/tmp/fuzz-note-XXXXXX", out_dir[] = "/tmp/fuzz-note-XXXXXX";
static char in_file[64], out_file[64];

static void remove_all(void)
{
    unlink(in_file);
    unlink(out_file);
    rmdir(in_dir);
    rmdir(out_dir);
}

static void make_once(void)
{
    MUST(mkdtemp(in_dir) != NULL && mkdtemp(out_dir) != NULL);
    snprintf(in_file, sizeof(in_file), "%s/" BACKUP_NOTE, in_dir);
    snprintf(out_file, sizeof(out_file), "%s/" BACKUP_NOTE, out_dir);
    MUST(atexit(remove_all) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct backup_note note, back;
    struct host_error err = {0};
    bool newer = false;
    int fd;

    if (in_file[0] == '\0')
        make_once();
    fd = open(in_file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    MUST(fd >= 0 && write(fd, data, size) == (ssize_t)size && close(fd) == 0);
    if (!backup_note_read(in_dir, &note, &newer, &err)) {
        MUST(err.message[0] != '\0');
        return 0;
    }
    MUST(!newer);
    (void)unlink(out_file);
    MUST(backup_note_write(out_dir, &note, &err) && backup_note_read(out_dir, &back, &newer, &err));
    MUST(note.time == back.time && note.schema == back.schema && strcmp(note.version, back.version) == 0);
    MUST(note.blobs == back.blobs && note.blob_bytes == back.blob_bytes);
    for (size_t i = 0; i < backup_part_count; i++)
        MUST(note.file[i].there == back.file[i].there && note.file[i].size == back.file[i].size &&
             memcmp(&note.file[i].sha256, &back.file[i].sha256, sizeof(note.file[i].sha256)) == 0);
    return 0;
}
