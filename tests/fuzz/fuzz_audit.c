/*
 * Audit logs, as `otter audit verify` is handed them: a line that is read is the one that would be written of
 * it; and of a log that was written and signed here, whatever somebody without its key makes of it, nothing
 * is taken for good but all of its entries, as they were.
 */
#include "fuzz.h"

#include "core/bytes.h"
#include "host/audit.h"

#include <stdio.h>

#define ENTRIES  6u
#define TEXT_MAX 65536u

/* Nobody's: it signs the log below alone. */
static const char key_pem[] = "-----BEGIN PRIVATE KEY-----\n"
                              "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgWDloFy4b7gtyqv3s\n"
                              "oFcZEaVSzXHF9vvSbNz7iEg6bKehRANCAATyfOtj2LL4d7b6VdQyPO94tk1AqtEf\n"
                              "OzgePPBzs0fVdsDR8vtV34yFfCWW0TGOJcn5DjSCdTJ75tPUYi4bxox/\n"
                              "-----END PRIVATE KEY-----\n";

struct text {
    char at[TEXT_MAX];
    size_t len;
};

static struct text good; /* lines, each with its line break; the last one is the head */
static size_t good_head; /* where that begins */
static struct audit_entry first_entries[ENTRIES];

static void put_line(struct text *t, const char *line, size_t len)
{
    if (len >= sizeof(t->at) - t->len)
        return;
    memcpy(t->at + t->len, line, len);
    t->len += len;
    t->at[t->len++] = '\n';
}

static void put_entry(struct text *t, struct audit_entry *e, struct otter_digest *prev)
{
    static char line[AUDIT_LINE_MAX];

    e->prev = *prev;
    MUST(audit_seal(e));
    *prev = e->hash;
    put_line(t, line, audit_line(e, line));
}

static void write_good_once(void)
{
    static char key_detail[256], envelope[OTTER_ENVELOPE_MAX + 1];
    struct host_key *key = host_key_parse(key_pem, strlen(key_pem), "key", NULL);
    char spki_text[OTTER_B64_LEN(OTTER_SPKI_LEN) + 1];
    uint8_t spki[OTTER_SPKI_LEN];
    struct otter_digest prev = {{0}};
    struct audit_head head = {.num = ENTRIES, .at = 1800000100};
    int len;

    MUST(key != NULL);
    otter_spki_from_point(host_key_point(key), spki);
    otter_b64_encode(spki, sizeof(spki), spki_text);
    snprintf(key_detail, sizeof(key_detail), "{\"spki\":\"%s\"}", spki_text);
    for (unsigned i = 0; i < ENTRIES; i++) {
        first_entries[i] = (struct audit_entry){.num = i + 1,
                                                .at = 1800000000 + i,
                                                .who = i == 0 ? "" : "eve",
                                                .act = i == 0 ? AUDIT_ACT_KEY : "rollout-start",
                                                .subject = "rollout \"3\"\n",
                                                .detail = i == 0 ? key_detail : "{\"phase\":1}"};
        put_entry(&good, &first_entries[i], &prev);
    }
    head.hash = prev;
    good_head = good.len;
    len = audit_head_sign(key, &head, envelope, sizeof(envelope));
    MUST(len > 0);
    put_line(&good, envelope, (size_t)len);
    host_key_free(key);
}

static enum audit_fault walk(const struct text *t)
{
    static struct audit_walk w;
    enum audit_fault found = AUDIT_GOOD;

    memset(&w, 0, sizeof(w));
    for (size_t at = 0; at < t->len && found == AUDIT_GOOD;) {
        const char *end = memchr(t->at + at, '\n', t->len - at);
        size_t len = end != NULL ? (size_t)(end - t->at) - at : t->len - at;
        char *line = malloc(len + 1); /* of its own, so that reading past it is seen */

        MUST(line != NULL);
        memcpy(line, t->at + at, len);
        found = audit_walk_line(&w, line, len);
        free(line);
        at += len + 1;
    }
    if (found == AUDIT_GOOD)
        found = audit_walk_end(&w);
    MUST(found == AUDIT_GOOD || strlen(w.why) > 0);
    return found;
}

/* ---- lines of the input's own ---- */

static void check_line(const char *line, size_t len)
{
    static struct audit_record r;
    static char again[AUDIT_LINE_MAX];

    if (!audit_read(line, len, &r))
        return;
    MUST(audit_line(&r.entry, again) == len && memcmp(again, line, len) == 0);
    MUST(audit_seal(&r.entry));
    MUST(memcmp(r.entry.hash.b, r.made.b, OTTER_DIGEST_LEN) == 0);
}

static void own_lines(const uint8_t *data, size_t size)
{
    static struct text t;
    struct otter_jws jws;
    struct audit_head head;
    char *line = malloc(size + 1);

    MUST(line != NULL);
    memcpy(line, data, size);
    check_line(line, size);
    if (audit_head_read(line, size, &jws, &head))
        MUST(head.at >= 0 && head.num <= OTTER_INT_MAX);
    free(line);
    if (size > sizeof(t.at))
        return;
    memcpy(t.at, data, size);
    t.len = size;
    (void)walk(&t);
}

/* ---- the good log, bent ---- */

struct input {
    const uint8_t *at;
    size_t left;
};

static size_t take(struct input *in, size_t below)
{
    size_t v = 0;

    for (unsigned i = 0; i < 2 && in->left > 0; i++, in->left--)
        v = v << 8 | *in->at++;
    return below > 0 ? v % below : 0;
}

/* Where the line begins that holds this byte, and how long it is with its line break. */
static size_t line_at(const struct text *t, size_t at, size_t *ret_len)
{
    const char *end;

    while (at > 0 && t->at[at - 1] != '\n')
        at--;
    end = memchr(t->at + at, '\n', t->len - at);
    *ret_len = end != NULL ? (size_t)(end - t->at) + 1 - at : t->len - at;
    return at;
}

static void drop(struct text *t, size_t at, size_t len)
{
    memmove(t->at + at, t->at + at + len, t->len - at - len);
    t->len -= len;
}

static void insert(struct text *t, size_t at, const char *bytes, size_t len)
{
    if (len > sizeof(t->at) - t->len)
        return;
    memmove(t->at + at + len, t->at + at, t->len - at);
    memcpy(t->at + at, bytes, len);
    t->len += len;
}

/* A line somewhere else, or there once more. */
static void move_line(struct text *t, struct input *in, bool keep)
{
    static char line[TEXT_MAX];
    size_t len, at = line_at(t, take(in, t->len), &len);

    memcpy(line, t->at + at, len);
    if (!keep)
        drop(t, at, len);
    at = t->len > 0 ? line_at(t, take(in, t->len), &(size_t){0}) : 0;
    insert(t, at, line, len);
}

/* All entries from one on anew, as one who has no key can: each in its place, with hashes that fit. */
static void forge(struct text *t, struct input *in)
{
    unsigned from = (unsigned)take(in, ENTRIES);
    struct otter_digest prev = {{0}};
    struct text *out = t;

    out->len = 0;
    for (unsigned i = 0; i < ENTRIES; i++) {
        struct audit_entry e = first_entries[i];

        e.who = i == from ? "bob" : e.who;
        put_entry(out, &e, &prev);
    }
    insert(out, out->len, good.at + good_head, good.len - good_head);
}

static void bend(struct text *t, struct input *in)
{
    size_t at, len;
    char byte;

    switch (take(in, 7)) {
    case 0:
        at = take(in, t->len);
        t->at[at] ^= (char)(1u << take(in, 8));
        break;
    case 1:
        t->len = take(in, t->len);
        break;
    case 2:
        at = line_at(t, take(in, t->len), &len);
        drop(t, at, len);
        break;
    case 3:
        move_line(t, in, true);
        break;
    case 4:
        move_line(t, in, false);
        break;
    case 5:
        byte = (char)take(in, 256);
        insert(t, take(in, t->len), &byte, 1);
        break;
    default:
        forge(t, in);
        break;
    }
}

static void bent_log(struct input in)
{
    static struct text t;

    t = good;
    MUST(walk(&t) == AUDIT_GOOD);
    while (in.left > 0 && t.len > 0)
        bend(&t, &in);
    if (walk(&t) == AUDIT_GOOD)
        MUST(t.len >= good_head && memcmp(t.at, good.at, good_head) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (good.len == 0)
        write_good_once();
    if (size == 0 || size > 16384)
        return 0;
    if (data[0] == '{') /* as each line begins */
        own_lines(data, size);
    else
        bent_log((struct input){data + 1, size - 1});
    return 0;
}
