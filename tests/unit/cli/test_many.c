/* Lists of many pages, changes of many devices, waiting: against a scripted server. */
#include "served.h"

#include "core/bytes.h"
#include "host/cleanup.h"
#include "host/file.h"

#define JSON    "\r\nContent-Type: application/json\r\n"
#define PROBLEM "\r\nContent-Type: application/problem+json\r\n"
#define OK      "200 OK" JSON

static const struct stub_reply two_pages[] = {
    {"GET /api/v1/devices?limit=1000 HTTP", OK, "{\"items\":[{\"id\":\"a\",\"tags\":[]}],\"next\":\"c\"}"},
    {"GET /api/v1/devices?limit=1000&cursor=c HTTP", OK,
     "{\"items\":[{\"id\":\"b\",\"tags\":[\"x\",\"y\"]}],\"next\":null}"},
    {NULL, NULL, NULL}};

static void test_pages_of_csv_have_one_heading(void **state)
{
    (void)state;
    assert_int_equal(ask(two_pages, "device list --all --format csv --columns id,tags"), CLI_DONE);
    assert_string_equal(said_out, "id,tags\na,\nb,x;y\n");
    assert_int_equal(ask(two_pages, "device list --all --format jsonl"), CLI_DONE);
    assert_string_equal(said_out, "{\"id\":\"a\",\"tags\":[]}\n{\"id\":\"b\",\"tags\":[\"x\",\"y\"]}\n");
    assert_int_equal(stub_surprises(stub), 0);
}

/* The second page fails: what came is there, and the exit status tells that it is not all. */
static void test_a_page_is_written_before_the_next_is_asked_for(void **state)
{
    static const struct stub_reply broken[] = {
        {"GET /api/v1/devices?limit=1000 HTTP", OK, "{\"items\":[{\"id\":\"a\"}],\"next\":\"c\"}"},
        {"GET /api/v1/devices?limit=1000&cursor=c HTTP", "500 Oops" PROBLEM,
         "{\"code\":\"internal\",\"detail\":\"x\"}"},
        {NULL, NULL, NULL}};

    (void)state;
    assert_int_equal(ask(broken, "device list --all --format csv --columns id"), CLI_UNREACHABLE);
    assert_string_equal(said_out, "id\na\n");
    assert_int_equal(ask(broken, "device list --all --columns id"), CLI_UNREACHABLE);
    assert_string_equal(said_out, "");
}

static void test_a_list_that_does_not_end_is_left(void **state)
{
    static const struct stub_reply same[] = {
        {"GET /api/v1/devices?limit=1000 HTTP", OK, "{\"items\":[{\"id\":\"a\"}],\"next\":\"c\"}"},
        {"GET /api/v1/devices?limit=1000&cursor=c HTTP", OK, "{\"items\":[{\"id\":\"a\"}],\"next\":\"c\"}"},
        {NULL, NULL, NULL}};

    (void)state;
    assert_int_equal(ask(same, "device list --all"), CLI_UNREACHABLE);
    assert_non_null(strstr(said_err, "the same page twice"));
    assert_int_equal(stub_surprises(stub), 0);
}

static void test_a_limit_over_a_page_takes_several(void **state)
{
    static const struct stub_reply pages[] = {{"GET /api/v1/devices?limit=1000&sort=-last_seen HTTP", OK,
                                               "{\"items\":[{\"id\":\"a\"}],\"next\":\"1\"}"},
                                              {"GET /api/v1/devices?limit=500&sort=-last_seen&cursor=1 HTTP",
                                               OK, "{\"items\":[{\"id\":\"b\"}],\"next\":\"2\"}"},
                                              {NULL, NULL, NULL}};

    (void)state;
    assert_int_equal(ask(pages, "device list --limit 1500 --sort=-Last_Seen --json"), CLI_DONE);
    assert_string_equal(said_out, "{\"items\":[{\"id\":\"a\"},{\"id\":\"b\"}]}\n");
    assert_non_null(strstr(said_err, "There are more"));
    assert_int_equal(stub_surprises(stub), 0);
}

static void test_wrong_words_of_a_list_are_refused_before_anything_is_asked(void **state)
{
    static const struct stub_reply none[] = {{NULL, NULL, NULL}};
    static const char *const lines[] = {"device list --columns colour",
                                        "device list --all --limit 5",
                                        "device list --limit x",
                                        "rollout list --columns colour",
                                        "release list --columns id,colour",
                                        "root list --columns colour",
                                        "image-key list --columns colour",
                                        "rollout attempts 7 --columns colour",
                                        "device timeline d --columns x",
                                        "device list --json --columns x",
                                        "device list --limit 0"};

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(lines); i++) {
        assert_int_equal(ask(none, lines[i]), CLI_USAGE);
        assert_null(stub_request(stub, 0));
    }
}

static void test_a_bad_filter_is_marked_at_its_place(void **state)
{
    static const struct stub_reply replies[] = {
        {"GET /api/v1/devices?limit=100&filter=tag%3Dred HTTP", "400 Bad" PROBLEM,
         "{\"code\":\"bad-target\",\"detail\":\"expected ==\",\"at\":3}"},
        {NULL, NULL, NULL}};

    (void)state;
    assert_int_equal(ask(replies, "device list --filter tag=red"), CLI_REFUSED);
    assert_non_null(strstr(said_err, "  tag=red\n     ^\n"));
    assert_int_equal(stub_surprises(stub), 0);
}

#define DONE "{\"matched\":3,\"changed\":2,\"errors\":[]}"

static void test_each_verb_sends_its_change(void **state)
{
    static const struct {
        const char *line, *request, *body;
    } rows[] = {
        {"device tag a b --add x --add y --remove z", "POST /api/v1/devices/label HTTP",
         "{\"add_tags\":[\"x\",\"y\"],\"remove_tags\":[\"z\"],\"ids\":[\"a\",\"b\"]}"},
        {"device set a k=v b gone=", "POST /api/v1/devices/label HTTP",
         "{\"attributes\":{\"k\":\"v\",\"gone\":null},\"ids\":[\"a\",\"b\"]}"},
        {"device set k=a=b --target all", "POST /api/v1/devices/label HTTP",
         "{\"attributes\":{\"k\":\"a=b\"},\"target\":\"all\"}"},
        {"device hold a --reason fire", "POST /api/v1/devices/hold HTTP",
         "{\"reason\":\"fire\",\"ids\":[\"a\"]}"},
        {"device unhold --target all --dry-run", "POST /api/v1/devices/unhold?dry_run=1 HTTP",
         "{\"target\":\"all\"}"},
        {"device unpin a", "POST /api/v1/devices/unpin HTTP", "{\"ids\":[\"a\"]}"},
        {"device pin a --release "
         "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
         "POST /api/v1/devices/pin HTTP",
         "{\"release\":\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\",\"ids\":[\"a\"]"
         "}"},
        {"device retry a", "POST /api/v1/devices/retry HTTP", "{\"ids\":[\"a\"]}"},
        {"device retry a --rollout 7", "POST /api/v1/devices/retry HTTP", "{\"rollout\":7,\"ids\":[\"a\"]}"},
        {"device retire a --reason old", "POST /api/v1/devices/retire HTTP",
         "{\"reason\":\"old\",\"ids\":[\"a\"]}"},
        {"device retire --target all --yes --reason old", "POST /api/v1/devices/retire HTTP",
         "{\"reason\":\"old\",\"target\":\"all\"}"},
        {"device reinstate a", "POST /api/v1/devices/reinstate HTTP", "{\"ids\":[\"a\"]}"},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        const struct stub_reply replies[] = {{rows[i].request, OK, DONE}, {NULL, NULL, NULL}};

        assert_int_equal(ask(replies, rows[i].line), CLI_DONE);
        assert_int_equal(stub_surprises(stub), 0);
        assert_non_null(strstr(stub_request(stub, 0), rows[i].body));
        assert_non_null(strstr(stub_request(stub, 0), "\r\nIdempotency-Key: "));
        assert_int_equal(strncmp(said_out, "3 matched, 2 ", 13), 0);
        assert_int_equal(strstr(said_out, "would be") != NULL, strstr(rows[i].line, "--dry-run") != NULL);
    }
}

static void test_changes_that_are_not_meant_are_not_sent(void **state)
{
    static const struct {
        const char *line, *says;
    } rows[] = {
        {"device hold", "ID... or --target EXPR is missing"},
        {"device hold a --target all", "do not go together"},
        {"device hold a/b", "\"a/b\" is no device id"},
        {"device retire --target all --filter id==a --yes --reason x", "--filter is of lists"},
        {"device hold --all", "--all is of lists"},
        {"device tag a", "--add TAG or --remove TAG"},
        {"device set a", "NAME=VALUE is missing"},
        {"device set a =v", "expected NAME=VALUE"},
        {"device set k=v", "ID... or --target EXPR is missing"},
        {"device pin a", "--release R is missing"},
        {"device retire a", "--reason TEXT is missing"},
        {"device retire --target all --reason x", "give --yes"},
        {"device retry a --rollout x", "no rollout's number"},
        {"server gc --keep 0", "--keep 0"},
        {"server gc", "--keep N is missing"},
        {"server freeze", "--reason TEXT is missing"},
        {"server backup here/there", "expected a whole path on the server's machine, such as /"},
        {"release withdraw 1.0.0", "--reason TEXT is missing"},
        {"rollout wait 7", "--until WHAT is missing"},
        {"rollout wait 7 --until later", "expected complete or phase=N"},
        {"rollout wait 7 --until complete --timeout 5", "--timeout 5"},
        {"device export --json", "the export is CSV"},
    };
    static const struct stub_reply none[] = {{NULL, NULL, NULL}};

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        assert_int_equal(ask(none, rows[i].line), CLI_USAGE);
        assert_non_null(strstr(said_err, rows[i].says));
        assert_null(stub_request(stub, 0));
    }
}

static void test_refused_devices_are_named(void **state)
{
    static const struct stub_reply replies[] = {{"POST /api/v1/devices/hold HTTP", OK,
                                                 "{\"matched\":1,\"changed\":1,\"errors\":[{\"id\":\"zz\","
                                                 "\"code\":\"not-found\",\"detail\":\"no such "
                                                 "device\"}]}"},
                                                {NULL, NULL, NULL}};

    (void)state;
    assert_int_equal(ask(replies, "device hold a zz"), CLI_REFUSED);
    assert_non_null(strstr(said_err, "zz: not-found: no such device"));
    assert_string_equal(said_out, "1 matched, 1 held\n");
    assert_int_equal(ask(replies, "device hold a zz --json"), CLI_REFUSED);
    assert_non_null(strstr(said_out, "\"errors\":[{\"id\":\"zz\""));
}

static void test_a_thousand_ids_are_one_request(void **state)
{
    static const struct stub_reply replies[] = {
        {"POST /api/v1/devices/hold HTTP", OK, "{\"matched\":1000,\"changed\":1000,\"errors\":[]}"},
        {"POST /api/v1/devices/hold HTTP", OK, "{\"matched\":1,\"changed\":0,\"errors\":[]}"},
        {NULL, NULL, NULL}};
    char *argv[1005], words[1001][8], name[] = "otter", device[] = "device", hold[] = "hold";
    char *out_text = NULL;
    size_t len;
    FILE *out = open_memstream(&out_text, &len), *err = fopen("/dev/null", "w");
    int argc = 0;

    (void)state;
    ask(replies, "--version");
    argv[argc++] = name;
    argv[argc++] = device;
    argv[argc++] = hold;
    for (int i = 0; i < 1001; i++) {
        snprintf(words[i], sizeof(words[i]), "d%d", i);
        argv[argc++] = words[i];
    }
    argv[argc] = NULL;
    assert_int_equal(cli_main(argc, argv, out, err), CLI_DONE);
    fclose(out);
    fclose(err);
    assert_string_equal(out_text, "1001 matched, 1000 held\n");
    assert_non_null(strstr(stub_request(stub, 0), "\"d999\"]"));
    assert_non_null(strstr(stub_request(stub, 1), "[\"d1000\"]"));
    free(out_text);
}

#define HEX64 "0000000000000000000000000000000000000000000000000000000000000000"

static void test_an_import_names_lines_and_sends_nothing_of_a_bad_file(void **state)
{
    static const char bad[] = "id,tags\na,x\nb/c,\nd,!\na,y\n";
    static const char good[] = "id,attr.note\r\na,\"x\r\ny\"\r\n";
    static const char fine[] = "id,product,hardware,secret,tags\na,p,h," HEX64 ",x\n\nb,,,,\n";
    static const struct stub_reply none[] = {{NULL, NULL, NULL}};
    static const struct stub_reply replies[] = {
        {"POST /api/v1/devices/import HTTP", OK,
         "{\"created\":1,\"updated\":0,\"unchanged\":0,\"errors\":[{\"index\":1,\"id\":\"b\",\"code\":"
         "\"missing-member\",\"detail\":\"a new device needs product\"}]}"},
        {NULL, NULL, NULL}};

    (void)state;
    write_file("bad.csv", bad, strlen(bad));
    assert_int_equal(ask(none, "device import bad.csv"), CLI_REFUSED);
    assert_non_null(strstr(said_err, "bad.csv:3: id: no device id"));
    assert_non_null(strstr(said_err, "bad.csv:4: tags: "));
    assert_non_null(strstr(said_err, "bad.csv:5: id: a stands in line 2, too"));
    assert_non_null(strstr(said_err, "3 mistakes in bad.csv: nothing was sent"));
    assert_null(stub_request(stub, 0));
    write_file("bad.csv", good, strlen(good));
    assert_int_equal(ask(none, "device import bad.csv"), CLI_REFUSED);
    assert_non_null(strstr(said_err, "bad.csv:2: attr.note: a line feed"));
    write_file("fine.csv", fine, strlen(fine));
    assert_int_equal(ask(replies, "device import fine.csv"), CLI_REFUSED);
    assert_non_null(strstr(said_err, "fine.csv:4: b: missing-member: a new device needs product"));
    assert_string_equal(said_out, "1 created, 0 updated, 0 unchanged, 1 errors\n");
    assert_int_equal(stub_surprises(stub), 0);
    assert_int_equal(ask(none, "device import none.csv"), CLI_FILE);
}

static void test_an_import_sends_a_thousand_at_a_time(void **state)
{
    static const struct stub_reply replies[] = {
        {"POST /api/v1/devices/import?dry_run=1 HTTP", OK,
         "{\"created\":0,\"updated\":1000,\"unchanged\":0,\"errors\":[]}"},
        {"POST /api/v1/devices/import?dry_run=1 HTTP", OK,
         "{\"created\":0,\"updated\":0,\"unchanged\":1,\"errors\":[]}"},
        {NULL, NULL, NULL}};
    FILE *f = fopen("many.csv", "w");

    (void)state;
    fputs("id,tags\n", f);
    for (int i = 0; i < 1001; i++)
        fprintf(f, "d%d,x\n", i);
    fclose(f);
    assert_int_equal(ask(replies, "device import many.csv --dry-run"), CLI_DONE);
    assert_string_equal(said_out,
                        "dry run, nothing was changed: 0 created, 1000 updated, 1 unchanged, 0 errors\n");
    assert_non_null(strstr(stub_request(stub, 0), "\"d999\",\"tags\":[\"x\"]}]}"));
    assert_non_null(strstr(stub_request(stub, 1), "{\"items\":[{\"id\":\"d1000\""));
    assert_int_equal(stub_surprises(stub), 0);
}

#define DEVICE(id, labels)                                                                                   \
    "{\"id\":\"" id "\",\"product\":\"p\",\"hardware\":\"h\",\"tags\":[\"a\",\"b\"],\"attributes\":{"        \
    "\"own\":\"1\"},\"operator_attributes\":" labels "}"

static void test_an_export_has_a_column_for_each_attribute_of_operators(void **state)
{
    static const struct stub_reply replies[] = {
        {"GET /api/v1/devices?limit=1000&filter=all HTTP", OK,
         "{\"items\":[" DEVICE("d1", "{\"z\":\"=cmd\",\"m\":\"a,\\\"b\"}") "],\"next\":\"1\"}"},
        {"GET /api/v1/devices?limit=1000&filter=all&cursor=1 HTTP", OK,
         "{\"items\":[" DEVICE("d2", "{\"b\":\"\"}") "],\"next\":null}"},
        {NULL, NULL, NULL}};
    static const char csv[] = "id,product,hardware,tags,attr.b,attr.m,attr.z\n"
                              "d1,p,h,a;b,,\"a,\"\"b\",=cmd\n"
                              "d2,p,h,a;b,\"\",,\n";
    auto_free char *text = NULL;
    size_t len;

    (void)state;
    assert_int_equal(ask(replies, "device export --filter all"), CLI_DONE);
    assert_string_equal(said_out, csv);
    assert_int_equal(ask(replies, "device export --filter all --out f.csv"), CLI_DONE);
    assert_true(host_file_read("f.csv", 4096, &text, &len, NULL));
    assert_string_equal(text, csv);
    assert_int_equal(stub_surprises(stub), 0);
}

#define ROLLOUT(state) "{\"id\":7,\"state\":\"" state "\",\"phase\":1,\"phases\":[{\"state\":\"open\"}]}"

static void test_waiting_outlives_a_server_that_is_busy_or_hangs_up(void **state)
{
    static const struct stub_reply replies[] = {
        {"GET /api/v1/rollouts/7 HTTP", OK, ROLLOUT("running")},
        {"GET /api/v1/rollouts/7 HTTP", "503 Busy" PROBLEM, "{\"code\":\"too-busy\",\"detail\":\"later\"}"},
        {"GET /api/v1/rollouts/7 HTTP", NULL, NULL},
        {"GET /api/v1/rollouts/7 HTTP", OK, ROLLOUT("complete")},
        {NULL, NULL, NULL}};

    (void)state;
    assert_int_equal(ask(replies, "rollout wait 7 --until complete --timeout 10m"), CLI_DONE);
    assert_non_null(strstr(said_out, "Z running phase 1/1"));
    assert_non_null(strstr(said_out, "too-busy: later; asking again"));
    assert_non_null(strstr(said_out, "Z complete phase 1/1"));
    assert_string_equal(said_err, "");
    assert_int_equal(stub_surprises(stub), 0);
}

static void test_waiting_ends_with_a_status_for_each_end(void **state)
{
    static const struct {
        const char *reply, *body, *until;
        int code;
        const char *says;
    } rows[] = {
        {OK, ROLLOUT("aborted"), "complete", CLI_REFUSED, "the rollout is aborted"},
        {OK, ROLLOUT("halted"), "complete", CLI_REFUSED, "the rollout is halted\nAn operator must decide"},
        {OK, ROLLOUT("running"), "phase=2", CLI_REFUSED, "has 1 phases, no phase 2"},
        {OK, ROLLOUT("running"), "complete", CLI_NOT_IN_TIME, "not in time; the rollout goes on"},
        {"404 Not Found" PROBLEM, "{\"code\":\"not-found\",\"detail\":\"none\"}", "complete", CLI_REFUSED,
         "not-found"},
        {"401 No" PROBLEM, "{\"code\":\"unauthorized\",\"detail\":\"no\"}", "complete", CLI_UNAUTHORIZED,
         "unauthorized"},
        {"500 No" PROBLEM, "{\"code\":\"internal\",\"detail\":\"no\"}", "complete", CLI_UNREACHABLE,
         "the server cannot be reached"},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        /* The script ends with 500s: those that go on asking get them, so the same reply is there a few
         * times. */
        const struct stub_reply one = {"GET /api/v1/rollouts/7 HTTP", rows[i].reply, rows[i].body};
        const struct stub_reply replies[] = {one, one, one, one, one, one, {NULL, NULL, NULL}};
        char line[96];

        snprintf(line, sizeof(line), "rollout wait 7 --until %s --timeout 1s", rows[i].until);
        assert_int_equal(ask(replies, line), rows[i].code);
        assert_non_null(strstr(said_err, rows[i].says));
    }
}

static void test_a_silent_server_does_not_outlast_the_timeout(void **state)
{
    (void)state;
    setenv("OTTER_SERVER", "http://127.0.0.1:9", 1);
    assert_int_equal(run("rollout wait 7 --until complete --timeout 1s"), CLI_UNREACHABLE);
    assert_non_null(strstr(said_out, "; asking again"));
    assert_non_null(strstr(said_err, "not in time, and the server cannot be reached"));
}

static void test_the_servers_own_verbs_send_what_they_say(void **state)
{
    static const struct {
        const char *line, *request, *body, *reply, *says;
    } rows[] = {
        {"server freeze --reason fire", "POST /api/v1/server/freeze HTTP", "{\"reason\":\"fire\"}",
         "{\"frozen\":{\"reason\":\"fire\",\"since\":0}}", "FROZEN since 1970-01-01T00:00:00Z: fire"},
        {"server unfreeze --dry-run", "POST /api/v1/server/unfreeze?dry_run=1 HTTP", "{}",
         "{\"frozen\":null}", "dry run: nothing was changed; it would be:\nNot frozen"},
        {"server gc --keep 3 --orphans-older-than 7d", "POST /api/v1/server/gc HTTP",
         "{\"keep\":3,\"orphans_older_than\":604800}",
         "{\"releases\":[{\"id\":\"abc\",\"product\":\"p\",\"version\":\"1.0.0\"}],\"blobs\":2,\"bytes\":"
         "2048,"
         "\"uploads\":1,\"kept\":{\"newest\":3,\"pin\":0}}",
         "gone: 2 blobs of 2.0 KiB, of 1 releases, and 1 old uploads\nkept: 3 newest\n"},
        {"server backup /var/b", "POST /api/v1/server/backup HTTP", "{\"dir\":\"/var/b\"}",
         "{\"dir\":\"/var/b\",\"database_bytes\":1,\"blobs\":2}", "/var/b"},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        const struct stub_reply replies[] = {{rows[i].request, OK, rows[i].reply}, {NULL, NULL, NULL}};

        assert_int_equal(ask(replies, rows[i].line), CLI_DONE);
        assert_int_equal(stub_surprises(stub), 0);
        assert_non_null(strstr(stub_request(stub, 0), rows[i].body));
        assert_non_null(strstr(said_out, rows[i].says));
    }
}

int main(void)
{
#define FRESH(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave)
    const struct CMUnitTest tests[] = {
        FRESH(test_pages_of_csv_have_one_heading),
        FRESH(test_a_page_is_written_before_the_next_is_asked_for),
        FRESH(test_a_list_that_does_not_end_is_left),
        FRESH(test_a_limit_over_a_page_takes_several),
        FRESH(test_wrong_words_of_a_list_are_refused_before_anything_is_asked),
        FRESH(test_a_bad_filter_is_marked_at_its_place),
        FRESH(test_each_verb_sends_its_change),
        FRESH(test_changes_that_are_not_meant_are_not_sent),
        FRESH(test_refused_devices_are_named),
        FRESH(test_a_thousand_ids_are_one_request),
        FRESH(test_an_import_names_lines_and_sends_nothing_of_a_bad_file),
        FRESH(test_an_import_sends_a_thousand_at_a_time),
        FRESH(test_an_export_has_a_column_for_each_attribute_of_operators),
        FRESH(test_waiting_outlives_a_server_that_is_busy_or_hangs_up),
        FRESH(test_waiting_ends_with_a_status_for_each_end),
        FRESH(test_a_silent_server_does_not_outlast_the_timeout),
        FRESH(test_the_servers_own_verbs_send_what_they_say),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
