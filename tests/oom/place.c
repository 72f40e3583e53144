#include "place.h"

#include "scarce.h"

#include "core/bytes.h"
#include "host/audit.h"

#include <ftw.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

static void copy_dir(const char *from, const char *to)
{
    char line[2 * PATH_MAX + 16];

    (void)snprintf(line, sizeof(line), "cp -a '%s' '%s'", from, to);
    assert_int_equal(system(line), 0); /* NOLINT(cert-env33-c) */
}

static void must(struct world *w, enum svc_op op, const char *id, uint64_t number, const char *json)
{
    struct svc_call call = {
        .op = op, .in.id = id, .in.number = number, .in.json = json ? json_loads(json, 0, NULL) : NULL};

    if (world_run(w, &call) != OTTER_OK)
        fail_msg("op %d: %s", (int)op, call.out.error.message);
    json_decref(call.in.json);
    svc_call_clear(&call);
}

static void ask(struct world *w, const char *id, const char *bearer)
{
    struct svc_call call = {.op = SVC_DEVICE_ASK, .in.bearer = bearer, .in.address = "127.0.0.1"};

    world_fill_poll(&call, &(struct world_poll){.device = 0, .confirmed = true});
    call.op = SVC_DEVICE_ASK;
    (void)snprintf(call.in.poll.device, sizeof(call.in.poll.device), "%s", id);
    call.in.device = NULL;
    assert_int_equal(world_run(w, &call), OTTER_OK);
    svc_call_clear(&call);
}

static void furnish(struct world *w)
{
    static const char secret[] = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s";
    char json[512];

    world_devices(w, 6);
    must(w, SVC_GROUP_PUT, "lab", 0, "{\"target\":\"tag == lab\",\"poll_interval\":600}");
    must(w, SVC_GROUP_PUT, "spare", 0, "{\"target\":\"tag == spare\"}");
    must(w, SVC_DEVICE_CHANGE, "label", 0,
         "{\"ids\":[\"device-001\"],\"add_tags\":[\"lab\"],\"attributes\":{\"site\":\"oslo\"}}");
    must(w, SVC_DEVICE_CHANGE, "hold", 0, "{\"ids\":[\"device-003\"],\"reason\":\"under repair\"}");
    must(w, SVC_DEVICE_CHANGE, "retire", 0, "{\"ids\":[\"device-004\"],\"reason\":\"old\"}");
    must(w, SVC_DEVICE_CHANGE, "rotate", 0, "{\"ids\":[\"device-000\"]}");
    must(w, SVC_OPERATOR_ADD, NULL, 0,
         "{\"name\":\"eve\",\"grants\":[{\"role\":\"viewer\",\"product\":\"*\"}]}");
    (void)snprintf(json, sizeof(json), "{\"product\":\"" WORLD_PRODUCT "\",\"secret\":\"%s\"}", secret);
    must(w, SVC_FLEET_KEY_ADD, NULL, 0, json);
    (void)world_rollout(w, "id in (device-000, device-001, device-003)", "[{\"group\":\"lab\"},100]", false);
    (void)snprintf(json, sizeof(json), "{\"release\":\"%s\",\"target\":\"all\",\"phases\":[5,100]}",
                   w->release);
    must(w, SVC_ROLLOUT_CREATE, NULL, 0, json);
    for (unsigned i = 0; i < 6; i++)
        if (i != 4)
            (void)world_ask(w, i);
    ask(w, "asker", "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE");
}

/* Rollouts deal their devices alike each time. */
static void same_seed(void *out, size_t len)
{
    memset(out, 7, len);
}

struct place *place_new(void)
{
    struct place *p = calloc(1, sizeof(*p));
    char first[300];
    void *state;

    assert_non_null(p);
    world_config.shuffle = same_seed;
    world_config.enrol_ask = world_config.enrol_fleet_key = true;
    assert_int_equal(world_setup_with_root(&state), 0);
    p->w = state;
    world_release(p->w, 1);
    world_release(p->w, 2);
    furnish(p->w);
    svc_close(p->w->svc);
    p->w->svc = NULL;
    memcpy(p->base, p->w->dir, strlen(p->w->dir) + 1);
    (void)snprintf(first, sizeof(first), "%s.first", p->base);
    assert_int_equal(rename(p->base, first), 0);
    assert_int_equal(mkdir(p->base, 0700), 0);
    (void)snprintf(p->w->dir, sizeof(p->w->dir), "%s/0", p->base);
    assert_int_equal(rename(first, p->w->dir), 0);
    place_back(p);
    return p;
}

void place_free(struct place *p)
{
    void *state = p->w;

    memcpy(p->w->dir, p->base, strlen(p->base) + 1); /* all of them are removed */
    free(p->body);
    free(p);
    (void)world_teardown(&state);
}

/* A copy of directory `from` is opened; the one that was open is removed, unless it is the first. */
static void move_to(struct place *p, unsigned from)
{
    char source[PATH_MAX], old[PATH_MAX];

    memcpy(old, p->w->dir, sizeof(old));
    (void)snprintf(source, sizeof(source), "%s/%u", p->base, from);
    (void)snprintf(p->w->dir, sizeof(p->w->dir), "%s/%u", p->base, ++p->number);
    copy_dir(source, p->w->dir);
    if (p->number > 1)
        (void)nftw(old, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    world_restart(p->w);
}

void place_back(struct place *p)
{
    svc_close(p->w->svc);
    p->w->svc = NULL;
    move_to(p, 0);
}

void place_reopen(struct place *p, bool closed)
{
    if (closed)
        svc_close(p->w->svc);
    p->w->svc = NULL;
    move_to(p, p->number);
}

static void verify_audit(struct world *w)
{
    auto_free struct audit_walk *walk = calloc(1, sizeof(*walk));
    struct svc_call call = {.op = SVC_AUDIT_EXPORT, .in.page.limit = 1000};
    enum audit_fault fault = AUDIT_GOOD;

    assert_int_equal(world_run(w, &call), OTTER_OK);
    for (char *line = call.out.body, *end; fault == AUDIT_GOOD && *line; line = end + 1) {
        end = strchr(line, '\n');
        assert_non_null(end);
        fault = audit_walk_line(walk, line, (size_t)(end - line));
    }
    if (fault == AUDIT_GOOD)
        fault = audit_walk_end(walk);
    if (fault != AUDIT_GOOD)
        fail_msg("the audit log: %s: %s", audit_fault_name(fault), walk->why);
    svc_call_clear(&call);
}

/* What a gate has seen last is not kept. */
static void drop_verdicts(json_t *lists)
{
    json_t *list, *item;
    size_t i, j;

    json_array_foreach(lists, i, list)
    {
        json_array_foreach(json_object_get(list, "items"), j, item)
        {
            (void)json_object_del(item, "gate");
        }
    }
}

char *place_lists(struct place *p)
{
    static const struct {
        enum svc_op op;
        const char *id;
        uint64_t number;
    } lists[] = {
        {SVC_ROOT_LIST, NULL, 0},
        {SVC_RELEASE_LIST, NULL, 0},
        {SVC_ROLLOUT_LIST, NULL, 0},
        {SVC_ROLLOUT_DEVICES, NULL, 1},
        {SVC_ROLLOUT_ATTEMPTS, NULL, 1},
        {SVC_DEVICE_LIST, NULL, 0},
        {SVC_GROUP_LIST, NULL, 0},
        {SVC_OPERATOR_LIST, NULL, 0},
        {SVC_TOKEN_LIST, NULL, 0},
        {SVC_REQUEST_LIST, NULL, 0},
        {SVC_FLEET_KEY_LIST, NULL, 0},
        {SVC_IMAGE_KEY_LIST, NULL, 0},
        {SVC_FLEET_SUMMARY, NULL, 0},
        {SVC_AUDIT_LIST, NULL, 0},
        {SVC_DEVICE_TIMELINE, "device-000", 0},
    };
    json_t *all = json_array();
    char *text;

    for (unsigned i = 0; i < OTTER_ARRAY_LEN(lists); i++)
        json_array_append_new(all, world_get(p->w, lists[i].op, lists[i].id, lists[i].number));
    drop_verdicts(all);
    verify_audit(p->w);
    text = json_dumps(all, JSON_SORT_KEYS | JSON_INDENT(1));
    json_decref(all);
    return text;
}

static void print_row(FILE *out, sqlite3_stmt *row)
{
    for (int i = 0; i < sqlite3_column_count(row); i++) {
        const uint8_t *bytes = sqlite3_column_blob(row, i);
        int len = sqlite3_column_bytes(row, i);

        (void)fputc(' ', out);
        for (int at = 0; at < len; at++)
            (void)fprintf(out, bytes[at] < ' ' || bytes[at] > '~' ? "%02x" : "%c", bytes[at]);
    }
    (void)fputc('\n', out);
}

static void print_table(FILE *out, sqlite3 *db, const char *table, bool shape)
{
    char sql[128];
    sqlite3_stmt *row;

    (void)snprintf(sql, sizeof(sql), shape ? "SELECT count(*) FROM %s" : "SELECT * FROM %s ORDER BY 1, 2",
                   table);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &row, NULL), SQLITE_OK);
    (void)fprintf(out, "%s:%c", table, shape ? ' ' : '\n');
    while (sqlite3_step(row) == SQLITE_ROW)
        print_row(out, row);
    sqlite3_finalize(row);
}

char *place_tables(struct place *p, bool shape)
{
    /* Not device_states, which is written behind, nor meta's notes. */
    static const char *const tables[] = {
        "roots",         "releases",        "image_keys",      "rollouts",        "phases",
        "devices",       "attempts",        "attempt_events",  "attempt_counts",  "answers",
        "device_marks",  "device_events",   "freeze",          "rollout_events",  "rollout_members",
        "groups",        "operators",       "operator_grants", "operator_tokens", "audit",
        "device_tokens", "device_requests", "fleet_keys"};
    char path[PATH_MAX + 16], *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    sqlite3 *db;

    (void)snprintf(path, sizeof(path), "%s/otter.db", p->w->dir);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(tables); i++)
        print_table(out, db, tables[i], shape);
    sqlite3_close(db);
    (void)fclose(out);
    return text;
}

/* Who waits for the call: one at a time. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct svc_call own;
    bool done;
} waiter = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

static void let_go(void)
{
    (void)pthread_mutex_lock(&waiter.lock);
    waiter.done = true;
    (void)pthread_cond_signal(&waiter.wake);
    (void)pthread_mutex_unlock(&waiter.lock);
}

static void wake(struct svc_call *self)
{
    (void)self;
    let_go();
}

/* What follows an answer - a rollout that moves on, memory that is behind - is done when a call has come
 * through behind it. */
static void let_writer_pass(struct world *w)
{
    struct svc_call call = {.op = SVC_ROLLOUT_ACTION, .in.id = "none"};

    (void)world_run(w, &call);
    svc_call_clear(&call);
}

bool place_run(struct place *p, struct svc_call *call, unsigned long nth, int mode, bool *ret_hit)
{
    memset(&call->out, 0, sizeof(call->out));
    call->in.asker = &world_admin;
    waiter.done = false;
    scarce_watch(let_go);
    scarce_begin(nth, mode);
    if (svc_try(p->w->svc, call)) {
        *ret_hit = scarce_end();
        return true;
    }
    waiter.own = *call;
    waiter.own.done = wake;
    assert_true(svc_submit(p->w->svc, &waiter.own));
    (void)pthread_mutex_lock(&waiter.lock);
    while (!waiter.done)
        (void)pthread_cond_wait(&waiter.wake, &waiter.lock);
    (void)pthread_mutex_unlock(&waiter.lock);
    *ret_hit = scarce_end();
    if (scarce_gave_up())
        return false;
    call->out = waiter.own.out;
    let_writer_pass(p->w);
    return true;
}
