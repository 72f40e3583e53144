/* Saved groups in target expressions. */
#include "core/bytes.h"
#include "policy/target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const char *find(const struct policy_groups *groups, const char *name)
{
    static const struct {
        const char *name, *text;
    } table[] = {
        {"lab", "tag == lab"},
        {"old", "version < 1.4.0"},
        {"old-lab", "group == lab and group == old"},
        {"either", "tag == x or tag == lab"},
        {"loop", "group == loop-2"},
        {"loop-2", "tag == lab and group in (lab, loop)"},
        {"me", "group == \"me\""},
        {"broken", "tag =="},
        {"dangling", "all and group != gone"},
        {"wide", "id in (a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p)"},
        {"wider", "group == wide or group == wide or group == wide or group == wide"},
        {"doubled", "group == doubled-2 or group == doubled-2"},
        {"doubled-2", "group == doubled-3 or group == doubled-3"},
        {"doubled-3", "group == wider or group == wider"},
    };

    (void)groups;
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(table); i++)
        if (strcmp(table[i].name, name) == 0)
            return table[i].text;
    return NULL;
}

static const struct policy_subject subject = {
    .id = "p", .has_version = true, .version = {.major = 1, .minor = 3}, .tags = "lab\0"};

static void a_group_is_its_expression_in_parentheses(void **state)
{
    static const struct policy_groups groups = {.find = find};
    static const struct {
        const char *text;
        bool matches;
    } rows[] = {
        {"group == lab", true},
        {"group == \"lab\"", true},
        {"group != lab", false},
        {"not group == lab", false},
        {"group in (old-lab)", true},
        {"group in (wide, old)", true},
        {"group not in (wide, old)", false},
        {"group == either and id == q", false}, /* and binds the group, not its last comparison */
        {"id == q or group == old-lab and id == p", true},
        {"group == wide and group == lab", true},
    };
    struct policy_target_error error;
    struct policy_target target;

    (void)state;
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        if (!policy_target_compile_in(rows[i].text, strlen(rows[i].text), &groups, &target, &error))
            fail_msg("%s: at %zu: %s", rows[i].text, error.at, error.what);
        if (policy_target_matches(&target, &subject) != rows[i].matches)
            fail_msg("%s", rows[i].text);
    }
}

static void groups_that_are_not_or_go_round_are_refused_by_name(void **state)
{
    static const struct {
        const char *self, *text;
        size_t at;
        const char *group;
    } rows[] = {
        {NULL, "group == nobody", 9, "nobody"},
        {NULL, "tag == x and group in (lab, nobody)", 28, "nobody"},
        {NULL, "group == dangling", 9, "gone"},
        {NULL, "group == me", 9, "me"},
        {NULL, "all or group == loop", 16, "loop"},
        {NULL, "group == loop-2", 9, "loop-2"},
        {NULL, "group == broken", 9, "broken"},
        {"lab", "group == lab", 9, "lab"},
        {"lab", "group == old-lab", 9, "lab"},
        {"old", "group == lab and group == old-lab", 26, "old"},
        {NULL, "group == doubled", 9, "wide"}, /* 2^3 times 64 comparisons */
        {NULL, "group == \"no name\"", 9, ""},
    };

    (void)state;
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        const struct policy_groups groups = {.find = find, .self = rows[i].self};
        struct policy_target_error error = {.at = 999};
        struct policy_target target;

        if (policy_target_compile_in(rows[i].text, strlen(rows[i].text), &groups, &target, &error))
            fail_msg("\"%s\" compiles", rows[i].text);
        if (error.at != rows[i].at || strcmp(error.group, rows[i].group) != 0)
            fail_msg("\"%s\": at %zu: %s: %s", rows[i].text, error.at, error.what, error.group);
    }
}

/* Each group names the next: as deep as parentheses may be, and no deeper. */
static const char *find_next(const struct policy_groups *groups, const char *name)
{
    static const char *const chain[] = {"group == b", "group == c", "group == d", "group == e", "group == f",
                                        "group == g", "group == h", "group == i", "group == j", "group == k",
                                        "group == l", "group == m", "group == n", "group == o", "group == p",
                                        "all",        "group == a"};
    unsigned i = (unsigned)(name[0] - 'a');

    (void)groups;
    return i < OTTER_ARRAY_LEN(chain) ? chain[i] : NULL;
}

static void groups_in_groups_are_bounded(void **state)
{
    static const struct policy_groups groups = {.find = find_next};
    struct policy_target_error error;
    struct policy_target target;

    (void)state;
    assert_true(policy_target_compile_in("group == b", 10, &groups, &target, &error));
    assert_false(policy_target_compile_in("group == a", 10, &groups, &target, &error));
    assert_string_equal(error.what, "nested too deep");
    assert_string_equal(error.group, "p");
}

static void nobody_is_selected_by_nobody(void **state)
{
    struct policy_target target;

    (void)state;
    policy_target_nobody(&target);
    assert_false(policy_target_matches(&target, &subject));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_group_is_its_expression_in_parentheses),
        cmocka_unit_test(groups_that_are_not_or_go_round_are_refused_by_name),
        cmocka_unit_test(groups_in_groups_are_bounded),
        cmocka_unit_test(nobody_is_selected_by_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
