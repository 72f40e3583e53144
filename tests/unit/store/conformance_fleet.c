/* The part of the conformance suite that is about operators' work: marks, timeline, freeze, releases. */
#include "conformance.h"

#include "core/bytes.h"

#include <stdio.h>
#include <string.h>

static int64_t add_release(struct store *s, uint8_t id)
{
    struct store_release row = {.id.b = {id},
                                .product = "thermo",
                                .epoch = 1,
                                .sequence = id,
                                .published = 5,
                                .envelope = "envelope",
                                .len = 8};
    int64_t num = -1;

    OK(s->ops->release_add(s, &row, &num));
    return num;
}

static void add_device(struct store *s, const char *id, int64_t created)
{
    struct store_device row = {.id = id, .product = "thermo", .hardware = "board", .created = created};
    int64_t num;

    OK(s->ops->device_add(s, &row, &num));
}

struct marks {
    struct store_marks_visitor visitor;
    unsigned count;
    int64_t device[4];
};

static bool take_marks(struct store_marks_visitor *self, const struct store_marks *row)
{
    struct marks *m = OTTER_CONTAINER_OF(self, struct marks, visitor);

    m->device[m->count++] = row->device;
    return true;
}

static void marks_replace_each_other_and_end(void **state)
{
    struct backend *b = *state;
    struct store *s = b->writer;
    struct store_marks row = {.device = 2, .held = 10, .held_reason = "it's \"held\""}, got;
    struct marks all = {.visitor.row = take_marks}, fewer = all;

    begin(s);
    add_device(s, "a", 1);
    add_device(s, "b", 1);
    row.pin = add_release(s, 1);
    assert_int_equal(s->ops->marks_get(s, 2, &got), OTTER_NOT_FOUND);
    OK(s->ops->marks_put(s, &row)); /* not pinned: the release is not looked at */
    row.pinned = 11;
    row.retired = 12;
    (void)snprintf(row.retired_reason, sizeof(row.retired_reason), "scrapped");
    OK(s->ops->marks_put(s, &row));
    row.device = 1;
    OK(s->ops->marks_put(s, &row));
    commit(s);
    b->reopen(b);
    s = b->writer;
    OK(s->ops->marks_get(s, 2, &got));
    assert_int_equal(got.held, 10);
    assert_string_equal(got.held_reason, "it's \"held\"");
    assert_int_equal(got.pinned, 11);
    assert_int_equal(got.pin, row.pin);
    assert_int_equal(got.retired, 12);
    assert_string_equal(got.retired_reason, "scrapped");
    OK(s->ops->marks(s, &all.visitor));
    assert_int_equal(all.count, 2);
    assert_int_equal(all.device[0], 1);
    begin(s);
    OK(s->ops->marks_put(s, &(struct store_marks){.device = 1}));
    commit(s);
    assert_int_equal(s->ops->marks_get(s, 1, &got), OTTER_NOT_FOUND);
    OK(s->ops->marks(s, &fewer.visitor));
    assert_int_equal(fewer.count, 1);
}

static void the_freeze_is_there_or_not(void **state)
{
    struct backend *b = *state;
    struct store *s = b->writer;
    struct store_freeze row = {.since = 7, .reason = "a bad feeling"}, got = {.since = 99};

    OK(s->ops->freeze_get(s, &got));
    assert_int_equal(got.since, 0);
    begin(s);
    OK(s->ops->freeze_put(s, &row));
    OK(s->ops->freeze_get(s, &got)); /* the very transaction sees it */
    assert_int_equal(got.since, 7);
    s->ops->rollback(s);
    OK(s->ops->freeze_get(s, &got));
    assert_int_equal(got.since, 0);
    begin(s);
    OK(s->ops->freeze_put(s, &row));
    commit(s);
    b->reopen(b);
    s = b->writer;
    OK(s->ops->freeze_get(s, &got));
    assert_string_equal(got.reason, "a bad feeling");
    begin(s);
    OK(s->ops->freeze_put(s, &(struct store_freeze){0}));
    commit(s);
    OK(s->ops->freeze_get(s, &got));
    assert_int_equal(got.since, 0);
}

struct releases {
    struct store_release_visitor visitor;
    int64_t withdrawn, pruned;
    char reason[64];
};

static bool take_release(struct store_release_visitor *self, const struct store_release *row)
{
    struct releases *r = OTTER_CONTAINER_OF(self, struct releases, visitor);

    r->withdrawn = row->withdrawn;
    r->pruned = row->pruned;
    (void)snprintf(r->reason, sizeof(r->reason), "%s", row->withdrawn_reason);
    assert_memory_equal(row->envelope, "envelope", 8);
    return true;
}

static void releases_are_withdrawn_and_pruned_and_keep_their_envelope(void **state)
{
    struct store *s = writer_of(state);
    struct store_release row = {.withdrawn = 8, .withdrawn_reason = "does not pump", .pruned = 9};
    struct releases r = {.visitor.row = take_release};
    struct otter_digest id = {.b = {1}};

    begin(s);
    row.num = add_release(s, 1);
    OK(s->ops->release_get(s, &id, &r.visitor));
    assert_int_equal(r.withdrawn + r.pruned, 0);
    assert_string_equal(r.reason, "");
    OK(s->ops->release_update(s, &row));
    (void)add_release(s, 2);
    commit(s);
    OK(s->ops->release_get(s, &id, &r.visitor));
    assert_int_equal(r.withdrawn, 8);
    assert_int_equal(r.pruned, 9);
    assert_string_equal(r.reason, "does not pump");
    id.b[0] = 2;
    OK(s->ops->release_get(s, &id, &r.visitor));
    assert_int_equal(r.withdrawn + r.pruned, 0);
}

static void an_attempt_that_is_tried_again_says_so(void **state)
{
    struct store *s = writer_of(state);
    struct store_rollout rollout = {.target = "all", .state = "running"};
    struct store_attempt row = {.device = 1, .phase = 1, .state = OTTER_UPDATE_FAILED, .created = 1};
    uint64_t id;

    begin(s);
    add_device(s, "a", 1);
    rollout.release = add_release(s, 1);
    OK(s->ops->rollout_add(s, &rollout, &row.rollout));
    OK(s->ops->attempt_add(s, &row, &id));
    OK(s->ops->attempt_get(s, id, &row));
    assert_false(row.retry);
    row.retry = true;
    OK(s->ops->attempt_update(s, &row));
    commit(s);
    row.retry = false;
    OK(s->ops->attempt_newest(s, 1, &row));
    assert_true(row.retry);
}

struct moments {
    struct store_moment_visitor visitor;
    unsigned count, stop_at;
    struct store_moment_key key[16];
    char text[512];
};

static bool take_moment(struct store_moment_visitor *self, const struct store_moment *row)
{
    struct moments *m = OTTER_CONTAINER_OF(self, struct moments, visitor);
    size_t len = strlen(m->text);

    m->key[m->count++] = row->key;
    if (row->key.source == STORE_FROM_ATTEMPT)
        (void)snprintf(m->text + len, sizeof(m->text) - len, "%lld %s %s of %llu/%lld;",
                       (long long)row->key.at, row->kind, otter_update_state_name(row->step.state),
                       (unsigned long long)row->step.attempt, (long long)row->rollout);
    else
        (void)snprintf(m->text + len, sizeof(m->text) - len, "%lld %s%s%s;", (long long)row->key.at,
                       row->kind, *row->detail ? " " : "", row->detail);
    return m->count != m->stop_at;
}

static void a_life(struct store *s)
{
    struct store_rollout rollout = {.target = "all", .state = "running"};
    struct store_attempt attempt = {.device = 1, .phase = 1, .created = 20};
    struct store_event event = {.at = 20, .state = OTTER_UPDATE_OFFERED};
    struct store_device_event held = {.device = 1, .at = 20, .kind = "held", .detail = "why"};

    add_device(s, "a", 10);
    add_device(s, "b", 10);
    rollout.release = add_release(s, 1);
    OK(s->ops->rollout_add(s, &rollout, &attempt.rollout));
    OK(s->ops->device_event_add(s, &held)); /* stored first, but of the same second as the grant */
    OK(s->ops->attempt_add(s, &attempt, &event.attempt));
    OK(s->ops->event_add(s, &event));
    event = (struct store_event){.attempt = event.attempt,
                                 .step = 1,
                                 .at = 30,
                                 .state = OTTER_UPDATE_FAILED,
                                 .reason = OTTER_SELF_TEST};
    OK(s->ops->event_add(s, &event));
    held = (struct store_device_event){.device = 2, .at = 25, .kind = "held", .detail = "another's"};
    OK(s->ops->device_event_add(s, &held));
    held = (struct store_device_event){.device = 1, .at = 5, .kind = "labelled", .detail = "clock set back"};
    OK(s->ops->device_event_add(s, &held));
}

static void a_timeline_goes_by_time_and_on_from_anywhere(void **state)
{
    struct store *s = writer_of(state);
    struct store_moment_key start = {.at = -1};
    struct moments all = {.visitor.row = take_moment}, rest = all, never = all;

    begin(s);
    a_life(s);
    commit(s);
    OK(s->ops->timeline(s, 1, 15, &start, &all.visitor));
    assert_string_equal(all.text, "5 labelled clock set back;10 enrolled;15 first-seen;"
                                  "20 attempt offered of 111/1;20 held why;30 attempt failed of 111/1;");
    for (unsigned from = 0; from < all.count; from++) {
        rest = (struct moments){.visitor.row = take_moment};
        OK(s->ops->timeline(s, 1, 15, &all.key[from], &rest.visitor));
        assert_int_equal(rest.count, all.count - from - 1);
    }
    rest = (struct moments){.visitor.row = take_moment, .stop_at = 2};
    OK(s->ops->timeline(s, 1, 15, &start, &rest.visitor));
    assert_int_equal(rest.count, 2);
    OK(s->ops->timeline(s, 2, 0, &start, &never.visitor));
    assert_string_equal(never.text, "10 enrolled;25 held another's;");
}

#define CASE(name)                                                                                           \
    {                                                                                                        \
#name, name                                                                                          \
    }
const struct conformance_case conformance_fleet_cases[] = {
    CASE(marks_replace_each_other_and_end),
    CASE(the_freeze_is_there_or_not),
    CASE(releases_are_withdrawn_and_pruned_and_keep_their_envelope),
    CASE(an_attempt_that_is_tried_again_says_so),
    CASE(a_timeline_goes_by_time_and_on_from_anywhere),
};
const unsigned conformance_fleet_count = sizeof(conformance_fleet_cases) / sizeof(conformance_fleet_cases[0]);
