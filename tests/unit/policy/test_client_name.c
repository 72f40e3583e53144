/* Which device a client certificate is of, by its names; and which of its faults is told. */
#include "policy/client_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void a_pattern_has_a_kind_and_one_star(void **state)
{
    static const struct {
        const char *text;
        enum policy_client_kind kind;
        const char *before, *behind; /* NULL: refused */
    } rows[] = {
        {"cn:*", POLICY_CLIENT_CN, "", ""},
        {"cn:device-*", POLICY_CLIENT_CN, "device-", ""},
        {"cn:a*b", POLICY_CLIENT_CN, "a", "b"},
        {"dns:*.devices.example.com", POLICY_CLIENT_DNS, "", ".devices.example.com"},
        {"uri:urn:otter:*", POLICY_CLIENT_URI, "urn:otter:", ""},
        {"uri:dns:*", POLICY_CLIENT_URI, "dns:", ""},
        {"", 0, NULL, NULL},
        {"*", 0, NULL, NULL},
        {"cn", 0, NULL, NULL},
        {"cn:", 0, NULL, NULL},
        {"cn:device", 0, NULL, NULL},
        {"cn:**", 0, NULL, NULL},
        {"cn:*-*", 0, NULL, NULL},
        {"CN:*", 0, NULL, NULL},
        {" cn:*", 0, NULL, NULL},
        {"ip:*", 0, NULL, NULL},
        {"cn:a *", 0, NULL, NULL},
        {"cn:*\x7f", 0, NULL, NULL},
        {"cn:\xc3\xa9*", 0, NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct policy_client_pattern p = {.before = NULL};
        const char *why = NULL;

        if (policy_client_pattern(rows[i].text, &p, &why) != (rows[i].before != NULL))
            fail_msg("\"%s\"", rows[i].text);
        assert_true(!why == (rows[i].before != NULL));
        if (!rows[i].before)
            continue;
        assert_int_equal(p.kind, rows[i].kind);
        assert_int_equal(p.before_len, strlen(rows[i].before));
        assert_memory_equal(p.before, rows[i].before, p.before_len);
        assert_string_equal(p.behind, rows[i].behind);
        assert_int_equal(p.behind_len, strlen(rows[i].behind));
    }
}

#define ID_64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define NAME(text)                                                                                           \
    {                                                                                                        \
        text, sizeof(text) - 1                                                                               \
    }

struct row {
    const char *what, *pattern;
    struct policy_client_name names[3]; /* up to one without text */
    enum policy_client said;
    const char *id;
};

static const struct row rows[] = {
    {"the whole name", "cn:*", {NAME("dev-1")}, POLICY_CLIENT_GOOD, "dev-1"},
    {"behind a text", "cn:device-*", {NAME("device-7")}, POLICY_CLIENT_GOOD, "7"},
    {"between texts", "cn:a-*-b", {NAME("a-x-b")}, POLICY_CLIENT_GOOD, "x"},
    {"each character that ids have", "cn:*", {NAME("aZ09._:-")}, POLICY_CLIENT_GOOD, "aZ09._:-"},
    {"the longest id", "cn:d*", {NAME("d" ID_64)}, POLICY_CLIENT_GOOD, ID_64},
    {"one more", "cn:d*", {NAME("d" ID_64 "0")}, POLICY_CLIENT_BAD_NAME, NULL},
    {"no name at all", "cn:*", {{NULL, 0}}, POLICY_CLIENT_NO_NAME, NULL},
    {"an empty name", "cn:*", {NAME("")}, POLICY_CLIENT_BAD_NAME, NULL},
    {"an empty id", "cn:device-*", {NAME("device-")}, POLICY_CLIENT_BAD_NAME, NULL},
    {"another name", "cn:device-*", {NAME("admin")}, POLICY_CLIENT_NO_NAME, NULL},
    {"the texts overlap", "cn:aba*ba", {NAME("aba")}, POLICY_CLIENT_NO_NAME, NULL},
    {"the texts touch", "cn:aba*ba", {NAME("ababa")}, POLICY_CLIENT_BAD_NAME, NULL},
    {"a text of another case", "cn:Device-*", {NAME("device-7")}, POLICY_CLIENT_NO_NAME, NULL},
    {"a space", "cn:*", {NAME("dev 1")}, POLICY_CLIENT_BAD_NAME, NULL},
    {"a slash", "cn:*", {NAME("dev/1")}, POLICY_CLIENT_BAD_NAME, NULL},
    {"not ASCII", "cn:*", {NAME("d\xc3\xa9v")}, POLICY_CLIENT_BAD_NAME, NULL},
    {"a NUL in the id", "cn:*", {NAME("dev-1\0x")}, POLICY_CLIENT_BAD_NAME, NULL},
    {"a NUL behind the id", "cn:*", {NAME("dev-1\0")}, POLICY_CLIENT_BAD_NAME, NULL},
    {"a NUL before the text", "cn:*.x", {NAME("dev-1\0.x")}, POLICY_CLIENT_BAD_NAME, NULL},
    {"a NUL where the text would be", "cn:*-dev", {NAME("a\0-dev")}, POLICY_CLIENT_BAD_NAME, NULL},
    {"a NUL in a name that does not fit",
     "uri:urn:otter:*",
     {NAME("urn:other\0:1"), NAME("urn:otter:1")},
     POLICY_CLIENT_BAD_NAME,
     NULL},
    {"two common names", "cn:*", {NAME("dev-1"), NAME("dev-2")}, POLICY_CLIENT_TWO_NAMES, NULL},
    {"one twice", "cn:*", {NAME("dev-1"), NAME("dev-1")}, POLICY_CLIENT_TWO_NAMES, NULL},
    {"two, of which one fits", "cn:device-*", {NAME("device-1"), NAME("x")}, POLICY_CLIENT_TWO_NAMES, NULL},
    {"a label", "dns:*.example.com", {NAME("dev-1.example.com")}, POLICY_CLIENT_GOOD, "dev-1"},
    {"a label in capitals", "dns:*.example.com", {NAME("DEV-1.example.com")}, POLICY_CLIENT_BAD_NAME, NULL},
    {"a domain in capitals", "dns:*.Example.com", {NAME("dev-1.eXAMPLE.COM")}, POLICY_CLIENT_GOOD, "dev-1"},
    {"two labels", "dns:*.example.com", {NAME("a.b.example.com")}, POLICY_CLIENT_BAD_NAME, NULL},
    {"a wildcard", "dns:*.example.com", {NAME("*.example.com")}, POLICY_CLIENT_BAD_NAME, NULL},
    {"the domain itself", "dns:*.example.com", {NAME("example.com")}, POLICY_CLIENT_NO_NAME, NULL},
    {"an ending that is longer",
     "dns:*.example.com",
     {NAME("dev-1.example.com.evil.org")},
     POLICY_CLIENT_NO_NAME,
     NULL},
    {"one of three that fits",
     "dns:*.example.com",
     {NAME("host.lan"), NAME("dev-1.example.com"), NAME("example.com")},
     POLICY_CLIENT_GOOD,
     "dev-1"},
    {"two that fit",
     "dns:*.example.com",
     {NAME("dev-1.example.com"), NAME("dev-2.example.com")},
     POLICY_CLIENT_TWO_NAMES,
     NULL},
    {"one that fits twice",
     "dns:*.example.com",
     {NAME("dev-1.example.com"), NAME("host.lan"), NAME("DEV-1.example.com")},
     POLICY_CLIENT_TWO_NAMES,
     NULL},
    {"a URI", "uri:urn:otter:*", {NAME("urn:otter:dev-1")}, POLICY_CLIENT_GOOD, "dev-1"},
    {"an id with dots and capitals", "uri:urn:otter:*", {NAME("urn:otter:A.b")}, POLICY_CLIENT_GOOD, "A.b"},
    {"a URI of another case", "uri:urn:otter:*", {NAME("URN:otter:dev-1")}, POLICY_CLIENT_NO_NAME, NULL},
    {"an escape", "uri:urn:otter:*", {NAME("urn:otter:dev%2D1")}, POLICY_CLIENT_BAD_NAME, NULL},
    {"a path", "uri:https://x/*", {NAME("https://x/dev-1/y")}, POLICY_CLIENT_BAD_NAME, NULL},
};

static void a_certificate_is_of_the_one_device_that_its_names_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        struct policy_client_pattern p;
        char id[OTTER_NAME_BUF] = "untouched";
        const char *why;
        size_t count = 0;
        enum policy_client said;

        while (count < 3 && row->names[count].text)
            count++;
        assert_true(policy_client_pattern(row->pattern, &p, &why));
        said = policy_client_device(&p, row->names, count, id);
        if (said != row->said || strcmp(id, row->id ? row->id : "untouched") != 0)
            fail_msg("%s: %s, \"%s\"", row->what, policy_client_text(said), id);
    }
}

static void the_first_fault_is_told_and_none_is_good(void **state)
{
    (void)state;
    assert_int_equal(policy_client_verdict(0), POLICY_CLIENT_GOOD);
    assert_int_equal(policy_client_verdict(1u << POLICY_CLIENT_GOOD), POLICY_CLIENT_GOOD);
    for (unsigned found = 1; found < 1u << POLICY_CLIENT_GOOD; found++) {
        enum policy_client said = policy_client_verdict(found);

        assert_true(said < POLICY_CLIENT_GOOD && (found & 1u << said));
        assert_int_equal(found & ((1u << said) - 1), 0);
    }
    for (unsigned i = 0; i <= POLICY_CLIENT_GOOD; i++)
        assert_non_null(policy_client_text((enum policy_client)i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pattern_has_a_kind_and_one_star),
        cmocka_unit_test(a_certificate_is_of_the_one_device_that_its_names_say),
        cmocka_unit_test(the_first_fault_is_told_and_none_is_good),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
