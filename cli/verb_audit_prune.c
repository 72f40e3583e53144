#include "verb.h"

#include "api.h"
#include "audit_log.h"
#include "parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const struct cli_option cli_options_audit_prune[] = {
    {"before", CLI_OPTION_VALUE, "TIME",
     "entries from before: 2026-11-23, 2026-11-23T01:22:20Z, or an age: 365d", .required = true},
    {"archive", CLI_OPTION_VALUE, "FILE", "the file to write them to, which must not be there yet",
     .required = true},
    {NULL},
};

const char cli_notes_audit_prune[] =
    "The whole log goes into FILE and is checked there; only then the server forgets its oldest entries. The "
    "act is an entry,\nwhich names the last one that went and its hash: what is left is checked alone, or "
    "behind the archive:\notter audit verify FILE NEWER.jsonl";

/* What is found out while the archive is checked. */
struct finder {
    struct cli_audit_visitor visitor;
    int64_t before;
    uint64_t newest;
    bool done; /* an entry from later was met */
    uint64_t through, candidate;
    struct otter_digest hash, candidate_hash;
};

/* The newest one stays in any case. */
static void find(struct cli_audit_visitor *self, const struct audit_walk *walk, const char *line, size_t len)
{
    struct finder *f = OTTER_CONTAINER_OF(self, struct finder, visitor);
    auto_free struct audit_record *r = malloc(sizeof(*r));

    if (!f->done && f->candidate > 0) {
        f->through = f->candidate;
        f->hash = f->candidate_hash;
    }
    f->done = f->done || r == NULL || !audit_read(line, len, r) || r->entry.at >= f->before;
    f->candidate = f->done ? 0 : walk->num;
    f->candidate_hash = walk->hash;
}

static bool parse_time(struct cli *cli, const char *text, int64_t *ret)
{
    static const char *const forms[] = {"%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d"};
    uint64_t age = 0;

    for (unsigned i = 0; i < OTTER_ARRAY_LEN(forms); i++) {
        struct tm tm = {.tm_mday = 1};
        const char *end = strptime(text, forms[i], &tm);

        if (end == NULL || *end != '\0')
            continue;
        *ret = timegm(&tm);
        return true;
    }
    if (!cli_parse_duration(text, &age))
        return false;
    *ret = (int64_t)cli->now - (int64_t)age;
    return true;
}

struct archiver {
    struct cli_audit_writer writer;
    struct finder *finder;
    const char *name;
};

/* Fetched and read back: only what is in the file, and good there, is asked to go. */
static enum cli_exit archive(struct cli_audit_writer *self, struct cli *cli, FILE *to)
{
    struct archiver *a = OTTER_CONTAINER_OF(self, struct archiver, writer);
    auto_free struct audit_walk *walk = calloc(1, sizeof(*walk));
    enum cli_exit code = walk != NULL ? cli_audit_fetch(cli, to) : cli_fail_memory(cli);

    if (code != CLI_DONE)
        return code;
    rewind(to);
    code = cli_audit_check(cli, a->name, to, walk, &a->finder->visitor);
    return code == CLI_DONE ? cli_audit_check_end(cli, a->name, walk) : code;
}

static enum cli_exit make_archive(struct cli *cli, const char *path, struct finder *finder)
{
    struct archiver a = {.writer.write_to = archive, .finder = finder, .name = path};
    auto_file FILE *nowhere = cli->dry_run ? tmpfile() : NULL;

    if (!cli->dry_run)
        return cli_audit_save(cli, path, false, &a.writer);
    if (nowhere == NULL)
        return cli_fail(cli, CLI_FILE, "no temporary file can be made: %s", strerror(errno));
    return archive(&a.writer, cli, nowhere);
}

enum cli_exit cli_run_audit_prune(struct cli *cli, const struct cli_args *args)
{
    static const struct cli_column columns[] = {
        {"archived up to", "through", CLI_KIND_NUMBER}, {"hash", "hash"}, {NULL}};
    const char *before = cli_arg(args, "before"), *path = cli_arg(args, "archive");
    struct finder finder = {.visitor.entry = find};
    auto_reply struct cli_reply reply = {0};
    char hex[OTTER_DIGEST_HEX + 1];
    enum cli_exit code;

    if (!parse_time(cli, before, &finder.before))
        return cli_fail(cli, CLI_USAGE, "--before %s: expected a date, a time or an age such as 365d",
                        before);
    code = make_archive(cli, path, &finder);
    if (code != CLI_DONE)
        return code;
    if (finder.through == 0) {
        cli_note(cli, "no entry is from before: the server keeps all%s%s",
                 cli->dry_run ? "" : "; archived in ", cli->dry_run ? "" : path);
        return CLI_DONE;
    }
    otter_hex_encode(finder.hash.b, OTTER_DIGEST_LEN, hex);
    code = cli_api_send(cli, "POST", "/api/v1/audit/prune",
                        json_pack("{s:I, s:s}", "through", (json_int_t)finder.through, "hash", hex), true,
                        &reply);
    return code == CLI_DONE ? cli_api_result(cli, &reply, columns) : code;
}
