/* The examples of the page that operators read: each line of a ```target block is an expression, which
 * compiles, or is refused with what begins with the words behind "# refused: ". */
#include "policy/target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define LINE_LEN 400

static const char *page;

static const char *find_any(const struct policy_groups *groups, const char *name)
{
    (void)groups;
    (void)name;
    return "all";
}

static const struct policy_groups any_group = {.find = find_any};

struct seen {
    unsigned taken, refused;
    uint32_t fields, compares, values;
};

static void note(struct seen *seen, const struct policy_target *target)
{
    seen->taken++;
    seen->fields |= target->fields;
    for (unsigned i = 0; i < target->count; i++) {
        if (target->step[i].kind != POLICY_STEP_COMPARE)
            continue;
        seen->compares |= UINT32_C(1) << target->step[i].compare;
        seen->values |= UINT32_C(1) << target->step[i].value;
    }
}

static void try_line(struct seen *seen, const char *line)
{
    const char *comment = strstr(line, "  #"), *refused = strstr(line, "# refused: ");
    size_t len = comment ? (size_t)(comment - line) : strcspn(line, "\n");
    struct policy_target_error error = {0};
    struct policy_target target;
    bool ok = policy_target_compile_in(line, len, &any_group, &target, &error);

    if (ok != (refused == NULL))
        fail_msg("%s%s", line, ok ? "is taken" : error.what);
    if (ok)
        note(seen, &target);
    else if (strncmp(error.what, refused + 11, strcspn(refused + 11, "\n")) != 0)
        fail_msg("%sis refused with: %s", line, error.what);
    else
        seen->refused++;
}

static struct seen read_page(void)
{
    FILE *file = fopen(page, "re");
    struct seen seen = {0};
    char line[LINE_LEN];
    bool inside = false;

    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, "```", 3) == 0)
            inside = !inside && strcmp(line, "```target\n") == 0;
        else if (inside)
            try_line(&seen, line);
    }
    assert_int_equal(fclose(file), 0);
    return seen;
}

static void examples_are_taken_or_refused_as_the_page_says_and_leave_out_nothing(void **state)
{
    const uint32_t groups = UINT32_C(1) << POLICY_FIELD_GROUP; /* never in a step */
    struct seen seen = read_page();

    (void)state;
    assert_true(seen.taken >= 20 && seen.refused >= 4);
    assert_int_equal(seen.fields, ((UINT32_C(1) << POLICY_FIELD_COUNT) - 1) & ~groups);
    assert_int_equal(seen.compares, (UINT32_C(1) << POLICY_COMPARE_COUNT) - 1);
    assert_int_equal(seen.values, (UINT32_C(1) << POLICY_VALUE_COUNT) - 1);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples_are_taken_or_refused_as_the_page_says_and_leave_out_nothing),
    };

    if (argc != 2)
        return 2;
    page = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
