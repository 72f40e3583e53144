#include "upload.h"

#include "api.h"
#include "core/bytes.h"
#include "parse.h"
#include "progress.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define TRIES     6u
#define BAR_WIDTH 30u

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
    char text[BAR_WIDTH + 1], size[CLI_BYTES_STR];

    (void)total;
    if (!upload || !b->cli->err_tty || percent == b->shown || percent > 100)
        return true;
    b->shown = percent;
    cli_bar(at, b->size, BAR_WIDTH, text);
    cli_bytes_format(b->size, size);
    fprintf(b->cli->err, "\r\033[K%s [%s] %3u%% of %s", b->name, text, percent, size);
    fflush(b->cli->err);
    return true;
}

static void bar_end(const struct bar *b)
{
    if (b->cli->err_tty && b->shown != 101)
        fputs("\r\033[K", b->cli->err);
}

/* One PATCH from *offset on; CLI_UNREACHABLE without a word when the connection was lost. */
static enum cli_exit patch(struct cli *cli, const char *location, int fd, uint64_t *offset, uint64_t size,
                           struct bar *bar)
{
    auto_reply struct cli_reply reply = {0};
    char header[64];
    enum cli_exit code;

    bar->from = *offset;
    snprintf(header, sizeof(header), "Upload-Offset: %llu", (unsigned long long)*offset);
    code = cli_api(cli,
                   &(struct cli_request){.method = "PATCH",
                                         .path = location,
                                         .has_fd = true,
                                         .fd = fd,
                                         .fd_at = *offset,
                                         .fd_len = size - *offset,
                                         .header = header,
                                         .progress = &bar->progress,
                                         .content_type = "application/offset+octet-stream"},
                   &reply);
    if (code == CLI_DONE)
        *offset = reply.http.has_upload_offset ? reply.http.upload_offset : size;
    return code;
}

static enum cli_exit where(struct cli *cli, const char *location, uint64_t *ret_offset)
{
    auto_reply struct cli_reply reply = {0};
    enum cli_exit code = cli_api(cli, &(struct cli_request){.method = "HEAD", .path = location}, &reply);

    if (code == CLI_DONE && reply.http.has_upload_offset)
        *ret_offset = reply.http.upload_offset;
    return code;
}

static enum cli_exit send_all(struct cli *cli, const char *path, const char *location, uint64_t offset,
                              uint64_t size)
{
    const char *slash = strrchr(path, '/');
    struct bar bar = {
        .progress = {step}, .cli = cli, .name = slash != NULL ? slash + 1 : path, .size = size, .shown = 101};
    auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    enum cli_exit code = CLI_DONE;

    if (fd < 0)
        return cli_fail(cli, CLI_FILE, "%s: cannot be opened", path);
    for (unsigned i = 1; offset < size; i++) {
        code = patch(cli, location, fd, &offset, size, &bar);
        if (code == CLI_DONE)
            continue;
        if (code != CLI_UNREACHABLE || i == TRIES)
            break;
        sleep(i < 5 ? i - 1 : 5); /* at once the first time */
        code = where(cli, location, &offset);
        if (code != CLI_DONE)
            break;
    }
    bar_end(&bar);
    if (code == CLI_UNREACHABLE)
        return cli_fail(
            cli, code,
            "%s: the connection was lost at byte %llu of %llu\nRun the same again: it goes on there", path,
            (unsigned long long)offset, (unsigned long long)size);
    return code;
}

/* The part of Location behind the host: it is a path by contract, and the token goes to our server alone. */
static const char *location_path(const struct cli_reply *reply)
{
    return strncmp(reply->http.location, "/api/v1/uploads/", 16) == 0 ? reply->http.location : NULL;
}

enum cli_exit cli_upload(struct cli *cli, const char *path, const struct otter_digest *digest, uint64_t size,
                         enum cli_upload *ret)
{
    auto_reply struct cli_reply reply = {0};
    json_t *body = json_object();
    json_int_t offset;
    enum cli_exit code;

    cli_put_hex(body, "sha256", digest);
    cli_put_uint(body, "size", size);
    code = cli_api_send(cli, "POST", "/api/v1/uploads", body, true, &reply);
    if (code != CLI_DONE)
        return code;
    *ret = CLI_UPLOAD_HELD;
    if (json_is_true(json_object_get(reply.json, "held")))
        return CLI_DONE;
    *ret = CLI_UPLOAD_SENT;
    if (cli->dry_run)
        return CLI_DONE;
    offset = json_integer_value(json_object_get(reply.json, "offset"));
    if (location_path(&reply) == NULL || offset < 0 || (uint64_t)offset > size)
        return cli_fail(cli, CLI_UNREACHABLE, "%s: the server's answer makes no sense: is this an otterd?",
                        path);
    return send_all(cli, path, location_path(&reply), (uint64_t)offset, size);
}
