#include "service/needed.h"

#include "core/bytes.h"
#include "core/documents.h"
#include "core/jws.h"
#include "host/cleanup.h"
#include "host/file.h"
#include "store/blobs_walk.h"

#include <unistd.h>

/* path: where it is, or would be. */
static bool held(struct needed *n, const struct otter_digest *digest, const char *what, char path[PATH_MAX])
{
    char hex[OTTER_DIGEST_HEX + 1];

    otter_hex_encode(digest->b, OTTER_DIGEST_LEN, hex);
    blobs_walk_place(n->blobs_dir, hex, path);
    if (access(path, F_OK) == 0)
        return true;
    n->missing(n, what, hex);
    return false;
}

static bool read_manifest(const char *path, struct otter_manifest *ret)
{
    auto_free char *envelope = NULL;
    struct host_error err = {0};
    struct otter_jws jws;
    size_t len = 0;

    return host_file_read(path, OTTER_ENVELOPE_MAX, &envelope, &len, &err) &&
           otter_jws_decode(envelope, len, &jws) == OTTER_OK &&
           otter_manifest_decode(jws.payload, jws.payload_len, ret) == OTTER_OK;
}

void needed_look(struct needed *n, const struct otter_digest *digest, bool manifest)
{
    struct otter_manifest m;
    char path[PATH_MAX];

    if (!held(n, digest, "blob", path) || !manifest || !read_manifest(path, &m))
        return;
    if (m.has_sbom)
        (void)held(n, &m.sbom, "bill of materials", path);
    if (m.has_notes)
        (void)held(n, &m.notes, "release notes", path);
}
