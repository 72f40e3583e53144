/* The part of the conformance suite that is about what rollouts keep beside their phases: plan and gates,
 * events, members, losses; and about groups and operators. */
#include "conformance.h"

#include "core/bytes.h"

#include <stdio.h>
#include <string.h>

static int64_t add_rollout(struct store *s, const struct store_rollout *with)
{
    struct store_rollout row = *with;
    int64_t id = 0;

    row.release = 1;
    (void)snprintf(row.state, sizeof(row.state), "draft");
    row.phase_count = 1;
    row.phases[0] = (struct store_phase){.percent = 100, .upto = 10000ull << 32};
    OK(s->ops->rollout_add(s, &row, &id));
    return id;
}

/* One release, two devices, two rollouts; inside a transaction. */
static void a_fleet(struct store *s)
{
    static const char *const ids[] = {"a", "b"};
    struct store_release release = {.id.b = {1}, .product = "thermo", .envelope = "envelope", .len = 8};
    static const struct store_rollout plain = {.name = "plain"};
    int64_t num;

    OK(s->ops->release_add(s, &release, &num));
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(ids); i++) {
        struct store_device row = {.id = ids[i], .product = "thermo", .hardware = "board"};

        OK(s->ops->device_add(s, &row, &num));
        assert_int_equal(add_rollout(s, &plain), i + 1);
    }
}

static void a_rollout_keeps_its_plan_and_what_its_gates_say(void **state)
{
    struct store *s = writer_of(state);
    struct store_rollout row = {.name = "planned", .parent = 2}, got, plain;

    memset(row.plan, 'p', STORE_PLAN_MAX); /* as long as may be */
    (void)snprintf(row.created_by, sizeof(row.created_by), "eve");
    begin(s);
    a_fleet(s);
    row.id = add_rollout(s, &row);
    commit(s);
    OK(s->ops->rollout_get(s, row.id, &got));
    assert_string_equal(got.plan, row.plan);
    assert_string_equal(got.created_by, "eve");
    assert_int_equal(got.parent, 2);
    assert_string_equal(got.state_reason, "");
    assert_int_equal(got.state_at + got.child + got.through_at + got.resumed_at, 0);
    (void)snprintf(got.state, sizeof(got.state), "rolled-back");
    (void)snprintf(got.state_reason, sizeof(got.state_reason), "threshold: 5 of 20 lost");
    (void)snprintf(got.approved_by, sizeof(got.approved_by), "adam");
    got.state_at = 11;
    got.approved_phase = 3;
    got.child = 4;
    got.phases[0].warned = true;
    got.phases[0].acknowledged = UINT32_MAX;
    got.through_at = 6;
    got.resumed_at = 7;
    got.phases[0].upto = (9999ull << 32) + UINT32_MAX;
    row = got;
    begin(s);
    OK(s->ops->rollout_update(s, &row));
    commit(s);
    OK(s->ops->rollout_get(s, row.id, &got));
    assert_string_equal(got.state, "rolled-back");
    assert_string_equal(got.state_reason, "threshold: 5 of 20 lost");
    assert_string_equal(got.approved_by, "adam");
    assert_string_equal(got.plan, row.plan);
    assert_int_equal(got.state_at, 11);
    assert_int_equal(got.approved_phase, 3);
    assert_int_equal(got.child, 4);
    assert_true(got.phases[0].warned);
    assert_true(got.phases[0].acknowledged == UINT32_MAX);
    assert_int_equal(got.through_at, 6);
    assert_int_equal(got.resumed_at, 7);
    assert_true(got.phases[0].upto == (9999ull << 32) + UINT32_MAX);
    OK(s->ops->rollout_get(s, 1, &plain));
    assert_string_equal(plain.plan, "");
    assert_string_equal(plain.state_reason, "");
}

struct told {
    struct store_rollout_event_visitor visitor;
    char text[256];
    size_t len;
    int64_t last;
    unsigned count, stop_at;
};

static bool take_event(struct store_rollout_event_visitor *self, const struct store_rollout_event *row)
{
    struct told *t = OTTER_CONTAINER_OF(self, struct told, visitor);
    int n = snprintf(t->text + t->len, sizeof(t->text) - t->len, "%d@%d %s by %s %s;", (int)row->rollout,
                     (int)row->at, row->kind, row->who, row->detail);

    assert_true(row->num > t->last);
    t->last = row->num;
    t->len += (size_t)n;
    return ++t->count != t->stop_at;
}

static void events_of_rollouts_come_in_their_order_and_on_from_anywhere(void **state)
{
    static const struct store_rollout_event rows[] = {
        {.rollout = 1, .at = 9, .kind = "started", .who = "eve", .detail = ""},
        {.rollout = 2, .at = 9, .kind = "started", .who = "adam", .detail = ""},
        {.rollout = 1, .at = 8, .kind = "halted", .who = "", .detail = "{\"lost\":5}"}};
    struct store *s = writer_of(state);
    struct told all = {.visitor.row = take_event}, one = all, rest = all, first = all, none = all;

    begin(s);
    a_fleet(s);
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(rows); i++)
        OK(s->ops->rollout_event_add(s, &rows[i]));
    commit(s);
    OK(s->ops->rollout_events(s, 0, 0, &all.visitor));
    assert_string_equal(all.text, "1@9 started by eve ;2@9 started by adam ;1@8 halted by  {\"lost\":5};");
    OK(s->ops->rollout_events(s, 1, 0, &one.visitor));
    assert_string_equal(one.text, "1@9 started by eve ;1@8 halted by  {\"lost\":5};");
    first.stop_at = 1;
    OK(s->ops->rollout_events(s, 1, 0, &first.visitor));
    assert_string_equal(first.text, "1@9 started by eve ;");
    OK(s->ops->rollout_events(s, 1, first.last, &rest.visitor));
    assert_string_equal(rest.text, "1@8 halted by  {\"lost\":5};");
    OK(s->ops->rollout_events(s, 1, all.last, &none.visitor));
    assert_int_equal(none.count, 0);
}

struct members {
    struct store_members_visitor visitor;
    uint8_t bits[8];
    size_t len;
    unsigned count;
};

static bool take_members(struct store_members_visitor *self, const struct store_members *row)
{
    struct members *m = OTTER_CONTAINER_OF(self, struct members, visitor);

    assert_int_equal(row->rollout, 2);
    assert_true(row->len <= sizeof(m->bits));
    m->len = row->len;
    if (row->len)
        memcpy(m->bits, row->bits, row->len);
    m->count++;
    return true;
}

static void members_are_kept_whole_and_a_rollout_may_have_no_list_or_an_empty_one(void **state)
{
    static const uint8_t bits[] = {0x81, 0, 0xff};
    struct store *s = writer_of(state);
    struct store_members row = {.rollout = 2, .bits = bits, .len = sizeof(bits)};
    struct members m = {.visitor.row = take_members};

    begin(s);
    a_fleet(s);
    OK(s->ops->members_put(s, &row));
    commit(s);
    assert_int_equal(s->ops->members_get(s, 1, &m.visitor), OTTER_NOT_FOUND);
    OK(s->ops->members_get(s, 2, &m.visitor));
    assert_int_equal(m.len, sizeof(bits));
    assert_memory_equal(m.bits, bits, sizeof(bits));
    row.len = 0;
    begin(s);
    OK(s->ops->members_put(s, &row));
    commit(s);
    OK(s->ops->members_get(s, 2, &m.visitor));
    assert_int_equal(m.len, 0);
    assert_int_equal(m.count, 2);
}

struct groups {
    struct store_group_visitor visitor;
    struct store_group row[4];
    unsigned count;
};

static bool take_group(struct store_group_visitor *self, const struct store_group *row)
{
    struct groups *g = OTTER_CONTAINER_OF(self, struct groups, visitor);

    g->row[g->count++] = *row;
    return true;
}

static void a_group_is_replaced_under_its_name_and_keeps_when_it_was_made(void **state)
{
    struct store *s = writer_of(state);
    struct store_group b = {
        .name = "b", .target = "tag == b", .poll_interval = 60, .created = 5, .updated = 5};
    struct store_group a = {.name = "a", .target = "", .created = 6, .updated = 6};
    struct groups got = {.visitor.row = take_group}, left = got;

    memset(a.target, 't', STORE_TARGET_MAX);
    begin(s);
    OK(s->ops->group_put(s, &b));
    OK(s->ops->group_put(s, &a));
    (void)snprintf(b.target, sizeof(b.target), "tag == bb");
    b.poll_interval = UINT32_MAX;
    b.created = b.updated = 7;
    OK(s->ops->group_put(s, &b));
    commit(s);
    OK(s->ops->groups(s, &got.visitor));
    assert_int_equal(got.count, 2);
    assert_string_equal(got.row[0].name, "a");
    assert_string_equal(got.row[0].target, a.target);
    assert_string_equal(got.row[1].target, "tag == bb");
    assert_true(got.row[1].poll_interval == UINT32_MAX);
    assert_int_equal(got.row[1].created, 5);
    assert_int_equal(got.row[1].updated, 7);
    begin(s);
    OK(s->ops->group_delete(s, "a"));
    assert_int_equal(s->ops->group_delete(s, "a"), OTTER_NOT_FOUND);
    commit(s);
    OK(s->ops->groups(s, &left.visitor));
    assert_int_equal(left.count, 1);
    assert_string_equal(left.row[0].name, "b");
}

struct operators {
    struct store_operator_visitor visitor;
    struct store_operator row[4];
    unsigned count;
};

static bool take_operator(struct store_operator_visitor *self, const struct store_operator *row)
{
    struct operators *o = OTTER_CONTAINER_OF(self, struct operators, visitor);

    o->row[o->count++] = *row;
    return true;
}

static void operators_have_names_of_their_own(void **state)
{
    struct store *s = writer_of(state);
    struct store_operator eve = {.name = "eve", .created = 5},
                          again = {.name = "eve", .created = 9, .disabled = 8};
    struct store_operator adam = {.name = "adam", .created = 6};
    struct operators got = {.visitor.row = take_operator}, left = got;

    begin(s);
    OK(s->ops->operator_put(s, &eve));
    OK(s->ops->operator_put(s, &adam));
    OK(s->ops->operator_put(s, &again));
    commit(s);
    OK(s->ops->operators(s, &got.visitor));
    assert_int_equal(got.count, 2);
    assert_string_equal(got.row[0].name, "adam");
    assert_int_equal(got.row[0].disabled, 0);
    assert_string_equal(got.row[1].name, "eve");
    assert_int_equal(got.row[1].created, 5);
    assert_int_equal(got.row[1].disabled, 8);
    begin(s);
    OK(s->ops->operator_delete(s, "eve"));
    assert_int_equal(s->ops->operator_delete(s, "eve"), OTTER_NOT_FOUND);
    commit(s);
    OK(s->ops->operators(s, &left.visitor));
    assert_int_equal(left.count, 1);
}

struct granted {
    struct store_grant_visitor visitor;
    char text[256]; /* "operator:product:role " of each */
};

static bool take_grant(struct store_grant_visitor *self, const struct store_grant *row)
{
    struct granted *g = OTTER_CONTAINER_OF(self, struct granted, visitor);
    size_t len = strlen(g->text);

    (void)snprintf(g->text + len, sizeof(g->text) - len, "%s:%s:%s ", row->operator, row->product, row->role);
    return true;
}

static void expect_grants(struct store *s, const char *expected)
{
    struct granted g = {.visitor.row = take_grant};

    OK(s->ops->grants(s, &g.visitor));
    assert_string_equal(g.text, expected);
}

static void grants_are_kept_once_and_go_with_their_operator(void **state)
{
    struct store *s = writer_of(state);
    struct store_operator eve = {.name = "eve", .created = 5};
    struct store_grant a = {"eve", "viewer", "thermo"}, b = {"eve", "operator", "*"},
                       c = {"adam", "viewer", "thermo"};

    begin(s);
    OK(s->ops->operator_put(s, &eve));
    OK(s->ops->grant_put(s, &a));
    OK(s->ops->grant_put(s, &b));
    OK(s->ops->grant_put(s, &a));
    OK(s->ops->grant_put(s, &c));
    commit(s);
    expect_grants(s, "adam:thermo:viewer eve:*:operator eve:thermo:viewer ");
    begin(s);
    OK(s->ops->grant_delete(s, &b));
    assert_int_equal(s->ops->grant_delete(s, &b), OTTER_NOT_FOUND);
    commit(s);
    expect_grants(s, "adam:thermo:viewer eve:thermo:viewer ");
    begin(s);
    OK(s->ops->operator_delete(s, "eve"));
    commit(s);
    expect_grants(s, "adam:thermo:viewer ");
}

struct tokens {
    struct store_token_visitor visitor;
    struct store_token row[8];
    unsigned count;
};

static bool take_token(struct store_token_visitor *self, const struct store_token *row)
{
    struct tokens *t = OTTER_CONTAINER_OF(self, struct tokens, visitor);

    t->row[t->count++] = *row;
    return true;
}

static int64_t add_token(struct store *s, const char *operator, uint8_t hash, int64_t parent)
{
    struct store_token row = {.label = "ci", .hash.b = {hash}, .parent = parent, .created = 5, .expires = 9};
    int64_t num = 0;

    (void)snprintf(row.operator, sizeof(row.operator), "%s", operator);
    OK(s->ops->token_add(s, &row, &num));
    return num;
}

static struct tokens all_tokens(struct store *s)
{
    struct tokens t = {.visitor.row = take_token};

    OK(s->ops->tokens(s, &t.visitor));
    return t;
}

static void tokens_have_hashes_of_their_own_and_are_used_ever_later(void **state)
{
    struct store *s = writer_of(state);
    struct store_token twin = {.operator= "adam", .hash.b = {1}};
    struct tokens got;
    int64_t num, ignored;

    begin(s);
    num = add_token(s, "eve", 1, 0);
    assert_int_equal(s->ops->token_add(s, &twin, &ignored), OTTER_ALREADY_EXISTS);
    OK(s->ops->token_used(s, num, 70));
    OK(s->ops->token_used(s, num, 60));
    commit(s);
    got = all_tokens(s);
    assert_int_equal(got.count, 1);
    assert_int_equal(got.row[0].num, num);
    assert_string_equal(got.row[0].operator, "eve");
    assert_string_equal(got.row[0].label, "ci");
    assert_int_equal(got.row[0].hash.b[0], 1);
    assert_int_equal(got.row[0].created, 5);
    assert_int_equal(got.row[0].expires, 9);
    assert_int_equal(got.row[0].used, 70);
}

static void a_token_takes_those_along_that_were_made_by_it(void **state)
{
    struct store *s = writer_of(state);
    struct store_operator eve = {.name = "eve", .created = 5};
    struct tokens got;
    int64_t first, second, third, other;

    begin(s);
    OK(s->ops->operator_put(s, &eve));
    first = add_token(s, "eve", 1, 0);
    second = add_token(s, "eve", 2, first);
    third = add_token(s, "eve", 3, second);
    other = add_token(s, "eve", 4, 0);
    (void)third;
    OK(s->ops->token_delete(s, first));
    assert_int_equal(s->ops->token_delete(s, first), OTTER_NOT_FOUND);
    commit(s);
    got = all_tokens(s);
    assert_int_equal(got.count, 1);
    assert_int_equal(got.row[0].num, other);
    begin(s);
    assert_true(add_token(s, "adam", 5, 0) > other);
    OK(s->ops->operator_delete(s, "eve"));
    commit(s);
    got = all_tokens(s);
    assert_int_equal(got.count, 1);
    assert_string_equal(got.row[0].operator, "adam");
}

struct attempts {
    struct store_attempt_visitor visitor;
    struct store_attempt row[8];
    unsigned count;
};

static bool take_attempt(struct store_attempt_visitor *self, const struct store_attempt *row)
{
    struct attempts *a = OTTER_CONTAINER_OF(self, struct attempts, visitor);

    a->row[a->count++] = *row;
    return true;
}

/* Added and brought to its state at the time `at`. */
static uint64_t add_attempt(struct store *s, int64_t device, int64_t rollout, enum otter_update_state end,
                            int64_t at)
{
    struct store_attempt row = {.device = device,
                                .rollout = rollout,
                                .phase = 1,
                                .state = OTTER_UPDATE_OFFERED,
                                .created = at,
                                .served = 100,
                                .served_updated = 100};

    OK(s->ops->attempt_add(s, &row, &row.id));
    row.state = end;
    row.updated = at;
    row.finished = otter_update_finished(end) ? at : 0;
    row.reason = end == OTTER_UPDATE_FAILED ? OTTER_DIGEST_MISMATCH : OTTER_OK;
    row.served = 999; /* stays as it was at the grant */
    row.served_updated = 200;
    OK(s->ops->attempt_update(s, &row));
    return row.id;
}

static void open_attempts_are_all_that_are_not_finished_with_their_served_time(void **state)
{
    struct store *s = writer_of(state);
    struct attempts open = {.visitor.row = take_attempt};
    uint64_t first, third;

    begin(s);
    a_fleet(s);
    first = add_attempt(s, 1, 1, OTTER_UPDATE_INSTALLED, 10);
    (void)add_attempt(s, 2, 1, OTTER_UPDATE_TIMED_OUT, 10);
    (void)add_attempt(s, 2, 1, OTTER_UPDATE_SUCCEEDED, 11);
    third = add_attempt(s, 2, 2, OTTER_UPDATE_OFFERED, 12);
    commit(s);
    OK(s->ops->attempts_open(s, &open.visitor));
    assert_int_equal(open.count, 2);
    assert_int_equal(open.row[0].id, first);
    assert_int_equal(open.row[0].state, OTTER_UPDATE_INSTALLED);
    assert_int_equal(open.row[0].served, 100);
    assert_int_equal(open.row[0].served_updated, 200);
    assert_int_equal(open.row[1].id, third);
}

/* By id: whatever the clock did, all behind the newest that is older. */
static void attempts_since_a_time_are_those_behind_the_newest_before_it(void **state)
{
    static const struct {
        int64_t rollout, created;
        unsigned count, first; /* index of the first, from 0 */
    } rows[] = {{1, 10, 4, 0}, {1, 11, 3, 2}, {1, 12, 2, 3}, {1, 21, 0, 0}, {2, 0, 1, 1}, {3, 0, 0, 0}};
    struct store *s = writer_of(state);
    uint64_t id[5];

    begin(s);
    a_fleet(s);
    id[0] = add_attempt(s, 1, 1, OTTER_UPDATE_INSTALLED, 10);
    id[1] = add_attempt(s, 2, 2, OTTER_UPDATE_FAILED, 10);
    id[2] = add_attempt(s, 2, 1, OTTER_UPDATE_SUCCEEDED, 11);
    id[3] = add_attempt(s, 1, 1, OTTER_UPDATE_OFFERED, 20);
    id[4] = add_attempt(s, 2, 1, OTTER_UPDATE_OFFERED, 12); /* the clock went back */
    commit(s);
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct attempts since = {.visitor.row = take_attempt};

        OK(s->ops->attempts_since(s, rows[i].rollout, rows[i].created, &since.visitor));
        if (since.count != rows[i].count || (since.count > 0 && since.row[0].id != id[rows[i].first]))
            fail_msg("row %u: %u, from %u on", i, since.count, (unsigned)since.row[0].id);
    }
}

struct parts {
    struct store_part_visitor visitor;
    char text[64]; /* "1 2r ": devices, r of one that is to repeat its attempt */
};

static bool take_part(struct store_part_visitor *self, int64_t device, bool retry)
{
    struct parts *p = OTTER_CONTAINER_OF(self, struct parts, visitor);
    size_t len = strlen(p->text);

    (void)snprintf(p->text + len, sizeof(p->text) - len, "%d%s ", (int)device, retry ? "r" : "");
    return true;
}

static void who_took_part_is_told_attempt_by_attempt(void **state)
{
    static const char *const expected[] = {"", "2r 1 2 ", "2 ", ""};
    struct store *s = writer_of(state);
    struct store_attempt row;
    uint64_t lost;

    begin(s);
    a_fleet(s);
    lost = add_attempt(s, 2, 1, OTTER_UPDATE_FAILED, 10);
    OK(s->ops->attempt_get(s, lost, &row));
    row.retry = row.retry_by_plan = true;
    OK(s->ops->attempt_update(s, &row));
    (void)add_attempt(s, 1, 1, OTTER_UPDATE_INSTALLED, 10);
    (void)add_attempt(s, 2, 2, OTTER_UPDATE_FAILED, 11);
    (void)add_attempt(s, 2, 1, OTTER_UPDATE_OFFERED, 12);
    commit(s);
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(expected); i++) {
        struct parts parts = {.visitor.part = take_part};

        OK(s->ops->parts(s, i, &parts.visitor));
        assert_string_equal(parts.text, expected[i]);
    }
}

#define MARK_RETRY 1
#define MARK_PLAN  2

/* A device's attempts from the oldest: what is told of them after the last. */
static void losses_are_counted_in_a_row_and_in_a_rollout(void **state)
{
    static const struct {
        const char *name;
        struct {
            int rollout;
            enum otter_update_state end;
            unsigned marks;
        } attempt[5];
        unsigned in_a_row, in_first; /* in_first: of rollout 1 */
        int last_at;                 /* in a row; the n-th attempt ended at n */
    } rows[] = {
        {"none", {{0}}, 0, 0, 0},
        {"each kind of loss",
         {{1, OTTER_UPDATE_FAILED}, {1, OTTER_UPDATE_REVERTED}, {1, OTTER_UPDATE_TIMED_OUT}},
         3,
         3,
         3},
        {"a success ends the row",
         {{1, OTTER_UPDATE_FAILED}, {1, OTTER_UPDATE_SUCCEEDED}, {1, OTTER_UPDATE_FAILED}},
         1,
         2,
         3},
        {"success at last", {{1, OTTER_UPDATE_FAILED}, {2, OTTER_UPDATE_SUCCEEDED}}, 0, 1, 0},
        {"over rollouts", {{1, OTTER_UPDATE_FAILED}, {2, OTTER_UPDATE_FAILED}}, 2, 1, 2},
        {"cancelled and open ones say nothing",
         {{1, OTTER_UPDATE_FAILED}, {1, OTTER_UPDATE_CANCELLED}, {1, OTTER_UPDATE_DOWNLOADING}},
         1,
         1,
         1},
        {"repeated by an operator",
         {{1, OTTER_UPDATE_FAILED}, {1, OTTER_UPDATE_FAILED, MARK_RETRY}},
         0,
         1,
         0},
        {"and lost again",
         {{1, OTTER_UPDATE_FAILED}, {1, OTTER_UPDATE_FAILED, MARK_RETRY}, {1, OTTER_UPDATE_REVERTED}},
         1,
         2,
         3},
        {"repeated by the plan",
         {{1, OTTER_UPDATE_FAILED, MARK_RETRY | MARK_PLAN}, {1, OTTER_UPDATE_FAILED}},
         2,
         2,
         2},
    };
    struct backend *b = *state;

    for (unsigned i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct store_losses row, in;
        struct store *s = b->writer;

        begin(s);
        a_fleet(s);
        (void)add_attempt(s, 2, 1, OTTER_UPDATE_FAILED, 99); /* another device's */
        for (unsigned k = 0; k < 5 && rows[i].attempt[k].rollout; k++) {
            struct store_attempt again;
            uint64_t id = add_attempt(s, 1, rows[i].attempt[k].rollout, rows[i].attempt[k].end, k + 1);

            if (!rows[i].attempt[k].marks)
                continue;
            OK(s->ops->attempt_get(s, id, &again));
            again.retry = true;
            again.retry_by_plan = (rows[i].attempt[k].marks & MARK_PLAN) != 0;
            OK(s->ops->attempt_update(s, &again));
            OK(s->ops->attempt_get(s, id, &again));
            assert_true(again.retry);
            assert_int_equal(again.retry_by_plan, (rows[i].attempt[k].marks & MARK_PLAN) != 0);
        }
        OK(s->ops->losses(s, 1, &row));
        OK(s->ops->losses_in(s, 1, 1, &in));
        s->ops->rollback(s);
        if (row.count != rows[i].in_a_row || in.count != rows[i].in_first || row.last_at != rows[i].last_at)
            fail_msg("%s: %u in a row, %u in the rollout, the last at %d", rows[i].name, row.count, in.count,
                     (int)row.last_at);
    }
}

static void the_last_loss_says_why(void **state)
{
    struct store *s = writer_of(state);
    struct store_losses row;

    begin(s);
    a_fleet(s);
    (void)add_attempt(s, 1, 1, OTTER_UPDATE_FAILED, 10);
    OK(s->ops->losses(s, 1, &row));
    assert_int_equal(row.last_reason, OTTER_DIGEST_MISMATCH);
    (void)add_attempt(s, 1, 2, OTTER_UPDATE_REVERTED, 11);
    OK(s->ops->losses(s, 1, &row));
    assert_int_equal(row.last_reason, OTTER_OK);
    OK(s->ops->losses_in(s, 1, 1, &row));
    assert_int_equal(row.last_reason, OTTER_DIGEST_MISMATCH);
    assert_int_equal(row.last_at, 10);
    commit(s);
}

#define CASE(name)                                                                                           \
    {                                                                                                        \
#name, name                                                                                          \
    }
const struct conformance_case conformance_plan_cases[] = {
    CASE(a_rollout_keeps_its_plan_and_what_its_gates_say),
    CASE(events_of_rollouts_come_in_their_order_and_on_from_anywhere),
    CASE(members_are_kept_whole_and_a_rollout_may_have_no_list_or_an_empty_one),
    CASE(a_group_is_replaced_under_its_name_and_keeps_when_it_was_made),
    CASE(operators_have_names_of_their_own),
    CASE(grants_are_kept_once_and_go_with_their_operator),
    CASE(tokens_have_hashes_of_their_own_and_are_used_ever_later),
    CASE(a_token_takes_those_along_that_were_made_by_it),
    CASE(open_attempts_are_all_that_are_not_finished_with_their_served_time),
    CASE(attempts_since_a_time_are_those_behind_the_newest_before_it),
    CASE(who_took_part_is_told_attempt_by_attempt),
    CASE(losses_are_counted_in_a_row_and_in_a_rollout),
    CASE(the_last_loss_says_why),
};
const unsigned conformance_plan_count = sizeof(conformance_plan_cases) / sizeof(conformance_plan_cases[0]);
