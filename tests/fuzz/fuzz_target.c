/* Target expressions: what compiles is a program that ends on a stack of one, whatever it is asked about. */
#include "fuzz.h"

#include "policy/target.h"

#include <stdlib.h>
#include <string.h>

static void check_steps(const struct policy_target *t)
{
    int depth = 0;

    MUST(t->count >= 1 && t->count <= POLICY_TARGET_STEPS && t->strings_len <= sizeof(t->strings));
    for (unsigned i = 0; i < t->count; i++) {
        const struct policy_step *s = &t->step[i];

        switch ((enum policy_step_kind)s->kind) {
        case POLICY_STEP_COMPARE:
            MUST(s->field < POLICY_FIELD_COUNT && s->compare < POLICY_COMPARE_COUNT);
            MUST(s->field != POLICY_FIELD_GROUP && s->value < POLICY_VALUE_COUNT);
            MUST(s->value > POLICY_VALUE_GLOB || s->text < t->strings_len);
            MUST(s->field != POLICY_FIELD_ATTR || s->name < t->strings_len);
            MUST(s->free < 16);
            MUST(++depth <= 64); /* bits of the evaluation's stack */
            break;
        case POLICY_STEP_ALL:
            MUST(++depth <= 64);
            break;
        case POLICY_STEP_NOT:
            MUST(depth >= 1);
            break;
        case POLICY_STEP_AND:
        case POLICY_STEP_OR:
            MUST(depth-- >= 2);
            break;
        }
    }
    MUST(depth == 1);
}

/* Groups of which some contain others, and one the input itself. */
struct input {
    struct policy_groups groups;
    const char *text;
};

static const char *find(const struct policy_groups *groups, const char *name)
{
    static const char *const table[][2] = {{"a", "tag == lab"},
                                           {"b", "group == a or group == a and not group == c"},
                                           {"c", "version > 1.* and last_seen within 7d"},
                                           {"d", "group in (e, a)"},
                                           {"e", "group != d"},
                                           {"f", "group =="}};

    if (strcmp(name, "input") == 0)
        return ((const struct input *)(const void *)groups)->text;
    for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (strcmp(table[i][0], name) == 0)
            return table[i][1];
    return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct policy_subject subjects[] = {
        {0},
        {.product = "pump",
         .hardware = "nucleo-f429zi",
         .id = "dev-1",
         .state = "failed",
         .reason = "image-digest",
         .held = "yes",
         .pinned = "no",
         .seen = "yes",
         .first_seen = 1,
         .last_seen = UINT32_MAX,
         .now = 1800000000,
         .has_version = true,
         .version = {1, 2, 3, 4},
         .tags = "lab\0north\0",
         .attrs = {"site\0site-7\0", "mac\0x\0"}},
    };
    struct policy_target target;
    struct policy_target_error error;
    char *text = malloc(size + 1);
    struct input input = {.groups.find = find, .text = text};
    bool ok;

    MUST(text);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    ok = policy_target_compile_in((const char *)data, size, &input.groups, &target, &error);
    free(text);
    if (!ok) {
        MUST(error.at <= size && error.what != NULL && strlen(error.group) <= OTTER_NAME_MAX);
        return 0;
    }
    check_steps(&target);
    for (unsigned i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
        int64_t next = policy_target_changes_at(&target, &subjects[i]);

        (void)policy_target_matches(&target, &subjects[i]);
        MUST(next == 0 || next > subjects[i].now);
    }
    (void)policy_target_names(&target, POLICY_FIELD_TAG, "lab");
    return 0;
}
