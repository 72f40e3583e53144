#include "upload.h"

#include "api.h"
#include "core/bytes.h"
#include "parse.h"
#include "progress.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define TRIES 6u

struct bar {
    struct host_http_progress progress;
    struct cli *cli;
    const char *name;
    uint64_t from; /* offset that the piece begins at */
    uint64_t size;
    unsigned shown; /* percent, so that it is drawn 100 times at most */
};

static bool step(struct host_http_progress *progress, bool upload, uint64_t done, uint64_t total)
{
    struct bar *b = OTTER_CONTAINER_OF(progress, struct bar, progress);
    uint64_t at = b->from + done;
    unsigned percent = b->size > 0 ? (unsigned)(100.0 * (double)at / (double)b->size) : 100;
    char size[CLI_BYTES_STR];

    (void)total;
    if (!upload || percent == b->shown || percent > 100)
        return true;
    b->shown = percent;
    cli_bytes_format(b->size, size);
    cli_progress(b->cli, b->name, at, b->size, size);
    return true;
}

static void bar_end(const struct bar *b)
{
    if (b->shown != 101)
        cli_progress_end(b->cli);
}

/* An upload as it goes. */
struct upload {
    struct cli *cli;
    const char *path;
    const struct otter_digest *digest;
    uint64_t size;
    uint64_t offset;
    bool held; /* the server has it whole */
    char location[sizeof((struct host_http_response){0}.location)];
    struct bar bar;
};

/* The part of Location behind the host: it is a path by contract, and the token goes to our server alone. */
static bool take_location(struct upload *u, const struct cli_reply *reply)
{
    json_int_t offset = json_integer_value(json_object_get(reply->json, "offset"));

    if (strncmp(reply->http.location, "/api/v1/uploads/", 16) != 0 || offset < 0 ||
        (uint64_t)offset > u->size)
        return false;
    memcpy(u->location, reply->http.location, sizeof(u->location));
    u->offset = (uint64_t)offset;
    return true;
}

/* Announces the blob: held already, or where to send it and from which byte on. */
static enum cli_exit announce(struct upload *u)
{
    auto_reply struct cli_reply reply = {0};
    json_t *body = json_object();
    enum cli_exit code;

    cli_put_hex(body, "sha256", u->digest);
    cli_put_uint(body, "size", u->size);
    code = cli_api_send(u->cli, "POST", "/api/v1/uploads", body, true, &reply);
    if (code != CLI_DONE)
        return code;
    u->held = json_is_true(json_object_get(reply.json, "held"));
    if (u->held || u->cli->dry_run || take_location(u, &reply))
        return CLI_DONE;
    return cli_fail(u->cli, CLI_UNREACHABLE, "%s: the server's answer makes no sense: is this an otterd?",
                    u->path);
}

/* One PATCH from u->offset on. *ret_lost: no answer came, and nothing was printed. */
static enum cli_exit patch(struct upload *u, int fd, bool *ret_lost)
{
    auto_reply struct cli_reply reply = {0};
    char header[64];
    enum cli_exit code;

    u->bar.from = u->offset;
    snprintf(header, sizeof(header), "Upload-Offset: %llu", (unsigned long long)u->offset);
    code = cli_api(u->cli,
                   &(struct cli_request){.method = "PATCH",
                                         .path = u->location,
                                         .has_fd = true,
                                         .fd = fd,
                                         .fd_at = u->offset,
                                         .fd_len = u->size - u->offset,
                                         .header = header,
                                         .progress = &u->bar.progress,
                                         .content_type = "application/offset+octet-stream"},
                   &reply);
    if (code == CLI_DONE)
        u->offset = reply.http.has_upload_offset ? reply.http.upload_offset : u->size;
    *ret_lost = code == CLI_UNREACHABLE && reply.http.status == 0;
    return code;
}

/* Where to go on. An upload that is gone was done, if only its last answer was lost: announcing it again
 * tells. */
static enum cli_exit find_place(struct upload *u)
{
    auto_reply struct cli_reply reply = {0};
    enum cli_exit code = cli_api(
        u->cli, &(struct cli_request){.method = "HEAD", .path = u->location, .tolerate = true}, &reply);

    if (code == CLI_DONE && reply.http.has_upload_offset)
        u->offset = reply.http.upload_offset;
    if (code == CLI_DONE || reply.http.status == 0 || reply.http.status >= 500)
        return code;
    return reply.http.status == 404 ? announce(u) : cli_api_problem(u->cli, &reply);
}

static enum cli_exit send_all(struct upload *u)
{
    auto_close int fd = open(u->path, O_RDONLY | O_CLOEXEC);
    enum cli_exit code = CLI_DONE;
    bool lost = false;

    if (fd < 0)
        return cli_fail(u->cli, CLI_FILE, "%s: cannot be opened", u->path);
    for (unsigned i = 1; !u->held && u->offset < u->size; i++) {
        code = patch(u, fd, &lost);
        if (code == CLI_DONE)
            continue;
        if (!lost || i == TRIES)
            break;
        sleep(i < 5 ? i - 1 : 5); /* at once the first time */
        code = find_place(u);
        if (code != CLI_DONE)
            break;
    }
    bar_end(&u->bar);
    if (code == CLI_UNREACHABLE && lost)
        return cli_fail(
            u->cli, code,
            "%s: the connection was lost at byte %llu of %llu\nRun the same again: it goes on there", u->path,
            (unsigned long long)u->offset, (unsigned long long)u->size);
    return code;
}

enum cli_exit cli_upload(struct cli *cli, const char *path, const struct otter_digest *digest, uint64_t size,
                         enum cli_upload *ret)
{
    const char *slash = strrchr(path, '/');
    struct upload u = {.cli = cli,
                       .path = path,
                       .digest = digest,
                       .size = size,
                       .bar = {.progress = {step},
                               .cli = cli,
                               .name = slash != NULL ? slash + 1 : path,
                               .size = size,
                               .shown = 101}};
    enum cli_exit code = announce(&u);

    if (code != CLI_DONE)
        return code;
    *ret = u.held ? CLI_UPLOAD_HELD : CLI_UPLOAD_SENT;
    return u.held || cli->dry_run ? CLI_DONE : send_all(&u);
}
