#include "audit_log.h"

#include "api.h"
#include "core/bytes.h"
#include "document.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The last line of an answer, without its line break; and whether an entry or a head it is. */
static const char *last_line(const char *text, size_t len, size_t *ret_len)
{
    size_t end = len > 0 && text[len - 1] == '\n' ? len - 1 : len, begin = end;

    while (begin > 0 && text[begin - 1] != '\n')
        begin--;
    *ret_len = end - begin;
    return text + begin;
}

/* Behind which entry the next answer begins; 0: this was the last, and ends with a head. */
static enum cli_exit go_on(struct cli *cli, const struct cli_reply *reply, uint64_t after,
                           uint64_t *ret_after)
{
    auto_free struct audit_record *record = malloc(sizeof(*record));
    struct audit_head head;
    struct otter_jws jws;
    size_t len;
    const char *line = last_line(reply->http.body, reply->http.body_len, &len);

    if (record == NULL)
        return cli_fail_memory(cli);
    *ret_after = 0;
    if (audit_head_read(line, len, &jws, &head))
        return CLI_DONE;
    if (!audit_read(line, len, record) || record->entry.num <= after)
        return cli_fail(cli, CLI_UNREACHABLE, "the reply is no audit log: is this an otterd?");
    *ret_after = record->entry.num;
    return CLI_DONE;
}

static enum cli_exit fetch_some(struct cli *cli, uint64_t after, FILE *to, uint64_t *ret_after)
{
    auto_reply struct cli_reply reply = {0};
    char path[96];
    enum cli_exit code;

    snprintf(path, sizeof(path), "/api/v1/audit/export?cursor=%llu", (unsigned long long)after);
    code = cli_api(cli, &(struct cli_request){.method = "GET", .path = path, .lines = true}, &reply);
    if (code != CLI_DONE)
        return code;
    if (reply.http.body == NULL)
        return cli_fail(cli, CLI_UNREACHABLE, "the reply is empty: is this an otterd?");
    if (fwrite(reply.http.body, 1, reply.http.body_len, to) != reply.http.body_len)
        return cli_fail(cli, CLI_FILE, "writing the log failed: %s", strerror(errno));
    return go_on(cli, &reply, after, ret_after);
}

enum cli_exit cli_audit_fetch(struct cli *cli, FILE *to)
{
    uint64_t after = 0;
    enum cli_exit code;

    do
        code = fetch_some(cli, after, to, &after);
    while (code == CLI_DONE && after > 0);
    if (code == CLI_DONE && (fflush(to) != 0 || ferror(to)))
        return cli_fail(cli, CLI_FILE, "writing the log failed: %s", strerror(errno));
    return code;
}

enum cli_exit cli_audit_head(struct cli *cli, char **ret_envelope, size_t *ret_len)
{
    auto_reply struct cli_reply reply = {0};
    enum cli_exit code =
        cli_api(cli, &(struct cli_request){.method = "GET", .path = "/api/v1/audit/head"}, &reply);

    if (code != CLI_DONE)
        return code;
    if (reply.http.body == NULL)
        return cli_fail(cli, CLI_UNREACHABLE, "the reply is empty: is this an otterd?");
    *ret_len = reply.http.body_len;
    *ret_envelope = HOST_STEAL(reply.http.body);
    return CLI_DONE;
}

/* ---- files ---- */

/* Under its own name only when all of it is on the disk. */
static enum cli_exit put_in_place(struct cli *cli, FILE *file, const char *made, const char *path,
                                  bool replace)
{
    if (fflush(file) != 0 || fsync(fileno(file)) != 0)
        return cli_fail(cli, CLI_FILE, "%s cannot be written: %s", path, strerror(errno));
    if (replace ? rename(made, path) == 0 : link(made, path) == 0)
        return CLI_DONE;
    return cli_fail(cli, CLI_FILE, "%s cannot be made: %s", path, strerror(errno));
}

enum cli_exit cli_audit_save(struct cli *cli, const char *path, bool replace, struct cli_audit_writer *from)
{
    auto_free char *made = NULL;
    enum cli_exit code;
    FILE *file;
    int fd;

    if (asprintf(&made, "%s.XXXXXX", path) < 0)
        return cli_fail_memory(cli);
    fd = mkstemp(made);
    file = fd >= 0 ? fdopen(fd, "w+") : NULL;
    if (file == NULL)
        return cli_fail(cli, CLI_FILE, "%s cannot be made: %s", path, strerror(errno));
    code = from->write_to(from, cli, file);
    if (code == CLI_DONE)
        code = put_in_place(cli, file, made, path, replace);
    (void)fclose(file);
    (void)unlink(made); /* gone, where it was renamed */
    return code;
}

static enum cli_exit wrong(struct cli *cli, const char *name, uint64_t line, const struct audit_walk *walk,
                           enum audit_fault found)
{
    if (line > 0)
        return cli_fail(cli, CLI_REFUSED, "%s, line %llu: %s: %s", name, (unsigned long long)line,
                        audit_fault_name(found), walk->why);
    return cli_fail(cli, CLI_REFUSED, "%s: %s: %s", name, audit_fault_name(found), walk->why);
}

/* Its last line may lack the line break: what it says is whole all the same, or no entry. */
enum cli_exit cli_audit_check(struct cli *cli, const char *name, FILE *file, struct audit_walk *walk,
                              struct cli_audit_visitor *visitor)
{
    auto_free char *text = NULL;
    uint64_t line = 0;
    size_t cap = 0;
    ssize_t len;

    while ((len = getline(&text, &cap, file)) > 0) {
        enum audit_fault found;

        len -= text[len - 1] == '\n';
        found = audit_walk_line(walk, text, (size_t)len);
        line++;
        if (found != AUDIT_GOOD)
            return wrong(cli, name, line, walk, found);
        if (visitor != NULL && !walk->headed)
            visitor->entry(visitor, walk, text, (size_t)len);
    }
    return ferror(file) ? cli_fail(cli, CLI_FILE, "%s cannot be read: %s", name, strerror(errno)) : CLI_DONE;
}

enum cli_exit cli_audit_check_end(struct cli *cli, const char *name, struct audit_walk *walk)
{
    enum audit_fault found = audit_walk_end(walk);

    if (found == AUDIT_NO_HEAD)
        return cli_fail(cli, CLI_REFUSED,
                        "%s: %s: %s\ngive a head that was kept (--head F), or export the log anew: an export "
                        "ends with its head",
                        name, audit_fault_name(found), walk->why);
    return found == AUDIT_GOOD ? CLI_DONE : wrong(cli, name, 0, walk, found);
}
