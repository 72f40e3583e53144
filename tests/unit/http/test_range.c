#include "test.h"

#include "http/range.h"

#define ETAG "\"abc\""

static void ranges_are_read_as_rfc_9110_says(void **state)
{
    static const struct {
        const char *range;
        uint64_t size;
        enum http_part part;
        uint64_t first, length;
    } rows[] = {
        {"bytes=0-0", 10, HTTP_PART_RANGE, 0, 1},
        {"bytes=0-9", 10, HTTP_PART_RANGE, 0, 10},
        {"bytes=3-5", 10, HTTP_PART_RANGE, 3, 3},
        {"bytes=3-", 10, HTTP_PART_RANGE, 3, 7},
        {"bytes=9-", 10, HTTP_PART_RANGE, 9, 1},
        {"bytes=0-10", 10, HTTP_PART_RANGE, 0, 10},
        {"bytes=5-99999999999999999999999999", 10, HTTP_PART_RANGE, 5, 5},
        {"bytes=-1", 10, HTTP_PART_RANGE, 9, 1},
        {"bytes=-10", 10, HTTP_PART_RANGE, 0, 10},
        {"bytes=-11", 10, HTTP_PART_RANGE, 0, 10},
        {"bytes=-18446744073709551616", 10, HTTP_PART_RANGE, 0, 10},
        {"BYTES=1-2", 10, HTTP_PART_RANGE, 1, 2},
        {"bytes= 1-2 ", 10, HTTP_PART_RANGE, 1, 2},
        {"bytes=0001-0002", 10, HTTP_PART_RANGE, 1, 2},
        {"bytes=18446744073709551614-18446744073709551615", UINT64_MAX, HTTP_PART_RANGE, UINT64_MAX - 1, 1},
        /* outside */
        {"bytes=10-", 10, HTTP_PART_UNSATISFIABLE, 0, 0},
        {"bytes=10-20", 10, HTTP_PART_UNSATISFIABLE, 0, 0},
        {"bytes=99999999999999999999999999-", 10, HTTP_PART_UNSATISFIABLE, 0, 0},
        {"bytes=-0", 10, HTTP_PART_UNSATISFIABLE, 0, 0},
        {"bytes=0-", 0, HTTP_PART_UNSATISFIABLE, 0, 0},
        {"bytes=-5", 0, HTTP_PART_UNSATISFIABLE, 0, 0},
        /* several ranges, and what is no range: the whole */
        {"bytes=0-1,3-4", 10, HTTP_PART_WHOLE, 0, 10},
        {"bytes=0-1,", 10, HTTP_PART_WHOLE, 0, 10},
        {"bytes=5-3", 10, HTTP_PART_WHOLE, 0, 10},
        {"bytes=-", 10, HTTP_PART_WHOLE, 0, 10},
        {"bytes=", 10, HTTP_PART_WHOLE, 0, 10},
        {"bytes", 10, HTTP_PART_WHOLE, 0, 10},
        {"", 10, HTTP_PART_WHOLE, 0, 10},
        {"bytes=a-b", 10, HTTP_PART_WHOLE, 0, 10},
        {"bytes=1-2x", 10, HTTP_PART_WHOLE, 0, 10},
        {"bytes=1--2", 10, HTTP_PART_WHOLE, 0, 10},
        {"bytes=--2", 10, HTTP_PART_WHOLE, 0, 10},
        {"bytes=+1-2", 10, HTTP_PART_WHOLE, 0, 10},
        {"bytes=1 - 2", 10, HTTP_PART_WHOLE, 0, 10},
        {"bytes =1-2", 10, HTTP_PART_WHOLE, 0, 10},
        {"items=1-2", 10, HTTP_PART_WHOLE, 0, 10},
        {"bytes=0x1-2", 10, HTTP_PART_WHOLE, 0, 10},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct http_slice s = http_range_parse(rows[i].range, rows[i].size);

        if (s.part != rows[i].part || s.first != rows[i].first || s.length != rows[i].length)
            fail_msg("\"%s\" of %llu: part %d, first %llu, length %llu", rows[i].range,
                     (unsigned long long)rows[i].size, s.part, (unsigned long long)s.first,
                     (unsigned long long)s.length);
    }
}

static void conditions_come_before_the_range(void **state)
{
    static const struct {
        const char *range, *if_range, *if_none_match;
        bool is_head;
        enum http_part part;
    } rows[] = {
        {NULL, NULL, NULL, false, HTTP_PART_WHOLE},
        {"bytes=1-2", NULL, NULL, false, HTTP_PART_RANGE},
        {"bytes=1-2", ETAG, NULL, false, HTTP_PART_RANGE},
        {"bytes=1-2", "\"other\"", NULL, false, HTTP_PART_WHOLE},
        {"bytes=1-2", "W/" ETAG, NULL, false, HTTP_PART_WHOLE},
        {"bytes=1-2", "Sat, 29 Oct 1994 19:43:31 GMT", NULL, false, HTTP_PART_WHOLE},
        {"bytes=1-2", "abc", NULL, false, HTTP_PART_WHOLE},
        {"bytes=99-", "\"other\"", NULL, false, HTTP_PART_WHOLE}, /* If-Range fails: not even 416 */
        {"bytes=99-", ETAG, NULL, false, HTTP_PART_UNSATISFIABLE},
        {"bytes=1-2", NULL, NULL, true, HTTP_PART_WHOLE},
        {"bytes=99-", NULL, NULL, true, HTTP_PART_WHOLE},
        {NULL, NULL, ETAG, false, HTTP_PART_NOT_MODIFIED},
        {NULL, NULL, ETAG, true, HTTP_PART_NOT_MODIFIED},
        {"bytes=1-2", ETAG, ETAG, false, HTTP_PART_NOT_MODIFIED},
        {"bytes=1-2", NULL, "\"other\"", false, HTTP_PART_RANGE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct http_conditions c = {rows[i].range,  rows[i].if_range, rows[i].if_none_match, ETAG, 10,
                                    rows[i].is_head};

        if (http_slice_of(&c).part != rows[i].part)
            fail_msg("row %zu: part %d", i, http_slice_of(&c).part);
    }
}

static void entity_tags_are_found_in_lists(void **state)
{
    static const struct {
        const char *list;
        bool found;
    } rows[] = {
        {ETAG, true},
        {"*", true},
        {" * ", false},
        {"W/" ETAG, true},
        {"\"x\", " ETAG, true},
        {"\"x\"," ETAG ",\"y\"", true},
        {"\"x\" , W/\"y\",\t" ETAG, true},
        {"\"a,b\", " ETAG, true},
        {"", false},
        {"abc", false},
        {"\"abc", false},
        {"\"ab\"", false},
        {"\"abcd\"", false},
        {"\"x\", abc", false},
        {",,,", false},
        {"w/" ETAG, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (http_etag_listed(rows[i].list, ETAG) != rows[i].found)
            fail_msg("list <%s>", rows[i].list);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_are_read_as_rfc_9110_says),
        cmocka_unit_test(conditions_come_before_the_range),
        cmocka_unit_test(entity_tags_are_found_in_lists),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
