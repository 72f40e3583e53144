/*
 * Blobs: images, manifests and deltas by the SHA-256 of their exact bytes, behind one table of functions
 * (files now, S3 later). A blob is held whole or not at all: nobody ever reads a partial one. All functions
 * from any thread.
 */
#ifndef OTTER_STORE_BLOBS_H
#define OTTER_STORE_BLOBS_H

#include "core/crypto.h"
#include "core/status.h"
#include "host/error.h"
#include "host/mapped.h"

struct blobs {
    const struct blobs_ops *ops;
};

struct blobs_entry {
    struct otter_digest digest;
    uint64_t size;
    int64_t written; /* Unix seconds by the wall clock: when its bytes came */
};

struct blobs_visitor {
    bool (*blob)(struct blobs_visitor *self, const struct blobs_entry *blob); /* false ends the listing */
};

struct blobs_ops {
    void (*close)(struct blobs *self);

    /* A read-only descriptor of the blob (the caller closes it) and its size, or -1. */
    int (*open)(struct blobs *self, const struct otter_digest *digest, uint64_t *ret_size);
    /*
     * The blob's bytes, mapped once for all who read it at the time; the caller is a user of the mapping.
     * NULL: ask open, which says what is the matter, if anything is.
     */
    struct host_mapped *(*map)(struct blobs *self, const struct otter_digest *digest);
    /* Lets go of mappings that nobody asked for of late. Call it now and then. */
    void (*rest)(struct blobs *self);
    bool (*held)(struct blobs *self, const struct otter_digest *digest, uint64_t *ret_size);

    /* Keeps a small blob at once, durably. OK (also when it is held), STORE_FULL, IO_ERROR. */
    enum otter_status (*put)(struct blobs *self, const struct otter_digest *digest, const void *data,
                             size_t len, struct host_error *err);

    /* Blobs held and their bytes, uploads not counted. */
    void (*usage)(struct blobs *self, uint64_t *ret_count, uint64_t *ret_bytes);

    /*
     * An upload is named by the digest that was announced: who announces the same blob goes on where another
     * stopped. Uploads and their bytes survive a restart; those that got no byte for 7 days are given up.
     * begin: OK with *ret_offset = bytes there already; CONFLICT if the same digest is being uploaded with
     * another size.
     */
    enum otter_status (*begin)(struct blobs *self, const struct otter_digest *digest, uint64_t size,
                               uint64_t *ret_offset);
    /* NOT_FOUND if there is no such upload. */
    enum otter_status (*stat)(struct blobs *self, const struct otter_digest *digest, uint64_t *ret_offset,
                              uint64_t *ret_size);
    /* NOT_FOUND, OFFSET_MISMATCH (also while another appends), BODY_TOO_LARGE (past the size announced),
     * STORE_FULL, IO_ERROR. */
    enum otter_status (*append)(struct blobs *self, const struct otter_digest *digest, uint64_t offset,
                                const void *data, size_t len);
    /* Checks the digest and puts the blob in place, durably. DIGEST_MISMATCH removes the upload;
     * OFFSET_MISMATCH if bytes are missing. */
    enum otter_status (*finish)(struct blobs *self, const struct otter_digest *digest,
                                struct host_error *err);

    /* All blobs held, in any order. What comes or goes meanwhile may be among them or not. */
    enum otter_status (*list)(struct blobs *self, struct blobs_visitor *visitor);
    /* Nobody finds it any more; descriptors that are open stay good. OK also if it is not held. */
    enum otter_status (*remove)(struct blobs *self, const struct otter_digest *digest);
    /* Gives up uploads that got no byte since `before` and that nobody is at; with dry_run only counts them.
     */
    unsigned (*give_up)(struct blobs *self, int64_t before, bool dry_run);

    /* Between the two, finish waits before it puts a blob in place: a backup sees all that are acknowledged.
     */
    void (*hold)(struct blobs *self);
    void (*let_go)(struct blobs *self);
};

/*
 * Files: DIR/blobs/aa/<sha256>, uploads in DIR/tmp/<sha256>.<size>. map_max: bytes of blobs that are mapped
 * at a time; 0: none. NULL with *ret_error.
 */
struct blobs *blobs_file_open(const char *data_dir, uint64_t map_max, struct host_error *ret_error);

static inline void blobs_close(struct blobs *blobs)
{
    if (blobs)
        blobs->ops->close(blobs);
}

#endif
