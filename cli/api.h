/* The operators' API from the CLI's side: one request, its reply, and what an error means to a person. */
#ifndef OTTER_CLI_API_H
#define OTTER_CLI_API_H

#include "cli.h"

#include "host/http.h"
#include "host/json.h"
#include "output.h"

struct cli_request {
    const char *method;
    const char *path; /* "/api/v1/..." with its query, escaped */
    const char *body; /* NULL = none */
    size_t body_len;
    const char *content_type; /* NULL: application/json */
    bool creating;            /* sends an Idempotency-Key, the same at every try */
    bool changing;            /* with --dry-run: asks with dry_run=1 */
    /* For uploads: a piece of a file instead of body, and further headers ("Name: value"). */
    bool has_fd;
    int fd;
    uint64_t fd_at, fd_len;
    const char *header;
    struct host_http_progress *progress;
    bool tolerate; /* the caller looks at a status of 4xx itself; nothing is printed */
    bool once;     /* the caller tries again by itself */
    bool lines;    /* JSON lines are asked for: the body is no JSON */
};

struct cli_reply {
    struct host_http_response http;
    json_t *json; /* NULL where the body is no JSON */
};
void cli_reply_free(struct cli_reply *reply);
#define auto_reply HOST_CLEANUP(cli_reply_free)

/*
 * Sends and waits. A lost connection is tried again where that is safe (GET, HEAD, creating), a busy server
 * (503 with Retry-After of at most 10 s) too. CLI_DONE for 2xx; else the error is printed and its exit status
 * returned, with nothing in *ret but the number that was answered (http.status; 0: none). A lost connection
 * of an upload (has_fd) is given back without a word as CLI_UNREACHABLE: the caller resumes.
 */
enum cli_exit cli_api(struct cli *cli, const struct cli_request *request, struct cli_reply *ret);

/* Prints the problem in a reply that is not 2xx (or foreign), and returns its exit status. */
enum cli_exit cli_api_problem(struct cli *cli, const struct cli_reply *reply);

/* A body that is no JSON where otterd sends nothing else: a proxy or another server answered. */
bool cli_api_is_foreign(const struct cli_reply *reply);

/* Prints why no reply came from `server`, and what to do; returns the exit status. */
enum cli_exit cli_api_no_reply(struct cli *cli, const char *server, const struct host_error *err);

/* The `code` member of a problem; "" if there is none. */
const char *cli_api_code(const struct cli_reply *reply);

/* GET path; prints the object. */
enum cli_exit cli_api_show(struct cli *cli, const char *path, const struct cli_column *columns);

/*
 * GET of a list with --filter, --sort, --limit and --all; prints its items, those of csv and jsonl page by
 * page. JSON is the body unchanged, where one page is all that is asked for, else {"items":[all of them]}
 * with "next":null behind the last.
 */
enum cli_exit cli_api_list(struct cli *cli, const char *path, const struct cli_column *columns);

/* All items of a list, page by page: a new array. */
enum cli_exit cli_api_all(struct cli *cli, const char *path, json_t **ret_items);

/* POST or PATCH of a JSON value; takes body over. */
enum cli_exit cli_api_send(struct cli *cli, const char *method, const char *path, json_t *body, bool creating,
                           struct cli_reply *ret);

/* DELETE of "/api/v1/NAME/ID", and a note that "WHAT ID is DONE". */
enum cli_exit cli_api_delete(struct cli *cli, const char *name, const char *id, const char *what,
                             const char *done);

/* Prints a changed object: fields for people, the body unchanged for --json. */
enum cli_exit cli_api_result(struct cli *cli, const struct cli_reply *reply,
                             const struct cli_column *columns);

/* "/api/v1/NAME/ESCAPED-ID" and more behind it; malloc'ed, NULL when out of memory. */
char *cli_api_path(const char *name, const char *id, const char *more);

/* The server that is asked, as the configuration has it, for as long as the session lasts; NULL, and told:
 * the configuration is wrong. */
const char *cli_session_server(struct cli *cli);
void cli_session_close(struct cli *cli);

/* What to do about a refusal by its wire name; NULL if there is nothing to say. For errors and tests. */
const char *cli_hint(const char *code);

/* The exit status that an HTTP status means. */
enum cli_exit cli_exit_of_http(int status);

#endif
