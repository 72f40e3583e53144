/*
 * Every file under manifests/vectors, under both adapters, each a test of its own name; and that together
 * they cover every refusal that lib/core can give about documents, manifests and images.
 */
#include "vector.h"

#include "core/bytes.h"
#include "crypto/crypto_bearssl.h"
#include "host/crypto.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct run {
    const struct otter_crypto *crypto;
    const struct vector *vector;
    char name[160];
};

static struct vector_set set;

static void vector_is_judged_as_expected(void **state)
{
    const struct run *run = *state;
    struct host_error err = {0};
    enum otter_status status = vector_judge(run->crypto, run->vector, &err);

    if (status != run->vector->expect)
        fail_msg("%s: expected %s, got %s %s", run->name, otter_status_name(run->vector->expect),
                 otter_status_name(status), err.message);
}

/* Refusals of the groups below that no document or image alone can bring about. */
static const struct {
    enum otter_status status;
    const char *why;
} exceptions[] = {
    {OTTER_NO_ROOT, "a server's state: nothing has been published"},
    {OTTER_CREATED_IN_FUTURE, "asked by publishers with their own clock, never by a device"},
    {OTTER_DELTA_CONTAINER, "read from the delta blob, which has a decoder of its own"},
    {OTTER_IMAGE_DIGEST, "found while bytes arrive: only a live device streams"},
    {OTTER_IMAGE_FLOOR, "the bootloader's own floor, see tests of boot/decide"},
};

static bool excepted(enum otter_status status)
{
    for (size_t i = 0; i < OTTER_ARRAY_LEN(exceptions); i++) {
        if (exceptions[i].status == status)
            return true;
    }
    return false;
}

/* General refusals that a document's shape alone brings about. */
static bool of_shape(enum otter_status status)
{
    return status == OTTER_TOO_LARGE || status == OTTER_BAD_JSON || status == OTTER_BAD_VALUE ||
           status == OTTER_MISSING_MEMBER || status == OTTER_UNKNOWN_MEMBER ||
           status == OTTER_DUPLICATE_MEMBER || status == OTTER_BAD_ENCODING;
}

static void every_refusal_of_documents_manifests_and_images_has_a_vector(void **state)
{
    bool covered[OTTER_STATUS_COUNT] = {false};
    unsigned missing = 0;

    (void)state;
    for (size_t i = 0; i < set.count; i++)
        covered[set.vector[i].expect] = true;
    for (unsigned s = 0; s < OTTER_STATUS_COUNT; s++) {
        enum otter_status status = (enum otter_status)s;
        bool asked = strchr("DMI", otter_status_group(status)) || of_shape(status);

        if (!asked || covered[s] != excepted(status))
            continue;
        missing++;
        print_error("%s %s\n", otter_status_name(status),
                    covered[s] ? "has a vector: strike it from the exceptions" : "has no vector");
    }
    assert_int_equal(missing, 0);
    assert_true(covered[OTTER_OK]);
}

static void every_check_has_a_valid_vector(void **state)
{
    static const char *const checks[] = {"root-first", "root-next",      "offer", "manifest", "release",
                                         "image",      "manifest-image", "poll",  "report"};

    (void)state;
    for (size_t c = 0; c < OTTER_ARRAY_LEN(checks); c++) {
        unsigned valid = 0;

        for (size_t i = 0; i < set.count; i++)
            valid += set.vector[i].expect == OTTER_OK &&
                     !strcmp(json_string_value(json_object_get(set.vector[i].json, "check")), checks[c]);
        if (!valid)
            fail_msg("no valid vector for %s", checks[c]);
    }
}

/* Two tests a vector, then the two above. The caller frees. */
static struct CMUnitTest *list_tests(struct run *runs, size_t *ret_count)
{
    static const struct {
        const char *name;
        const struct otter_crypto *crypto;
    } adapter[] = {{"openssl", &otter_crypto_openssl}, {"bearssl", &otter_crypto_bearssl}};
    struct CMUnitTest *tests = calloc(2 * set.count + 2, sizeof *tests);
    size_t n = 0;

    for (size_t a = 0; tests && a < OTTER_ARRAY_LEN(adapter); a++) {
        for (size_t i = 0; i < set.count; i++, n++) {
            runs[n] = (struct run){.crypto = adapter[a].crypto, .vector = &set.vector[i]};
            (void)snprintf(runs[n].name, sizeof runs[n].name, "%s: %s", adapter[a].name, set.vector[i].name);
            tests[n] = (struct CMUnitTest){
                .name = runs[n].name, .test_func = vector_is_judged_as_expected, .initial_state = &runs[n]};
        }
    }
    if (tests) {
        tests[n++] =
            (struct CMUnitTest)cmocka_unit_test(every_refusal_of_documents_manifests_and_images_has_a_vector);
        tests[n++] = (struct CMUnitTest)cmocka_unit_test(every_check_has_a_valid_vector);
    }
    *ret_count = n;
    return tests;
}

int main(int argc, char **argv)
{
    struct host_error err;
    struct CMUnitTest *tests;
    struct run *runs;
    size_t count = 0;
    int failed = 1;

    if (argc != 2 || !vector_load_all(argv[1], &set, &err)) {
        (void)fprintf(stderr, "%s\n", argc == 2 ? err.message : "usage: test_vectors manifests/vectors");
        return 1;
    }
    runs = calloc(2 * set.count, sizeof *runs);
    tests = runs ? list_tests(runs, &count) : NULL;
    if (tests)
        failed = _cmocka_run_group_tests("vectors", tests, count, NULL, NULL);
    free(tests);
    free(runs);
    vector_free(&set);
    return failed != 0;
}
