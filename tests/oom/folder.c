#include "folder.h"

#include "host/cleanup.h"
#include "host/crypto.h"
#include "host/file.h"

#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void shell(const char *what, const char *a, const char *b)
{
    char line[256];

    (void)snprintf(line, sizeof(line), "%s '%s' '%s'", what, a, b);
    if (system(line) != 0) /* NOLINT(cert-env33-c) */
        abort();
}

void folder_make(struct folder *f)
{
    (void)snprintf(f->dir, sizeof(f->dir), "%s/otter-oom-XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(f->dir))
        abort();
    (void)snprintf(f->first, sizeof(f->first), "%s.first", f->dir);
}

void folder_keep(const struct folder *f)
{
    shell("cp -a", f->dir, f->first);
}

void folder_remove(const struct folder *f)
{
    shell("rm -rf", f->dir, f->first);
}

void folder_back(const struct folder *f)
{
    shell("rm -rf", f->dir, f->dir);
    shell("cp -a", f->first, f->dir);
}

const char *folder_path(const struct folder *f, const char *name)
{
    static char path[4][192];
    static unsigned turn;
    char *p = path[turn++ % 4];

    (void)snprintf(p, sizeof(path[0]), "%s/%s", f->dir, name);
    return p;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static void print_digest(FILE *out, const char *path)
{
    struct otter_digest digest;
    uint64_t size;

    if (!host_file_digest(&otter_crypto_openssl, path, &digest, &size, NULL))
        abort();
    for (size_t i = 0; i < OTTER_DIGEST_LEN; i++)
        (void)fprintf(out, "%02x", digest.b[i]);
}

char *folder_text(const struct folder *f, bool bytes)
{
    char dir[sizeof(f->dir)], *roots[] = {dir, NULL}, *text = NULL;
    FTSENT *e;
    size_t len;
    FTS *fts;
    FILE *out = open_memstream(&text, &len);

    memcpy(dir, f->dir, sizeof(dir));
    fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    if (!out || !fts)
        abort();
    while ((e = fts_read(fts))) {
        if (e->fts_info == FTS_DP)
            continue;
        (void)fprintf(out, "%s %o ", e->fts_path + strlen(dir), (unsigned)e->fts_statp->st_mode);
        if (bytes && e->fts_info == FTS_F)
            print_digest(out, e->fts_path);
        (void)fputc('\n', out);
    }
    (void)fts_close(fts);
    (void)fclose(out);
    return text;
}
