#include "policy/target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct policy_subject subject = {
    .product = "thermo",
    .hardware = "board-1",
    .id = "dev-0042",
    .state = "idle",
    .reason = "self-test",
    .held = "yes",
    .pinned = "no",
    .seen = "yes",
    .first_seen = 1700000000, /* 2023-11-14T22:13:20Z */
    .last_seen = 1800000000,  /* 2027-01-15T08:00:00Z */
    .now = 1800086400,        /* a day later */
    .has_version = true,
    .version = {.major = 1, .minor = 4, .revision = 2},
    .tags = "beta\0lab\0",
    .attrs = {"site\0oslo\0", "rssi\0-71\0site\0bergen\0"},
};

static bool matches(const char *text, const struct policy_subject *s)
{
    struct policy_target_error error = {0};
    struct policy_target target;

    if (!policy_target_compile(text, strlen(text), &target, &error))
        fail_msg("%s: at %zu: %s", text, error.at, error.what);
    return policy_target_matches(&target, s);
}

static void expressions_select_what_they_say(void **state)
{
    static const struct {
        const char *text;
        bool matches;
    } rows[] = {
        {"all", true},
        {" \t all\n", true},
        {"not all", false},
        {"product == thermo", true},
        {"product == \"thermo\"", true},
        {"product==other", false},
        {"product != other", true},
        {"hardware == board-*", true},
        {"hardware == *-1", true},
        {"hardware == *oar*", true},
        {"hardware == *", true},
        {"hardware == board-*2", false},
        {"id == dev-0042", true},
        {"id == dev-004", false},
        {"id in (dev-0001, dev-0042)", true},
        {"id in (dev-0001)", false},
        {"id not in (dev-0001, \"dev-0042\")", false},
        {"id not in (a,b,c)", true},
        {"reason == self-test", true},
        {"reason in (watchdog, deadline)", false},
        {"held == yes and pinned == no", true},
        {"held != yes or pinned != no", false},
        {"tag == beta", true},
        {"tag == lab", true},
        {"tag == la", false},
        {"tag != lab", false},
        {"tag != prod", true},
        {"tag in (prod, lab)", true},
        {"state == idle", true},
        {"state == never-seen", false},
        {"attr.site == oslo", true},
        {"attr.site == bergen", false}, /* the operator's wins */
        {"attr.rssi == -71", true},
        {"attr.none == x", false},
        {"attr.none != x", true},
        {"version == 1.4.2", true},
        {"version == 1.4.*", true},
        {"version == 1.5.*", false},
        {"version != 1.4.*", false},
        {"version < 1.4.2", false},
        {"version <= 1.4.2", true},
        {"version > 1.4.1", true},
        {"version >= 1.4.2", true},
        {"version > 1.4.2", false},
        {"version < 1.10.0", true}, /* numbers, not text */
        {"version in (1.0.0, 1.4.2)", true},
        {"version == *", true},
        {"version == 1.*", true},
        {"version == 2.*", false},
        {"version == 1.*.2", true},
        {"version == 1.*.3", false},
        {"version == 1.4.2+*", true},
        {"version == 1.4.2+1", false},
        {"version == *-2", false}, /* as it is written */
        {"version == *.4.2", true},
        {"version in (1.3.*, 1.4.*)", true},
        {"version not in (1.3.*, 1.5.*)", true},
        {"version < 1.4.*", false},
        {"version <= 1.4.*", true},
        {"version > 1.4.*", false},
        {"version > 1.3.*", true},
        {"version < 1.5.*", true},
        {"version >= 1.*", true},
        {"version >= 2.*", false},
        {"version < 10.*", true},
        {"seen == yes", true},
        {"seen != yes", false},
        {"last_seen < 2027-01-15T08:00:00Z", false},
        {"last_seen <= 2027-01-15T08:00:00Z", true},
        {"last_seen == 2027-01-15T09:00:00+01:00", true},
        {"last_seen > 2027-01-15T07:59:59.9Z", true},
        {"last_seen >= \"2027-01-15T08:00:01Z\"", false},
        {"last_seen in (2027-01-15T08:00:00Z)", true},
        {"last_seen < 1d ago", false}, /* it was seen exactly then */
        {"last_seen < 23h ago", true},
        {"last_seen < 86399s ago", true},
        {"last_seen > 25h ago", true},
        {"last_seen within 24h", true},
        {"last_seen within 1439m", false},
        {"not last_seen within 1w", false},
        {"first_seen < 52w ago", true},
        {"first_seen within 2w or first_seen < 2023-11-15T00:00:00Z", true},
        {"tag == beta and product == other", false},
        {"tag == beta or product == other", true},
        {"tag == prod or tag == lab and id == x", false}, /* and binds tighter */
        {"(tag == beta or tag == lab) and id == x", false},
        {"tag == beta or (tag == lab and id == x)", true},
        {"not tag == prod", true},
        {"not (tag == beta and tag == lab)", false},
        {"not not tag == beta", true},
        {"not tag == beta or all", true}, /* not binds tightest */
        {"all and not id == dev-0042", false},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (matches(rows[i].text, &subject) != rows[i].matches)
            fail_msg("\"%s\" is not %d", rows[i].text, rows[i].matches);
}

static void unknown_facts_equal_nothing(void **state)
{
    static const struct policy_subject empty = {0};

    (void)state;
    assert_false(matches("version == 1.4.2", &empty));
    assert_false(matches("version < 9.0.0", &empty));
    assert_false(matches("version == *", &empty));
    assert_true(matches("version != 1.4.2", &empty));
    assert_false(matches("product == *", &empty));
    assert_false(matches("tag == *", &empty));
    assert_true(matches("tag != x", &empty));
    assert_false(matches("seen == *", &empty));
    assert_false(matches("last_seen < 1d ago", &empty));
    assert_false(matches("last_seen within 9w", &empty));
    assert_false(matches("first_seen >= 1970-01-01T00:00:00Z", &empty));
    assert_true(matches("first_seen != 1970-01-01T00:00:00Z", &empty));
    assert_false(matches("version >= 0.*", &empty));
    assert_true(matches("all", &empty));
}

static void errors_name_the_place(void **state)
{
    static const struct {
        const char *text;
        size_t at;
    } rows[] = {
        {"", 0},
        {"   ", 3},
        {"produkt == x", 0},
        {"product", 7},
        {"product = x", 8},
        {"product ==", 10},
        {"product == ", 11},
        {"product == x y", 13},
        {"product == x and", 16},
        {"product == x or or", 16},
        {"(product == x", 13},
        {"product == x)", 12},
        {"product < x", 8},
        {"version < 1.x.0", 10},
        {"version < 1.*.3", 10},
        {"version < 1.2*", 10},
        {"last_seen", 9},
        {"last_seen < 7d", 12}, /* earlier, or since? */
        {"last_seen < 7d tag", 12},
        {"last_seen < 7 ago", 12},
        {"last_seen < yesterday", 12},
        {"last_seen < 2027-02-29T00:00:00Z", 12},
        {"last_seen < 2107-01-01T00:00:00Z", 12},
        {"last_seen == 2027-*", 13},
        {"last_seen within", 16},
        {"last_seen within 2027-01-01T00:00:00Z", 17},
        {"last_seen within *", 17},
        {"tag within 7d", 4},
        {"seen < yes", 5},
        {"group == lab", 9},
        {"group == \"\"", 9},
        {"group == lab*", 9},
        {"group < lab", 6},
        {"group in (lab)", 10},
        {"version == 1.2", 11},
        {"version == 1.256.0", 11},
        {"id in dev", 6},
        {"id in (dev", 10},
        {"id in (dev,)", 11},
        {"id in ()", 7},
        {"id not (x)", 7},
        {"id == \"x", 6},
        {"attr. == x", 0},
        {"\"product\" == x", 0},
        {"all all", 4},
        {"tag == ä", 7},
        {"tag == x; drop", 8},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct policy_target_error error = {.at = 999};
        struct policy_target target;

        if (policy_target_compile(rows[i].text, strlen(rows[i].text), &target, &error))
            fail_msg("\"%s\" parses", rows[i].text);
        if (error.at != rows[i].at || !error.what)
            fail_msg("\"%s\": at %zu, not %zu (%s)", rows[i].text, error.at, rows[i].at, error.what);
    }
}

static void an_expression_names_a_value_only_where_it_says_it(void **state)
{
    static const struct {
        const char *text;
        bool names;
    } rows[] = {
        {"state == retired", true},     {"tag == lab and state in (idle, retired)", true},
        {"not state == retired", true}, /* whoever excludes them has thought of them */
        {"state == *", false},          {"state == retire*", false},
        {"tag == retired", false},      {"all", false},
    };
    struct policy_target_error error;
    struct policy_target target;

    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_true(policy_target_compile(rows[i].text, strlen(rows[i].text), &target, &error));
        if (policy_target_names(&target, POLICY_FIELD_STATE, "retired") != rows[i].names)
            fail_msg("%s", rows[i].text);
    }
}

static void bounds_hold(void **state)
{
    struct policy_target_error error = {0};
    struct policy_target target;
    char text[POLICY_TARGET_MAX + 2];
    size_t n = 0;

    (void)state;
    memset(text, ' ', sizeof(text));
    memcpy(text, "all", 3);
    assert_true(policy_target_compile(text, POLICY_TARGET_MAX, &target, &error));
    assert_false(policy_target_compile(text, POLICY_TARGET_MAX + 1, &target, &error));
    memset(text, '(', sizeof(text));
    assert_false(policy_target_compile(text, POLICY_TARGET_MAX, &target, &error));
    assert_int_equal(error.at, POLICY_TARGET_DEPTH);
    /* 64 comparisons and 63 `or` fit, one more does not. */
    for (unsigned i = 0; i < 65; i++) {
        memcpy(text + n, i ? " or id==x" : "   id==xx", 9);
        n += 9;
        assert_int_equal(policy_target_compile(text, n, &target, &error), i < 64);
    }
    /* The longest value there is. */
    memset(text, 'v', POLICY_TARGET_MAX);
    memcpy(text, "id==", 4);
    assert_true(policy_target_compile(text, POLICY_TARGET_MAX, &target, &error));
}

static void what_time_alone_changes_is_foretold(void **state)
{
    static const struct {
        const char *text;
        int64_t at;
    } rows[] = {
        {"all", 0},
        {"last_seen < 2030-01-01T00:00:00Z", 0},
        {"last_seen < 2d ago", 1800000000 + 2 * 86400},
        {"last_seen < 1d ago", 1800000000 + 86400 + 1}, /* it is exactly so long ago: a second later */
        {"last_seen < 1h ago", 0},                      /* it has been so, and stays so */
        {"tag == x and not (last_seen within 3d or last_seen < 2d ago)", 1800000000 + 2 * 86400},
        {"first_seen within 1w", 0},
    };
    struct policy_target_error error;
    struct policy_target target;

    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_true(policy_target_compile(rows[i].text, strlen(rows[i].text), &target, &error));
        if (policy_target_changes_at(&target, &subject) != rows[i].at)
            fail_msg("%s: %lld", rows[i].text, (long long)policy_target_changes_at(&target, &subject));
    }
}

static void stars_do_not_blow_up(void **state)
{
    (void)state;
    assert_false(policy_glob("*a*a*a*a*a*a*a*a*b",
                             "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
    assert_true(policy_glob("*a*b", "xaxbxaxb"));
    assert_true(policy_glob("", ""));
    assert_true(policy_glob("**", ""));
    assert_false(policy_glob("", "x"));
    assert_false(policy_glob("x", ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expressions_select_what_they_say),
        cmocka_unit_test(unknown_facts_equal_nothing),
        cmocka_unit_test(errors_name_the_place),
        cmocka_unit_test(an_expression_names_a_value_only_where_it_says_it),
        cmocka_unit_test(bounds_hold),
        cmocka_unit_test(what_time_alone_changes_is_foretold),
        cmocka_unit_test(stars_do_not_blow_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
