/* Bills of materials: which are known, and what is counted. */
#include "cmocka_first.h"

#include "core/bytes.h"
#include "sbom.h"

#include <string.h>

static void formats_are_known_by_their_own_members(void **state)
{
    static const struct {
        const char *text, *format; /* NULL: none that is known */
        unsigned components;
    } row[] = {
        {"{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.5\",\"components\":[{},{},{}]}", "CycloneDX 1.5",
         3},
        {"{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.4\"}", "CycloneDX 1.4", 0},
        {"{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"\\u001b[2J\",\"components\":7}", "CycloneDX ", 0},
        {"{\"spdxVersion\":\"SPDX-2.3\",\"packages\":[{},{}]}", "SPDX-2.3", 2},
        {"{\"@context\":\"https://spdx.org/rdf/3.0.1/"
         "spdx-context.jsonld\",\"@graph\":[{\"type\":\"software_Package\"},"
         "{\"type\":\"software_File\"},{\"type\":\"CreationInfo\"},7]}",
         "SPDX 3", 1},
        {"{\"bomFormat\":\"cyclonedx\"}", NULL, 0},
        {"{\"spdxVersion\":2}", NULL, 0},
        {"{\"@context\":\"https://example.com/\",\"@graph\":[]}", NULL, 0},
        {"{\"components\":[]}", NULL, 0},
        {"[]", NULL, 0},
        {"7", NULL, 0},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(row); i++) {
        auto_json json_t *j = json_loads(row[i].text, JSON_DECODE_ANY, NULL);
        struct cli_sbom sbom = {.components = 99};

        assert_non_null(j);
        assert_int_equal(cli_sbom_judge(j, &sbom), row[i].format != NULL);
        if (row[i].format == NULL)
            continue;
        assert_string_equal(sbom.format, row[i].format);
        assert_int_equal(sbom.components, row[i].components);
    }
    assert_false(cli_sbom_judge(NULL, &(struct cli_sbom){.components = 0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(formats_are_known_by_their_own_members)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
