#include "check.h"

#include "core/bytes.h"
#include "core/wire.h"

#include <stdlib.h>

#define HEX32   "0101010101010101010101010101010101010101010101010101010101010101"
#define RUNNING "{\"version\":\"1.2.3+4\",\"sha256\":\"" HEX32 "\",\"slot\":\"B\",\"confirmed\":true}"

static const char poll_text[] =
    "{\"device\":\"d:1\",\"product\":\"p\",\"hardware\":\"h\",\"running\":" RUNNING
    ",\"epoch\":2,\"sequence\":3,\"root\":4,\"nonce\":\"AAECAwQFBgcICQoLDA0ODw\",\"fresh\":1,\"stale\":1,"
    "\"refused\":\"offer-nonce\",\"caps\":{\"ram\":65536,\"covers\":4000},\"last\":{\"attempt\":111,\"step\":"
    "2,\"state\":\"failed\","
    "\"reason\":\"image-digest\",\"detail\":\"x\",\"bytes\":9}}";

static const char report_text[] = "{\"device\":\"d:1\",\"attempt\":111,\"step\":1,\"state\":\"downloading\","
                                  "\"bytes\":0,\"running\":" RUNNING "}";

static void a_poll_comes_back_as_it_was(void **state)
{
    struct otter_poll poll;
    char out[OTTER_POLL_MAX];

    (void)state;
    assert_int_equal(otter_poll_decode(poll_text, strlen(poll_text), &poll, NULL), OTTER_OK);
    assert_string_equal(poll.device, "d:1");
    assert_int_equal(poll.running.version.build, 4);
    assert_int_equal(poll.running.slot, OTTER_SLOT_B);
    assert_true(poll.running.confirmed && poll.fresh && poll.stale && poll.has_last && poll.last.has_bytes);
    assert_int_equal(poll.epoch, 2);
    assert_int_equal(poll.sequence, 3);
    assert_int_equal(poll.root, 4);
    assert_int_equal(poll.nonce[15], 15);
    assert_int_equal(poll.ram, 65536);
    assert_int_equal(poll.covers, 4000);
    assert_int_equal(poll.refused, OTTER_OFFER_NONCE);
    assert_string_equal(poll.refused_name, "offer-nonce");
    assert_int_equal(poll.last.reason, OTTER_IMAGE_DIGEST);
    assert_string_equal(poll.last.detail, "x");
    assert_int_equal(otter_poll_encode(&poll, out, sizeof(out)), strlen(poll_text));
    assert_string_equal(out, poll_text);
}

static void what_is_optional_may_be_absent(void **state)
{
    struct otter_poll poll;
    char text[OTTER_POLL_MAX];
    char out[OTTER_POLL_MAX];
    size_t len =
        replaced(poll_text, "\"fresh\":1,\"stale\":1,\"refused\":\"offer-nonce\",", "", text, sizeof(text));

    (void)state;
    strcpy(strstr(text, ",\"last\""), "}");
    len = strlen(text);
    assert_int_equal(otter_poll_decode(text, len, &poll, NULL), OTTER_OK);
    assert_false(poll.fresh || poll.stale || poll.has_last);
    assert_int_equal(poll.refused, OTTER_OK);
    assert_int_equal(otter_poll_encode(&poll, out, sizeof(out)), len);
    assert_string_equal(out, text);
}

static void a_report_comes_back_as_it_was(void **state)
{
    struct otter_running running;
    struct otter_report report;
    char device[OTTER_NAME_BUF];
    char out[OTTER_REPORT_MAX];

    (void)state;
    assert_int_equal(otter_report_decode(report_text, strlen(report_text), device, &running, &report, NULL),
                     OTTER_OK);
    assert_string_equal(device, "d:1");
    assert_int_equal(report.attempt, 111);
    assert_int_equal(report.step, 1);
    assert_int_equal(report.state, OTTER_UPDATE_DOWNLOADING);
    assert_int_equal(report.reason, OTTER_OK);
    assert_true(report.has_bytes && report.bytes == 0 && report.detail[0] == '\0');
    assert_int_equal(otter_report_encode(device, &running, &report, out, sizeof(out)), strlen(report_text));
    assert_string_equal(out, report_text);
}

/* A detail of quotes doubles: the largest bodies must fit their bounds, and the server must take them. */
static void the_largest_bodies_fit_their_bounds(void **state)
{
    struct otter_poll poll = {.epoch = OTTER_INT_MAX, .sequence = OTTER_INT_MAX, .root = OTTER_INT_MAX};
    struct otter_poll back;
    struct otter_running running;
    struct otter_report report;
    char device[OTTER_NAME_BUF];
    char out[OTTER_POLL_MAX + 1];
    int len;

    (void)state;
    memset(poll.device, 'd', OTTER_NAME_MAX);
    memset(poll.product, 'p', OTTER_NAME_MAX);
    memset(poll.hardware, 'h', OTTER_NAME_MAX);
    poll.running.version = (struct otter_version){255, 255, 65535, UINT32_MAX};
    poll.running.slot = OTTER_SLOT_ANY;
    poll.fresh = poll.stale = poll.has_last = true;
    poll.refused = OTTER_IDEMPOTENCY_REUSED;
    poll.ram = poll.covers = UINT32_MAX;
    poll.last = (struct otter_report){.attempt = OTTER_INT_MAX,
                                      .step = UINT32_MAX,
                                      .state = OTTER_UPDATE_DOWNLOADING,
                                      .reason = OTTER_IDEMPOTENCY_REUSED,
                                      .has_bytes = true,
                                      .bytes = OTTER_INT_MAX};
    memset(poll.last.detail, '"', OTTER_DETAIL_MAX);
    len = otter_poll_encode(&poll, out, sizeof(out));
    assert_in_range(len, 1, OTTER_POLL_MAX);
    assert_int_equal(otter_poll_decode(out, (size_t)len, &back, NULL), OTTER_OK);
    assert_string_equal(back.last.detail, poll.last.detail);
    len = otter_report_encode(poll.device, &poll.running, &poll.last, out, sizeof(out));
    assert_in_range(len, 1, OTTER_REPORT_MAX);
    assert_int_equal(otter_report_decode(out, (size_t)len, device, &running, &report, NULL), OTTER_OK);
    assert_int_equal(otter_report_encode(poll.device, &poll.running, &poll.last, out, (size_t)len), -1);
}

static void polls_out_of_shape_are_refused_with_the_place(void **state)
{
    static const struct {
        const char *find;
        const char *with;
        enum otter_status want;
        const char *at; /* where in the changed text; NULL: the start */
    } rows[] = {
        {"\"epoch\":2,", "", OTTER_MISSING_MEMBER, NULL},
        {"\"epoch\":2,", "\"epoch\":2,\"later\":{\"x\":[1]},", OTTER_OK, NULL},
        {"\"epoch\":2,", "\"epoch\":2,\"epoch\":2,", OTTER_DUPLICATE_MEMBER, "epoch\":2,\"seq"},
        {"\"epoch\":2,", "\"epoch\":2.0,", OTTER_BAD_VALUE, "2.0"},
        {"\"epoch\":2,", "\"epoch\":\"2\",", OTTER_BAD_VALUE, "2\",\"seq"},
        {"\"epoch\":2,", "\"epoch\":9007199254740992,", OTTER_BAD_VALUE, "90071"},
        {"\"sequence\":3", "\"sequence\":-3", OTTER_BAD_VALUE, "-3"},
        {"\"root\":4", "\"root\":4e0", OTTER_BAD_VALUE, "4e0"},
        {"\"d:1\"", "\"d 1\"", OTTER_BAD_VALUE, "d 1"},
        {"\"d:1\"", "\"d\\u003a1\"", OTTER_BAD_VALUE, "d\\"},
        {"\"p\"", "\"\"", OTTER_BAD_VALUE, "\",\"hardware"},
        {"\"h\"", "\"h:h\"", OTTER_BAD_VALUE, "h:h"},
        {"AAECAwQFBgcICQoLDA0ODw", "AAECAwQFBgcICQoLDA0ODx", OTTER_BAD_VALUE, "AAEC"},
        {"AAECAwQFBgcICQoLDA0ODw", "AAECAwQFBgcICQoLDA0OD", OTTER_BAD_VALUE, "AAEC"},
        {"\"fresh\":1", "\"fresh\":2", OTTER_BAD_VALUE, "2,\"stale"},
        {"\"stale\":1", "\"stale\":true", OTTER_BAD_VALUE, "true,\"refused"},
        {"\"stale\":1", "\"stale\":7", OTTER_BAD_VALUE, "7,\"refused"},
        {"\"offer-nonce\"", "\"\"", OTTER_BAD_VALUE, "\",\"caps"},
        {"\"offer-nonce\"", "\"a b\"", OTTER_BAD_VALUE, "a b"},
        {"\"offer-nonce\"", "7", OTTER_BAD_VALUE, "7,\"caps"},
        {"\"offer-nonce\"", "\"moon-phase\"", OTTER_OK, NULL},
        {"\"version\":\"1.2.3+4\"", "\"version\":\"1.2\"", OTTER_BAD_VALUE, "1.2\""},
        {"\"sha256\":\"01", "\"sha256\":\"0A", OTTER_BAD_VALUE, "0A01"},
        {"\"slot\":\"B\"", "\"slot\":\"C\"", OTTER_BAD_VALUE, "C\""},
        {"\"confirmed\":true", "\"confirmed\":1", OTTER_BAD_VALUE, "1},\"epoch"},
        {"\"confirmed\":true", "\"confirmed\":false", OTTER_OK, NULL},
        {"\"ram\":65536,", "", OTTER_MISSING_MEMBER, "{\"covers"},
        {"\"ram\":65536", "\"ram\":4294967296", OTTER_BAD_VALUE, "4294967296"},
        {"\"step\":2", "\"step\":0", OTTER_BAD_VALUE, "0,\"state"},
        {"\"attempt\":111", "\"attempt\":0", OTTER_BAD_VALUE, "0,\"step"},
        {"\"failed\"", "\"lost\"", OTTER_BAD_VALUE, "lost"},
        {"\"image-digest\"", "\"bad-luck\"", OTTER_OK, NULL},
        {"\"image-digest\"", "\"bad luck\"", OTTER_BAD_VALUE, "bad luck"},
        {"\"image-digest\"", "\"\"", OTTER_BAD_VALUE, "\",\"detail"},
        {"\"bytes\":9", "\"bytes\":-9", OTTER_BAD_VALUE, "-9"},
        {"\"bytes\":9}", "\"bytes\":9", OTTER_BAD_JSON, ""},
        {"\"bytes\":9}}", "\"bytes\":9}},", OTTER_BAD_JSON, ","},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct otter_poll poll;
        char text[OTTER_POLL_MAX];
        size_t len = replaced(poll_text, rows[i].find, rows[i].with, text, sizeof(text));
        size_t at = 0;
        size_t want_at = 0;

        check_status(rows[i].with, otter_poll_decode(text, len, &poll, &at), rows[i].want);
        if (rows[i].want == OTTER_BAD_JSON)
            want_at = len - strlen(rows[i].at);
        else if (rows[i].at != NULL)
            want_at = (size_t)(strstr(text, rows[i].at) - text);
        if (at != want_at)
            fail_msg("%s: at %zu, not %zu", rows[i].with, at, want_at);
    }
}

/* What a newer device says must not be lost for a name. */
static void an_unknown_refusal_is_other_and_keeps_its_name(void **state)
{
    static const struct {
        const char *find, *with, *detail;
    } rows[] = {
        {"\"image-digest\",\"detail\":\"x\"", "\"moon-phase\"", "moon-phase"},
        {"\"image-digest\"", "\"moon-phase\"", "x"}, /* the device's own words come first */
    };
    struct otter_poll poll;
    char text[OTTER_POLL_MAX];
    size_t len;

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        len = replaced(poll_text, rows[i].find, rows[i].with, text, sizeof(text));
        check_status(rows[i].with, otter_poll_decode(text, len, &poll, NULL), OTTER_OK);
        assert_int_equal(poll.last.reason, OTTER_OTHER);
        assert_string_equal(poll.last.detail, rows[i].detail);
    }
    len = replaced(poll_text, "\"offer-nonce\"", "\"moon-phase\"", text, sizeof(text));
    check_status("refused", otter_poll_decode(text, len, &poll, NULL), OTTER_OK);
    assert_int_equal(poll.refused, OTTER_OTHER);
    assert_string_equal(poll.refused_name, "moon-phase");
}

static void reports_out_of_shape_are_refused(void **state)
{
    static const struct {
        const char *find;
        const char *with;
        enum otter_status want;
    } rows[] = {
        {"\"device\":\"d:1\",", "", OTTER_MISSING_MEMBER},
        {"\"d:1\"", "\"\"", OTTER_BAD_VALUE},
        {"\"attempt\":111,", "", OTTER_MISSING_MEMBER},
        {"\"step\":1", "\"step\":4294967296", OTTER_BAD_VALUE},
        {"\"step\":1", "\"step\":4294967295", OTTER_OK},
        {"\"running\":{", "\"running\":[],\"x\":{", OTTER_BAD_VALUE},
        {"\"version\"", "\"versions\"", OTTER_MISSING_MEMBER},
        {"\"bytes\":0", "\"later\":0", OTTER_OK},
        {"{\"device\"", "[\"device\"", OTTER_BAD_JSON},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct otter_running running;
        struct otter_report report;
        char device[OTTER_NAME_BUF] = "before";
        char text[OTTER_REPORT_MAX];
        size_t len = replaced(report_text, rows[i].find, rows[i].with, text, sizeof(text));
        size_t at = 0;

        check_status(rows[i].with, otter_report_decode(text, len, device, &running, &report, &at),
                     rows[i].want);
        if (rows[i].want != OTTER_OK)
            assert_string_equal(device, "before");
    }
}

static void bodies_over_their_bound_are_refused_unread(void **state)
{
    static char text[OTTER_POLL_MAX + 1];
    struct otter_poll poll;
    struct otter_running running;
    struct otter_report report;
    char device[OTTER_NAME_BUF];
    size_t at = 0;

    (void)state;
    memset(text, ' ', sizeof(text));
    memcpy(text, poll_text, strlen(poll_text));
    assert_int_equal(otter_poll_decode(text, OTTER_POLL_MAX, &poll, &at), OTTER_OK);
    assert_int_equal(otter_poll_decode(text, OTTER_POLL_MAX + 1, &poll, &at), OTTER_TOO_LARGE);
    assert_int_equal(at, OTTER_POLL_MAX);
    memset(text, ' ', sizeof(text));
    memcpy(text, report_text, strlen(report_text));
    assert_int_equal(otter_report_decode(text, OTTER_REPORT_MAX, device, &running, &report, &at), OTTER_OK);
    assert_int_equal(otter_report_decode(text, OTTER_REPORT_MAX + 1, device, &running, &report, &at),
                     OTTER_TOO_LARGE);
}

static void a_long_detail_is_cut_not_refused(void **state)
{
    struct otter_running running;
    struct otter_report report;
    char device[OTTER_NAME_BUF];
    char detail[400] = "\"detail\":\"";
    char text[OTTER_REPORT_MAX];
    size_t len;

    (void)state;
    memset(detail + strlen(detail), 'd', 300);
    strcat(detail, "\",\"bytes\"");
    len = replaced(report_text, "\"bytes\"", detail, text, sizeof(text));
    assert_int_equal(otter_report_decode(text, len, device, &running, &report, NULL), OTTER_OK);
    assert_int_equal(strlen(report.detail), OTTER_DETAIL_MAX);
}

static void the_reply_to_a_report_says_yes_or_no(void **state)
{
    static const struct {
        const char *text;
        bool ok;
        bool want;
    } rows[] = {
        {"{\"continue\":true}", true, true},
        {"{\"continue\":false}", true, false},
        {"{\"continue\":1}", false, false},
        {"{}", false, false},
        {"", false, false},
        {"true", false, false},
        {"{\"continue\":null}", false, false},
        {"{\"continue\":true,\"x\":0}", true, true},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        bool go = !rows[i].want;
        bool ok = otter_report_reply_decode(rows[i].text, strlen(rows[i].text), &go);

        check_true(rows[i].text, ok == rows[i].ok && go == (ok ? rows[i].want : !rows[i].want));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_poll_comes_back_as_it_was),
        cmocka_unit_test(what_is_optional_may_be_absent),
        cmocka_unit_test(a_report_comes_back_as_it_was),
        cmocka_unit_test(the_largest_bodies_fit_their_bounds),
        cmocka_unit_test(polls_out_of_shape_are_refused_with_the_place),
        cmocka_unit_test(an_unknown_refusal_is_other_and_keeps_its_name),
        cmocka_unit_test(reports_out_of_shape_are_refused),
        cmocka_unit_test(bodies_over_their_bound_are_refused_unread),
        cmocka_unit_test(a_long_detail_is_cut_not_refused),
        cmocka_unit_test(the_reply_to_a_report_says_yes_or_no),
    };

    return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
