/* What lib/host does with memory: the rows of its sweep. */
#ifndef OTTER_TEST_OOM_DEEDS_H
#define OTTER_TEST_OOM_DEEDS_H

#include "folder.h"

#include "host/crypto.h"
#include "host/error.h"
#include "host/http.h"
#include "host/json.h"
#include "host/mapped.h"
#include "host/zone.h"

/* What a deed works on, made once, and what it has made: scene_clear() frees that. */
struct scene {
    /* given */
    struct folder *folder;
    const struct host_key *key, *second;
    const char *envelope; /* signed by key */
    const char *url;      /* of a server that answers; closed: one whose port nobody listens at */
    const char *closed;
    unsigned zone; /* one that was not asked for yet */
    /* made */
    json_t *json;
    char *text, *more;
    size_t len;
    struct host_key *made;
    struct host_http *http;
    struct host_http_response response;
    struct host_mapped *mapped;
    struct otter_digest digest;
    uint64_t size;
    uint8_t bytes[4096];
    char line[2][16384];
};

struct deed {
    const char *name;
    bool (*run)(struct scene *s, struct host_error *err);
    void (*judge)(struct scene *s); /* what a run that succeeded has made; may be NULL */
    enum host_error_kind fails;     /* never succeeds: by this */
    unsigned opaque; /* kinds of errors, a bit each, where the library does not say what it lacked */
    bool dear;       /* a third of a second each time, of scrypt */
    bool silent;     /* its interface says no more than "no" */
    bool noted;      /* the like, but host_memory_was_refused() knows */
};

extern const struct deed deeds[];
extern const unsigned deed_count;

#define DEED_PASSPHRASE "hunter22"

/* Fills the folder with what deeds read. */
void scene_furnish(struct scene *s);
void scene_clear(struct scene *s);

#endif
