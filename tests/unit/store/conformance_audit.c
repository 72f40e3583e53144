/* The part of the conformance suite that is about the audit log. */
#include "conformance.h"

#include "core/bytes.h"

#include <stdio.h>
#include <string.h>

static struct audit_entry entry(uint64_t num, const char *act)
{
    struct audit_entry e = {.num = num,
                            .at = 1800000000 + (int64_t)num,
                            .who = num % 2 ? "eve" : "",
                            .act = act,
                            .subject = "a \"subject\" of \xc3\xa4",
                            .detail = "{\"phase\":1}"};

    e.prev.b[0] = (uint8_t)(num - 1);
    e.hash.b[31] = (uint8_t)num;
    return e;
}

static void fill(struct store *s, unsigned n)
{
    begin(s);
    for (uint64_t num = 1; num <= n; num++) {
        struct audit_entry e = entry(num, num == 2 ? AUDIT_ACT_KEY : "freeze");

        OK(s->ops->audit_add(s, &e));
    }
    commit(s);
}

struct taken {
    struct store_audit_visitor visitor;
    char nums[64];
    unsigned count, stop_at;
};

static bool take(struct store_audit_visitor *self, const struct audit_entry *row)
{
    struct taken *t = OTTER_CONTAINER_OF(self, struct taken, visitor);
    struct audit_entry want = entry(row->num, row->num == 2 ? AUDIT_ACT_KEY : "freeze");
    size_t len = strlen(t->nums);

    (void)snprintf(t->nums + len, sizeof t->nums - len, "%d,", (int)row->num);
    assert_int_equal(row->at, want.at);
    assert_string_equal(row->who, want.who);
    assert_string_equal(row->act, want.act);
    assert_string_equal(row->subject, want.subject);
    assert_string_equal(row->detail, want.detail);
    assert_memory_equal(row->prev.b, want.prev.b, OTTER_DIGEST_LEN);
    assert_memory_equal(row->hash.b, want.hash.b, OTTER_DIGEST_LEN);
    return ++t->count != t->stop_at;
}

static struct taken taker(unsigned stop_at)
{
    return (struct taken){.visitor.row = take, .stop_at = stop_at};
}

static void entries_come_in_their_order_both_ways_and_from_anywhere(void **state)
{
    static const struct {
        bool back;
        uint64_t from;
        unsigned stop_at;
        const char *nums;
    } rows[] = {{false, 0, 0, "1,2,3,4,5,"}, {false, 3, 0, "4,5,"}, {false, 5, 0, ""}, {false, 1, 2, "2,3,"},
                {true, 6, 0, "5,4,3,2,1,"},  {true, 3, 1, "2,"},    {true, 1, 0, ""}};
    struct store *s = writer_of(state);

    fill(s, 5);
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct taken t = taker(rows[i].stop_at);

        OK(rows[i].back ? s->ops->audit_back(s, rows[i].from, &t.visitor)
                        : s->ops->audit(s, rows[i].from, &t.visitor));
        assert_string_equal(t.nums, rows[i].nums);
    }
}

static void an_entry_is_found_by_its_number_and_has_it_alone(void **state)
{
    struct store *s = writer_of(state);
    struct taken one = taker(0);
    struct audit_entry again = entry(3, "freeze");

    fill(s, 3);
    OK(s->ops->audit_get(s, 3, &one.visitor));
    assert_string_equal(one.nums, "3,");
    assert_int_equal(s->ops->audit_get(s, 4, &one.visitor), OTTER_NOT_FOUND);
    begin(s);
    assert_int_equal(s->ops->audit_add(s, &again), OTTER_ALREADY_EXISTS);
    s->ops->rollback(s);
}

static void the_newest_entry_about_the_log_itself_is_found(void **state)
{
    struct store *s = writer_of(state);
    struct taken t = taker(0);

    assert_int_equal(s->ops->audit_notice(s, &t.visitor), OTTER_NOT_FOUND);
    fill(s, 5);
    OK(s->ops->audit_notice(s, &t.visitor));
    assert_string_equal(t.nums, "2,");
}

static void the_oldest_go_and_the_others_stay(void **state)
{
    struct store *s = writer_of(state);
    struct taken t = taker(0);

    fill(s, 5);
    begin(s);
    OK(s->ops->audit_prune(s, 3));
    commit(s);
    OK(s->ops->audit(s, 0, &t.visitor));
    assert_string_equal(t.nums, "4,5,");
}

static void an_entry_goes_with_the_savepoint_that_it_was_written_in(void **state)
{
    struct store *s = writer_of(state);
    struct audit_entry e = entry(1, "freeze");
    struct taken t = taker(0);

    begin(s);
    OK(s->ops->savepoint(s));
    OK(s->ops->audit_add(s, &e));
    OK(s->ops->savepoint_undo(s));
    commit(s);
    OK(s->ops->audit(s, 0, &t.visitor));
    assert_string_equal(t.nums, "");
}

#define CASE(name)                                                                                           \
    {                                                                                                        \
#name, name                                                                                          \
    }
const struct conformance_case conformance_audit_cases[] = {
    CASE(entries_come_in_their_order_both_ways_and_from_anywhere),
    CASE(an_entry_is_found_by_its_number_and_has_it_alone),
    CASE(the_newest_entry_about_the_log_itself_is_found),
    CASE(the_oldest_go_and_the_others_stay),
    CASE(an_entry_goes_with_the_savepoint_that_it_was_written_in),
};
const unsigned conformance_audit_count = OTTER_ARRAY_LEN(conformance_audit_cases);
