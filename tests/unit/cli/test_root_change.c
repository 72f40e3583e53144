/* From one root to its successor: which changes are allowed, and what they make of it. */
#include "cmocka_first.h"

#include "core/bytes.h"
#include "root_change.h"

#include <stdio.h>
#include <string.h>

#define CHANGES 6u

/* A key is a letter: its id and its point are full of it. */
static struct otter_root_key key_of(char letter)
{
    struct otter_root_key key;

    memset(&key, letter, sizeof(key));
    return key;
}

/* "2abc": threshold 2 of the keys a, b, c. */
static void put_role(struct otter_root *root, enum otter_role role, const char *text)
{
    struct otter_root_role *to = &root->role[role];

    *to = (struct otter_root_role){.threshold = (uint8_t)(text[0] - '0')};
    for (const char *c = text + 1; *c != '\0'; c++) {
        struct otter_root_key key = key_of(*c);
        uint8_t at = 0;

        while (at < root->key_count && root->key[at].kid.b[0] != key.kid.b[0])
            at++;
        if (at == root->key_count)
            root->key[root->key_count++] = key;
        to->key[to->count++] = at;
    }
}

/* "2abc 1r 1o 5": root, release, offer, epoch. */
static struct otter_root root_of(const char *text)
{
    struct otter_root root = {.version = 7, .created = 100, .expires = 200};
    char role[OTTER_ROLE_COUNT][16];
    unsigned epoch;

    assert_int_equal(sscanf(text, "%15s %15s %15s %u", role[0], role[1], role[2], &epoch), 4);
    for (unsigned r = 0; r < OTTER_ROLE_COUNT; r++)
        put_role(&root, (enum otter_role)r, role[r]);
    root.sequence_epoch = epoch;
    return root;
}

static void text_of(const struct otter_root *root, char out[64])
{
    size_t n = 0;

    for (unsigned r = 0; r < OTTER_ROLE_COUNT; r++) {
        out[n++] = (char)('0' + root->role[r].threshold);
        for (unsigned i = 0; i < root->role[r].count; i++)
            out[n++] = (char)root->key[root->role[r].key[i]].kid.b[0];
        out[n++] = ' ';
    }
    (void)snprintf(out + n, 64 - n, "%u", (unsigned)root->sequence_epoch);
}

/* "root+d", "release-r", "offer:op" (o by p), "root=2", "!a" (revoked), "~i" (an image key revoked) */
static struct cli_root_change change_of(const char *text)
{
    struct cli_root_change c = {.kind = CLI_ROOT_REVOKE};
    size_t len = strcspn(text, "+-:=!~");
    char word = text[len], a = text[len + 1];

    while (len > 0 && strncmp(otter_role_name(c.role), text, len) != 0)
        c.role++;
    c.gone = key_of(a).kid;
    c.come = key_of(word == ':' ? text[len + 2] : a);
    c.number = (uint64_t)(a - '0');
    c.kind = word == '+'   ? CLI_ROOT_ADD
             : word == '-' ? CLI_ROOT_REMOVE
             : word == ':' ? CLI_ROOT_REPLACE
             : word == '=' ? CLI_ROOT_THRESHOLD
             : word == '~' ? CLI_ROOT_REVOKE_IMAGE
                           : CLI_ROOT_REVOKE;
    return c;
}

static enum cli_root_verdict run(const char *old_text, const char *const change[], struct otter_root *ret)
{
    struct otter_root old = root_of(old_text);
    enum cli_root_verdict verdict = CLI_ROOT_OK;
    struct cli_root_draft draft;
    enum otter_role role;

    cli_root_begin(&old, 300, 50, &draft);
    for (unsigned i = 0; i < CHANGES && change[i] != NULL && verdict == CLI_ROOT_OK; i++) {
        struct cli_root_change c = change_of(change[i]);

        verdict = cli_root_change(&draft, &c);
    }
    return verdict == CLI_ROOT_OK ? cli_root_end(&draft, ret, &role) : verdict;
}

static void changes_are_judged_by_what_they_come_to_together(void **state)
{
    static const struct {
        const char *old, *change[CHANGES];
        enum cli_root_verdict want;
        const char *new;
    } row[] = {
        {"2abc 1r 1o 5", {NULL}, CLI_ROOT_OK, "2abc 1r 1o 5"},
        {"2abc 1r 1o 5", {"root:bd"}, CLI_ROOT_OK, "2adc 1r 1o 5"},
        {"2abc 1r 1o 5", {"root:da"}, CLI_ROOT_NOT_IN_ROLE, NULL},
        {"2abc 1r 1o 5", {"root:ab"}, CLI_ROOT_IN_ROLE, NULL},
        {"2abc 1r 1o 5", {"root+d", "root=3"}, CLI_ROOT_OK, "3abcd 1r 1o 5"},
        {"2abc 1r 1o 5", {"root=3", "root+d"}, CLI_ROOT_OK, "3abcd 1r 1o 5"},
        {"2abc 1r 1o 5", {"root+a"}, CLI_ROOT_IN_ROLE, NULL},
        {"2abc 1r 1o 5", {"root-a"}, CLI_ROOT_OK, "2bc 1r 1o 5"},
        {"2abc 1r 1o 5", {"root-a", "root-b"}, CLI_ROOT_BELOW_THRESHOLD, NULL},
        {"2abc 1r 1o 5", {"root-a", "root-b", "root=1"}, CLI_ROOT_OK, "1c 1r 1o 5"},
        {"2abc 1r 1o 5", {"root-d"}, CLI_ROOT_NOT_IN_ROLE, NULL},
        {"2abc 1r 1o 5", {"root=4"}, CLI_ROOT_BELOW_THRESHOLD, NULL},
        {"2abc 1r 1o 5", {"root=0"}, CLI_ROOT_BAD_THRESHOLD, NULL},
        {"1a 1r 1o 5", {"offer:op"}, CLI_ROOT_OK, "1a 1r 1p 5"},
        {"1a 1r 1o 5", {"offer+p"}, CLI_ROOT_OK, "1a 1r 1op 5"},
        {"1a 1r 1o 5", {"offer+p", "offer=2"}, CLI_ROOT_OFFER_THRESHOLD, NULL},
        {"1a 1r 1o 5", {"offer+r"}, CLI_ROOT_OFFER_SHARED, NULL},
        {"1a 1r 1o 5", {"root+o"}, CLI_ROOT_OFFER_SHARED, NULL},
        {"1a 1r 1o 5", {"offer-o"}, CLI_ROOT_BELOW_THRESHOLD, NULL},
        {"1a 1r 1o 5", {"release+a"}, CLI_ROOT_OK, "1a 1ra 1o 5"},
        /* Revoked: out of each role, and by that one number of the epoch up. */
        {"2abc 1r 1o 5", {"!a"}, CLI_ROOT_OK, "2bc 1r 1o 5"},
        {"2abc 1rs 1o 5", {"!r"}, CLI_ROOT_OK, "2abc 1s 1o 6"},
        {"2abc 1as 1o 5", {"!a"}, CLI_ROOT_OK, "2bc 1s 1o 6"},
        {"2abc 1r 1o 5", {"!r"}, CLI_ROOT_BELOW_THRESHOLD, NULL},
        {"2abc 1r 1o 5", {"!r", "release+s"}, CLI_ROOT_OK, "2abc 1s 1o 6"},
        {"2ab 1r 1o 5", {"!a"}, CLI_ROOT_BELOW_THRESHOLD, NULL},
        {"2ab 1r 1o 5", {"!a", "root+c"}, CLI_ROOT_OK, "2bc 1r 1o 5"},
        {"2ab 1r 1o 5", {"!o"}, CLI_ROOT_BELOW_THRESHOLD, NULL},
        {"2ab 1r 1o 5", {"offer+p", "!o"}, CLI_ROOT_OK, "2ab 1r 1p 5"},
        {"2ab 1r 1o 5", {"!x"}, CLI_ROOT_NOT_IN_ROOT, NULL},
        /* Seven keys, nine places. */
        {"1abcde 1r 1o 5", {"root+f"}, CLI_ROOT_TOO_MANY, NULL},
        {"1abcde 1r 1o 5", {"root:af"}, CLI_ROOT_OK, "1fbcde 1r 1o 5"},
        {"1abcde 1r 1o 5", {"release+a", "release+b"}, CLI_ROOT_OK, "1abcde 1rab 1o 5"},
        {"1abcde 1r 1o 5", {"release+a", "release+b", "release+c"}, CLI_ROOT_TOO_MANY, NULL},
        {"1abc 1r 1o 5", {"~i", "~j", "~k"}, CLI_ROOT_OK, "1abc 1r 1o 5"},
        {"1abc 1r 1o 5", {"~i", "~i"}, CLI_ROOT_REVOKED_ALREADY, NULL},
        {"1abc 1r 1o 5", {"~i", "~j", "~k", "~l"}, CLI_ROOT_TOO_MANY_REVOKED, NULL},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(row); i++) {
        struct otter_root got = {.version = 0};
        char text[64];

        assert_int_equal(run(row[i].old, row[i].change, &got), row[i].want);
        if (row[i].want != CLI_ROOT_OK)
            continue;
        text_of(&got, text);
        assert_string_equal(text, row[i].new);
        assert_int_equal(got.version, 8);
        assert_int_equal(got.created, 300);
        assert_int_equal(got.expires, 350);
    }
}

static void image_keys_are_revoked_beside_those_that_are(void **state)
{
    static const char *const change[CHANGES] = {"~i", "~j"};
    struct otter_root got;

    (void)state;
    assert_int_equal(run("1a 1r 1o 5", change, &got), CLI_ROOT_OK);
    assert_int_equal(got.revoked_count, 2);
    assert_int_equal(got.revoked[0].b[0], 'i');
    assert_int_equal(got.revoked[1].b[0], 'j');
}

static void a_key_without_a_role_is_not_in_the_root(void **state)
{
    static const char *const change[CHANGES] = {"!a"};
    struct otter_root got;

    (void)state;
    assert_int_equal(run("2abc 1r 1o 5", change, &got), CLI_ROOT_OK);
    assert_int_equal(got.key_count, 4);
    for (unsigned i = 0; i < got.key_count; i++)
        assert_int_not_equal(got.key[i].kid.b[0], 'a');
}

static void root_keys_that_stay_are_counted(void **state)
{
    static const struct {
        const char *old, *new;
        unsigned stay;
    } row[] = {
        {"2abc 1r 1o 5", "2abc 1r 1o 5", 3},
        {"2abc 1r 1o 5", "2bcd 1r 1o 5", 2},
        {"1a 1r 1o 5", "1b 1r 1o 5", 0},
        {"1a 1r 1o 5", "1b 1a 1o 5", 0}, /* in another role */
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(row); i++) {
        struct otter_root old = root_of(row[i].old), new = root_of(row[i].new);

        assert_int_equal(cli_root_stay(&old, &new), row[i].stay);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_are_judged_by_what_they_come_to_together),
        cmocka_unit_test(image_keys_are_revoked_beside_those_that_are),
        cmocka_unit_test(a_key_without_a_role_is_not_in_the_root),
        cmocka_unit_test(root_keys_that_stay_are_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
