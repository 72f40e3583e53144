#include "served.h"

#include "core/bytes.h"
#include "host/cleanup.h"
#include "host/file.h"

#define ID       "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define RELEASES "{\"items\":[{\"id\":\"" ID "\",\"product\":\"cam\",\"version\":\"1.0.0\"}],\"next\":null}"
#define JSON     "\r\nContent-Type: application/json\r\n"
#define PROBLEM  "\r\nContent-Type: application/problem+json\r\n"

static void test_json_is_the_body_unchanged(void **state)
{
    static const struct stub_reply replies[] = {
        {"GET /api/v1/status HTTP", "200 OK" JSON, "{ \"version\" : \"9\",  \"new\":[1]}"},
        {NULL, NULL, NULL}};

    (void)state;
    assert_int_equal(ask(replies, "server status --json"), CLI_DONE);
    assert_string_equal(said_out, "{ \"version\" : \"9\",  \"new\":[1]}\n");
    assert_non_null(strstr(stub_request(stub, 0), "Authorization: Bearer " SERVED_TOKEN "\r\n"));
    assert_int_equal(stub_surprises(stub), 0);
}

static void test_all_follows_next(void **state)
{
    static const struct stub_reply replies[] = {
        {"GET /api/v1/devices?limit=1000&filter=tag%20%3D%3D%20a HTTP", "200 OK" JSON,
         "{\"items\":[{\"id\":\"a\"}],\"next\":\"c/1\"}"},
        {"GET /api/v1/devices?limit=1000&filter=tag%20%3D%3D%20a&cursor=c%2F1 HTTP", "200 OK" JSON,
         "{\"items\":[{\"id\":\"b\"}],\"next\":null}"},
        {NULL, NULL, NULL}};
    char name[] = "otter", device[] = "device", list[] = "list", all[] = "--all", json[] = "--json",
         filter[] = "--filter";
    char expression[] = "tag == a";
    char *argv[] = {name, device, list, all, json, filter, expression, NULL};
    FILE *err = fopen("/dev/null", "w");
    char *text = NULL;
    size_t len;
    FILE *out;

    (void)state;
    serve(replies);
    out = open_memstream(&text, &len);
    assert_int_equal(cli_main(7, argv, out, err), CLI_DONE);
    fclose(out);
    fclose(err);
    assert_string_equal(text, "{\"items\":[{\"id\":\"a\"},{\"id\":\"b\"}],\"next\":null}\n");
    free(text);
    assert_int_equal(stub_surprises(stub), 0);
}

static void test_problems_become_words_and_exit_statuses(void **state)
{
    static const struct {
        const char *status, *body;
        int code;
        const char *says;
    } rows[] = {
        {"401 Unauthorized" PROBLEM, "{\"code\":\"unauthorized\",\"detail\":\"no token\"}", CLI_UNAUTHORIZED,
         "--token-file"},
        {"403 Forbidden" PROBLEM, "{\"code\":\"forbidden\",\"detail\":\"a device's\"}", CLI_UNAUTHORIZED,
         "forbidden: a device's"},
        {"404 Not Found" PROBLEM, "{\"code\":\"not-found\",\"detail\":\"no device x\"}", CLI_REFUSED,
         "not-found: no device x"},
        {"500 Oops\r\n", "boom", CLI_UNREACHABLE, "the server answered 500"},
        {"503 Busy" PROBLEM, "{\"code\":\"no-root\",\"detail\":\"none\"}", CLI_UNREACHABLE,
         "otter root publish"},
        {"200 OK\r\n", "<html>", CLI_UNREACHABLE, "Is this an otterd?"},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        const struct stub_reply replies[] = {{"GET /api/v1/devices", rows[i].status, rows[i].body},
                                             {NULL, NULL, NULL}};

        assert_int_equal(ask(replies, "device list"), rows[i].code);
        assert_non_null(strstr(said_err, rows[i].says));
        assert_int_equal(stub_surprises(stub), 0);
    }
}

static void test_a_rollout_is_created_from_a_reference(void **state)
{
    static const struct stub_reply replies[] = {
        {"GET /api/v1/releases?limit=1000 HTTP", "200 OK" JSON, RELEASES},
        {"POST /api/v1/rollouts?dry_run=1 HTTP", "201 Created" JSON,
         "{\"id\":1,\"state\":\"draft\",\"phases\":[]}"},
        {NULL, NULL, NULL}};

    (void)state;
    assert_int_equal(
        ask(replies, "rollout create --release cam@1.0.0 --target all --phases 5,100 --auto --dry-run"),
        CLI_DONE);
    assert_non_null(strstr(stub_request(stub, 1), "\r\nIdempotency-Key: "));
    assert_non_null(strstr(stub_request(stub, 1),
                           "{\"release\":\"" ID
                           "\",\"target\":\"all\",\"phases\":[{\"percent\":5,\"gate\":\"auto\"},"
                           "{\"percent\":100,\"gate\":\"auto\"}]}"));
    assert_int_equal(stub_surprises(stub), 0);
}

static void test_the_priority_is_one_that_the_server_takes(void **state)
{
    static const struct {
        const char *option, *sent; /* NULL: a usage error, nothing is sent */
    } rows[] = {{"--priority=-1000", "\"priority\":-1000"},
                {"--priority 1000", "\"priority\":1000"},
                {"--priority=-0", "\"priority\":0"},
                {"--priority 1001", NULL},
                {"--priority=-1001", NULL},
                {"--priority high", NULL},
                {"--priority=-", NULL},
                {"--priority=--1", NULL}};
    static const struct stub_reply made[] = {
        {"POST /api/v1/rollouts HTTP", "201 Created" JSON, "{\"id\":1,\"state\":\"draft\",\"phases\":[]}"},
        {NULL, NULL, NULL}};

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        char line[160];

        (void)snprintf(line, sizeof(line), "rollout create --release " ID " --target all %s", rows[i].option);
        assert_int_equal(ask(made, line), rows[i].sent ? CLI_DONE : CLI_USAGE);
        if (rows[i].sent)
            assert_non_null(strstr(stub_request(stub, 0), rows[i].sent));
        else
            assert_null(stub_request(stub, 0));
    }
}

static void test_a_bad_target_is_marked_at_its_place(void **state)
{
    static const struct stub_reply replies[] = {
        {"POST /api/v1/rollouts HTTP", "400 Bad" PROBLEM,
         "{\"code\":\"bad-target\",\"detail\":\"expected ==\",\"at\":3}"},
        {NULL, NULL, NULL}};

    (void)state;
    assert_int_equal(ask(replies, "rollout create --release " ID " --target tag=red"), CLI_REFUSED);
    assert_non_null(strstr(said_err, "  tag=red\n     ^\n"));
}

static void test_watching_ends_with_the_rollout(void **state)
{
    static const struct stub_reply complete[] = {
        {"GET /api/v1/rollouts/7?waiting=1 HTTP", "200 OK" JSON,
         "{\"id\":7,\"state\":\"complete\",\"phase\":1,\"phases\":[{}]}"},
        {NULL, NULL, NULL}};
    static const struct stub_reply aborted[] = {{"GET /api/v1/rollouts/7?waiting=1 HTTP", "200 OK" JSON,
                                                 "{\"id\":7,\"state\":\"aborted\",\"phases\":[]}"},
                                                {NULL, NULL, NULL}};
    static const struct stub_reply halted[] = {
        {"GET /api/v1/rollouts/7?waiting=1 HTTP", "200 OK" JSON,
         "{\"id\":7,\"state\":\"halted\",\"state_reason\":\"threshold: 3 of 8\",\"phases\":[]}"},
        {NULL, NULL, NULL}};
    static const struct stub_reply gone_for_a_while[] = {
        {"GET /api/v1/rollouts/7?waiting=1 HTTP", "200 OK" JSON,
         "{\"id\":7,\"state\":\"running\",\"phases\":[]}"},
        {"GET /api/v1/rollouts/7?waiting=1 HTTP", NULL, NULL},
        {"GET /api/v1/rollouts/7?waiting=1 HTTP", "200 OK" JSON,
         "{\"id\":7,\"state\":\"complete\",\"phases\":[]}"},
        {NULL, NULL, NULL}};
    static const struct stub_reply refused[] = {
        {"GET /api/v1/rollouts/7?waiting=1 HTTP", "200 OK" JSON,
         "{\"id\":7,\"state\":\"running\",\"phases\":[]}"},
        {"GET /api/v1/rollouts/7?waiting=1 HTTP", "401 Unauthorized" JSON, "{\"code\":\"unauthorized\"}"},
        {NULL, NULL, NULL}};
    static const struct stub_reply running[] = {{"GET /api/v1/rollouts/7?waiting=1 HTTP", "200 OK" JSON,
                                                 "{\"id\":7,\"state\":\"running\",\"phases\":[]}"},
                                                {NULL, NULL, NULL}};
    static const struct stub_reply none[] = {{NULL, NULL, NULL}};

    (void)state;
    assert_int_equal(ask(complete, "rollout status 7 --watch"), CLI_DONE);
    assert_int_equal(ask(aborted, "rollout status 7 --watch"), CLI_REFUSED);
    assert_int_equal(ask(running, "rollout status 7 --watch --interval 1h --timeout 1s"), CLI_NOT_IN_TIME);
    assert_int_equal(ask(halted, "rollout status 7 --watch"), CLI_REFUSED);
    assert_non_null(
        strstr(said_out, "halted phase 0/0: 0 of 0 finished; none offered yet; threshold: 3 of 8"));
    assert_int_equal(ask(gone_for_a_while, "rollout status 7 --watch --interval 1s"), CLI_DONE);
    assert_non_null(strstr(said_out, "asking again\n"));
    assert_string_equal(said_err, "");
    assert_int_equal(ask(refused, "rollout status 7 --watch --interval 1s"), CLI_UNAUTHORIZED);
    assert_int_equal(ask(none, "rollout status 7 --watch"), CLI_UNREACHABLE); /* the first answer is a 500 */
    assert_int_equal(run("rollout status seven"), CLI_USAGE);
    assert_int_equal(run("rollout status 7 --watch --interval 0s"), CLI_USAGE);
    assert_int_equal(run("rollout status 7 --interval 2s"), CLI_USAGE);
}

static void test_a_batch_names_who_was_refused(void **state)
{
    static const char csv[] = "id,product,hardware,secret,tags\n"
                              "a,cam,h,0000000000000000000000000000000000000000000000000000000000000000,x;y\n"
                              "b,cam,h,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA,\n";
    static const struct stub_reply replies[] = {{"POST /api/v1/devices/batch HTTP", "200 OK" JSON,
                                                 "{\"created\":1,\"unchanged\":0,\"errors\":[{\"index\":1,"
                                                 "\"code\":\"already-exists\",\"detail\":\"differs\"}]}"},
                                                {NULL, NULL, NULL}};

    (void)state;
    write_file("d.csv", csv, strlen(csv));
    assert_int_equal(ask(replies, "device enroll --from d.csv"), CLI_REFUSED);
    assert_non_null(strstr(said_err, "b: already-exists: differs"));
    assert_non_null(strstr(stub_request(stub, 0), "\"tags\":[\"x\",\"y\"]"));
    assert_null(strstr(stub_request(stub, 0), "\"tags\":[]"));
    write_file("d.csv", csv, strlen(csv) - 3);
    assert_int_equal(ask(replies + 1, "device enroll --from d.csv"), CLI_REFUSED);
    assert_int_equal(stub_surprises(stub), 0);
}

#define WORLD                                                                                                \
    "device provision --product cam --hardware h --root root.json --image-key i.key --url http://h --id "    \
    "one --out f.bin"

static void make_root(void)
{
    assert_int_equal(run("key new --out r.key"), CLI_DONE);
    assert_int_equal(run("key new --out s.key"), CLI_DONE);
    assert_int_equal(run("key new --out o.key"), CLI_DONE);
    assert_int_equal(run("key new --out i.key"), CLI_DONE);
    assert_int_equal(run("root new --root-key r.key --release-key s.key --offer-key o.key --out root.json"),
                     CLI_DONE);
    assert_int_equal(run("root sign root.json --key r.key"), CLI_DONE);
}

static void test_factory_data_of_a_refused_device_is_taken_back(void **state)
{
    static const struct stub_reply refused[] = {{"POST /api/v1/image-keys HTTP", "201 Created" JSON, "{}"},
                                                {"POST /api/v1/devices HTTP", "409 Conflict" PROBLEM,
                                                 "{\"code\":\"already-exists\",\"detail\":\"one exists\"}"},
                                                {NULL, NULL, NULL}};
    static const struct stub_reply broken[] = {{"POST /api/v1/image-keys HTTP", "200 OK" JSON, "{}"},
                                               {"POST /api/v1/devices HTTP", "500 Oops\r\n", NULL},
                                               {NULL, NULL, NULL}};
    static const struct stub_reply good[] = {
        {"POST /api/v1/devices/batch HTTP", "200 OK" JSON, "{\"created\":1,\"unchanged\":0,\"errors\":[]}"},
        {NULL, NULL, NULL}};

    (void)state;
    make_root();
    assert_int_equal(ask(refused, WORLD), CLI_REFUSED);
    assert_int_not_equal(access("f.bin", F_OK), 0);
    /* The server may have registered it before it failed: the only copy of the secret stays. */
    assert_int_equal(ask(broken, WORLD), CLI_UNREACHABLE);
    assert_int_equal(access("f.bin", F_OK), 0);
    assert_non_null(strstr(said_err, "otter device enroll f.bin"));
    assert_int_equal(ask(good, "device enroll f.bin"), CLI_DONE);
    assert_non_null(strstr(stub_request(stub, 0), "\"id\":\"one\""));
}

static void test_a_root_is_sent_only_where_it_follows(void **state)
{
    static const struct stub_reply empty[] = {
        {"GET /api/v1/roots", "200 OK" JSON, "{\"items\":[],\"next\":null}"}, {NULL, NULL, NULL}};
    static const struct stub_reply taken[] = {
        {"GET /api/v1/roots", "200 OK" JSON, "{\"items\":[],\"next\":null}"},
        {"POST /api/v1/roots HTTP", "201 Created" JSON, "{\"version\":1}"},
        {NULL, NULL, NULL}};

    auto_free char *root = NULL;
    size_t len;

    (void)state;
    make_root();
    assert_true(host_file_read("root.json", 8192, &root, &len, NULL));
    const struct stub_reply known[] = {
        {"GET /api/v1/roots?", "200 OK" JSON, "{\"items\":[{\"version\":1}],\"next\":null}"},
        {"GET /api/v1/roots/1 HTTP", "200 OK" JSON, root},
        {NULL, NULL, NULL}};

    assert_int_equal(ask(known, "root publish root.json"), CLI_DONE);
    assert_non_null(strstr(said_out, "published already"));
    assert_int_equal(stub_surprises(stub), 0);
    assert_int_equal(ask(taken, "root publish root.json"), CLI_DONE);
    assert_non_null(strstr(stub_request(stub, 1), "Content-Type: application/jose+json\r\n"));
    assert_int_equal(run("root new --from root.json --out two.json"), CLI_DONE);
    assert_int_equal(run("root sign two.json --key r.key"), CLI_DONE);
    assert_int_equal(ask(empty, "root publish two.json"), CLI_REFUSED);
    assert_non_null(strstr(said_err, "root-version"));
    assert_int_equal(stub_surprises(stub), 0);
}

/* Moves `created` years ahead, in a payload that is not signed yet. */
static void postpone(const char *path)
{
    auto_free char *text = NULL;
    size_t len;
    char *digit;

    assert_true(host_file_read(path, 4096, &text, &len, NULL));
    digit = strstr(text, "\"created\":") + strlen("\"created\":");
    *digit = '2'; /* of 1,7..: over 2033 */
    write_file(path, text, len);
}

static void test_documents_from_the_future_are_not_sent(void **state)
{
    static const struct stub_reply empty[] = {
        {"GET /api/v1/roots", "200 OK" JSON, "{\"items\":[],\"next\":null}"}, {NULL, NULL, NULL}};

    (void)state;
    make_root();
    assert_int_equal(run("root new --root-key r.key --release-key s.key --offer-key o.key --expires 4000d "
                         "--out root.json"),
                     CLI_DONE);
    postpone("root.json");
    assert_int_equal(run("root sign root.json --key r.key"), CLI_DONE);
    assert_int_equal(ask(empty, "root publish root.json"), CLI_REFUSED);
    assert_non_null(strstr(said_err, "created-in-future"));
    assert_int_equal(stub_surprises(stub), 0);
}

/* r.json, signed, of the image A.img */
static void make_release(void)
{
    uint8_t firmware[64] = {1};

    make_root();
    write_file("a.bin", firmware, sizeof(firmware));
    assert_int_equal(run("image sign --key i.key --version 1.0.0 --header-size 0x200 --slot-size 64K --align "
                         "4 --rom-fixed 0x8000 a.bin A.img"),
                     CLI_DONE);
    assert_int_equal(run("release create --product cam --version 1.0.0 --hardware h --sequence 1 --image "
                         "A=A.img --out r.json"),
                     CLI_DONE);
    assert_int_equal(run("release sign r.json --key s.key"), CLI_DONE);
}

/* The server had the last byte, and checked the blob; its answer was lost. */
static void test_an_upload_whose_last_answer_was_lost_is_done(void **state)
{
    static const struct stub_reply replies[] = {
        {"POST /api/v1/uploads HTTP", "201 Created" JSON "Location: /api/v1/uploads/u1\r\n",
         "{\"id\":\"u1\",\"offset\":0,\"size\":1}"},
        {"PATCH /api/v1/uploads/u1 HTTP", NULL, NULL},
        {"HEAD /api/v1/uploads/u1 HTTP", "404 Not Found\r\n", NULL},
        {"POST /api/v1/uploads HTTP", "200 OK" JSON, "{\"held\":true}"},
        {"POST /api/v1/releases HTTP", "201 Created" JSON, "{}"},
        {NULL, NULL, NULL}};

    (void)state;
    make_release();
    assert_int_equal(ask(replies, "release publish r.json A.img"), CLI_DONE);
    assert_int_equal(stub_surprises(stub), 0);
}

static void test_an_upload_that_the_server_cannot_take_is_told_once(void **state)
{
    static const struct stub_reply full[] = {{"POST /api/v1/uploads HTTP",
                                              "201 Created" JSON "Location: /api/v1/uploads/u1\r\n",
                                              "{\"id\":\"u1\",\"offset\":0,\"size\":1}"},
                                             {"PATCH /api/v1/uploads/u1 HTTP", "507 Full" JSON,
                                              "{\"code\":\"store-full\",\"detail\":\"no room\"}"},
                                             {NULL, NULL, NULL}};

    (void)state;
    make_release();
    assert_int_equal(ask(full, "release publish r.json A.img"), CLI_UNREACHABLE);
    assert_int_equal(stub_surprises(stub), 0);
    assert_non_null(strstr(said_err, "store-full: no room"));
    assert_null(strstr(said_err, "connection was lost"));
}

static void test_an_upload_goes_on_where_it_broke_off(void **state)
{
    static const struct stub_reply replies[] = {
        {"POST /api/v1/uploads HTTP", "201 Created" JSON "Location: /api/v1/uploads/u1\r\n",
         "{\"id\":\"u1\",\"offset\":0,\"size\":1}"},
        {"PATCH /api/v1/uploads/u1 HTTP", NULL, NULL},
        {"HEAD /api/v1/uploads/u1 HTTP", "200 OK\r\nUpload-Offset: 700\r\n", NULL},
        {"PATCH /api/v1/uploads/u1 HTTP", "204 No Content\r\nUpload-Offset: 800\r\n", NULL},
        {"POST /api/v1/releases HTTP", "201 Created" JSON, "{}"},
        {NULL, NULL, NULL}};
    static const struct stub_reply held[] = {{"POST /api/v1/uploads HTTP", "200 OK" JSON, "{\"held\":true}"},
                                             {"POST /api/v1/releases HTTP", "200 OK" JSON, "{}"},
                                             {NULL, NULL, NULL}};
    static const struct stub_reply astray[] = {{"POST /api/v1/uploads HTTP",
                                                "201 Created" JSON "Location: http://evil.example/x\r\n",
                                                "{\"offset\":0}"},
                                               {NULL, NULL, NULL}};

    (void)state;
    make_release();
    assert_int_equal(ask(replies, "release publish r.json A.img"), CLI_DONE);
    assert_int_equal(stub_surprises(stub), 0);
    assert_non_null(strstr(stub_request(stub, 1), "Upload-Offset: 0\r\n"));
    assert_non_null(strstr(stub_request(stub, 3), "Upload-Offset: 700\r\n"));
    assert_non_null(strstr(stub_request(stub, 3), "application/offset+octet-stream"));
    assert_int_equal(ask(held, "release publish r.json A.img"), CLI_DONE);
    assert_non_null(strstr(said_out, "published already: nothing to do"));
    assert_int_equal(stub_surprises(stub), 0);
    assert_int_equal(ask(astray, "release publish r.json A.img"), CLI_UNREACHABLE);
    assert_int_equal(stub_surprises(stub), 0);
}

static void test_resuming_a_halted_rollout_says_what_it_acknowledges(void **state)
{
#define PHASE(counts) "\"phase\":2,\"phases\":[{\"counts\":{\"failed\":9}},{\"counts\":{" counts "}}]}"
    static const struct {
        const char *before, *says; /* NULL: nothing */
    } rows[] = {
        {"{\"id\":7,\"state\":\"halted\"," PHASE("\"succeeded\":40,\"reverted\":4,\"timed-out\":1"),
         "Acknowledged: the losses of phase 2 so far, 4 reverted, 1 timed-out; its gate counts only further "
         "ones"},
        {"{\"id\":7,\"state\":\"paused\"," PHASE("\"failed\":1"), NULL},
        {"{\"id\":7,\"state\":\"halted\",\"phase\":0,\"phases\":[]}", NULL},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        const struct stub_reply replies[] = {{"GET /api/v1/rollouts/7 HTTP", "200 OK" JSON, rows[i].before},
                                             {"POST /api/v1/rollouts/7/resume HTTP", "200 OK" JSON,
                                              "{\"id\":7,\"state\":\"running\",\"phases\":[]}"},
                                             {NULL, NULL, NULL}};

        assert_int_equal(ask(replies, "rollout resume 7"), CLI_DONE);
        assert_int_equal(stub_surprises(stub), 0);
        if (rows[i].says != NULL)
            assert_non_null(strstr(said_out, rows[i].says));
        else
            assert_null(strstr(said_out, "cknowledge"));
    }
}

static void test_a_rollback_names_the_rollout_that_goes_back(void **state)
{
    static const struct stub_reply replies[] = {
        {"POST /api/v1/rollouts/7/rollback HTTP", "200 OK" JSON,
         "{\"id\":7,\"state\":\"rolled-back\",\"child\":8,\"phases\":[]}"},
        {NULL, NULL, NULL}};

    (void)state;
    assert_int_equal(ask(replies, "rollout rollback 7"), CLI_DONE);
    assert_int_equal(stub_surprises(stub), 0);
    assert_non_null(strstr(said_out, "back     rolled back by rollout 8: otter rollout status 8"));
}

int main(void)
{
#define FRESH(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave)
    const struct CMUnitTest tests[] = {
        FRESH(test_json_is_the_body_unchanged),
        FRESH(test_all_follows_next),
        FRESH(test_problems_become_words_and_exit_statuses),
        FRESH(test_a_rollout_is_created_from_a_reference),
        FRESH(test_resuming_a_halted_rollout_says_what_it_acknowledges),
        FRESH(test_a_rollback_names_the_rollout_that_goes_back),
        FRESH(test_the_priority_is_one_that_the_server_takes),
        FRESH(test_a_bad_target_is_marked_at_its_place),
        FRESH(test_watching_ends_with_the_rollout),
        FRESH(test_a_batch_names_who_was_refused),
        FRESH(test_factory_data_of_a_refused_device_is_taken_back),
        FRESH(test_a_root_is_sent_only_where_it_follows),
        FRESH(test_documents_from_the_future_are_not_sent),
        FRESH(test_an_upload_goes_on_where_it_broke_off),
        FRESH(test_an_upload_whose_last_answer_was_lost_is_done),
        FRESH(test_an_upload_that_the_server_cannot_take_is_told_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
