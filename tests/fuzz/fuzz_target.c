/* Target expressions: what compiles is a program that ends on a stack of one, whatever it is asked about. */
#include "fuzz.h"

#include "policy/target.h"

static void check_steps(const struct policy_target *t)
{
    int depth = 0;

    MUST(t->count >= 1 && t->count <= POLICY_TARGET_STEPS && t->strings_len <= sizeof(t->strings));
    for (unsigned i = 0; i < t->count; i++) {
        const struct policy_step *s = &t->step[i];

        switch ((enum policy_step_kind)s->kind) {
        case POLICY_STEP_COMPARE:
            MUST(s->field < POLICY_FIELD_COUNT && s->compare < POLICY_COMPARE_COUNT);
            MUST(s->value < t->strings_len && s->name < t->strings_len + 1u);
            depth++;
            break;
        case POLICY_STEP_ALL:
            depth++;
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
         .has_version = true,
         .version = {1, 2, 3, 4},
         .tags = "lab\0north\0",
         .attrs = {"site\0site-7\0", "mac\0x\0"}},
    };
    struct policy_target target;
    struct policy_target_error error;

    if (!policy_target_compile((const char *)data, size, &target, &error)) {
        MUST(error.at <= size && error.what != NULL);
        return 0;
    }
    check_steps(&target);
    for (unsigned i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++)
        (void)policy_target_matches(&target, &subjects[i]);
    (void)policy_target_names(&target, POLICY_FIELD_TAG, "lab");
    return 0;
}
