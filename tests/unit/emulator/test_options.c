/* The command line, expectations, and the fleet file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after those: */
#include <cmocka.h>

#include "emulator/fleet.h"
#include "emulator/options.h"

#include "core/bytes.h"

#include <stdlib.h>
#include <string.h>

#define ARGS_MAX 12

static bool parse(const char *const *args, struct emu_options *o, struct host_error *err)
{
    char *argv[ARGS_MAX + 2] = {(char *)(uintptr_t) "otter-emu"};
    int argc = 1;

    for (; args[argc - 1] != NULL; argc++)
        argv[argc] = (char *)(uintptr_t)args[argc - 1];
    return emu_options_parse(argc, argv, o, err);
}

static void a_run_as_the_demo_starts_it_is_understood(void **state)
{
    static const char *const args[] = {
        "--fleet", "f.jsonl",  "--slot-a=a.img",  "--keep",        "d", "--speed", "20",
        "--json",  "--expect", "1.1.0:confirmed", "--timeout=120", NULL};
    struct emu_options o;
    struct host_error err = {0};

    (void)state;
    assert_true(parse(args, &o, &err));
    assert_string_equal(o.fleet, "f.jsonl");
    assert_string_equal(o.slot_a, "a.img");
    assert_string_equal(o.keep, "d");
    assert_int_equal(o.speed, 20);
    assert_int_equal(o.timeout_s, 120);
    assert_int_equal(o.concurrency, 256);
    assert_true(o.json && o.expect.has_version && o.expect.has_stand);
    assert_false(o.until_idle || o.help || o.verbose);
    assert_null(o.server);
}

static void devices_prove_themselves_as_asked(void **state)
{
    static const struct {
        const char *args[5];
        bool ok, hmac;
    } rows[] = {
        {{"--fleet", "f", NULL}, true, false},
        {{"--fleet", "f", "--auth", "hmac", NULL}, true, true},
        {{"--fleet", "f", "--auth", "auto", NULL}, true, false},
        {{"--fleet", "f", "--auth", "token", NULL}, false, false},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct emu_options o = {0};
        struct host_error err = {0};

        assert_int_equal(parse(rows[i].args, &o, &err), rows[i].ok);
        assert_int_equal(o.auth_hmac, rows[i].hmac);
    }
}

static void a_large_fleet_has_its_options(void **state)
{
    static const struct {
        const char *args[5];
        bool ok, openssl;
        uint32_t pool_mb, sources;
    } rows[] = {
        {{"--fleet", "f", NULL}, true, false, 8192, 0},
        {{"--fleet", "f", "--crypto", "openssl", NULL}, true, true, 8192, 0},
        {{"--fleet", "f", "--crypto", "bearssl", NULL}, true, false, 8192, 0},
        {{"--fleet", "f", "--crypto", "none", NULL}, false},
        {{"--fleet", "f", "--pool", "5", NULL}, true, false, 5, 0},
        {{"--fleet", "f", "--pool", "0", NULL}, false},
        {{"--fleet", "f", "--sources", "10.0.0.0/24", NULL}, true, false, 8192, 254},
        {{"--fleet", "f", "--sources", "10.0.0.0", NULL}, false},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct emu_options o = {0};
        struct host_error err = {0};

        assert_int_equal(parse(rows[i].args, &o, &err), rows[i].ok);
        assert_int_equal(o.openssl, rows[i].openssl);
        assert_int_equal(o.pool_mb, rows[i].pool_mb);
        assert_int_equal(o.sources.count, rows[i].sources);
    }
}

static void a_server_with_tls_is_named_by_its_certificate(void **state)
{
    static const char *const args[] = {"--fleet",    "f",          "--server", "https://127.0.0.1:8443",
                                       "--tls-name", "otter.test", "--cacert", "ca.pem",
                                       NULL};
    static const char *const by_name[] = {"--fleet", "f", "--server", "https://ota.example/x", NULL};
    struct emu_options o;

    (void)state;
    assert_true(parse(args, &o, NULL));
    assert_string_equal(o.server, "https://127.0.0.1:8443");
    assert_string_equal(o.tls_name, "otter.test");
    assert_string_equal(o.cacert, "ca.pem");
    assert_true(parse(by_name, &o, NULL));
    assert_null(o.tls_name);
}

static void usage_errors_are_named(void **state)
{
    static const struct {
        const char *args[8];
        const char *says;
    } rows[] = {
        {{NULL}, "--fleet or --factory-dir"},
        {{"--fleet", "f", "--factory-dir", "d", NULL}, "--fleet or --factory-dir"},
        {{"--fleet", NULL}, "needs a value"},
        {{"--fleet", "f", "--speed", "0", NULL}, "--speed"},
        {{"--fleet", "f", "--speed", "fast", NULL}, "--speed"},
        {{"--fleet", "f", "--json=1", NULL}, "takes no value"},
        {{"--fleet", "f", "--sped", "3", NULL}, "no such option"},
        {{"--fleet", "f", "stray", NULL}, "no such option"},
        {{"--fleet", "f", "-x", NULL}, "no such option"},
        {{"--fleet", "f", "--expect", "1.1", NULL}, "--expect"},
        {{"--fleet", "f", "--expect", "1.1.0:good", NULL}, "--expect"},
        {{"--fleet", "f", "--expect-reason", "nonsense", NULL}, "--expect-reason"},
        {{"--fleet", "f", "--expect-reason", "ok", NULL}, "--expect-reason"},
        {{"--fleet", "f", "--expect-count", "3", NULL}, "needs --expect"},
        {{"--fleet", "f", "--cut", "3", "--cut-spread", "1:2", NULL}, "--cut-spread"},
        {{"--fleet", "f", "--server", "ftp://x", NULL}, "--server"},
        {{"--fleet", "f", "--server", "https://", NULL}, "--server"},
        {{"--fleet", "f", "--server", "https://127.0.0.1:1", NULL}, "--tls-name"},
        {{"--fleet", "f", "--server", "https://[::1]", NULL}, "--tls-name"},
        {{"--fleet", "f", "--tls-name", "a b", NULL}, "--tls-name"},
        {{"--fleet", "f", "--tls-name", "", NULL}, "--tls-name"},
        {{"--fleet", "f", "--cacert", "", NULL}, "--cacert"},
        {{"--fleet", "f", "--fault", "drop=7", NULL}, "--fault"},
        {{"--fleet", "", NULL}, "--fleet"},
        {{"--fleet", "f", "--bad", "1.1.0", NULL}, "--bad"},
        {{"--fleet", "f", "--bad", "1.1.0:fail=1", "--bad", "1.2.0:fail=1", NULL}, "--bad"},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct emu_options o;
        struct host_error err = {0};

        if (parse(rows[i].args, &o, &err))
            fail_msg("row %zu taken", i);
        if (strstr(err.message, rows[i].says) == NULL)
            fail_msg("row %zu says: %s", i, err.message);
    }
}

static void help_wins_over_missing_options(void **state)
{
    static const char *const args[] = {"-h", NULL};
    struct emu_options o;

    (void)state;
    assert_true(parse(args, &o, NULL));
    assert_true(o.help);
}

static struct otter_version version_of(const char *s)
{
    struct otter_version v = {0};

    assert_true(otter_version_parse(s, strlen(s), &v));
    return v;
}

static void an_expectation_is_met_by_these_outcomes_alone(void **state)
{
    const struct emu_outcome good = {.stand = EMU_STAND_CONFIRMED,
                                     .has_version = true,
                                     .version = version_of("1.1.0"),
                                     .settled = true,
                                     .reason = OTTER_WATCHDOG};
    const struct {
        const char *expect, *reason;
        enum emu_stand stand;
        const char *version;
        bool settled, met;
    } rows[] = {
        {"1.1.0", NULL, EMU_STAND_CONFIRMED, "1.1.0", true, true},
        {"version=1.1.0", NULL, EMU_STAND_CONFIRMED, "1.1.0", true, true},
        {"version=1.1.0:confirmed", "watchdog", EMU_STAND_CONFIRMED, "1.1.0", true, true},
        {NULL, "watchdog", EMU_STAND_CONFIRMED, "1.1.0", true, true},
        {"1.1.0", NULL, EMU_STAND_CONFIRMED, "1.1.0", false, false},
        {"1.1.0", NULL, EMU_STAND_CONFIRMED, "1.1.0+1", true, false},
        {"1.1.0", NULL, EMU_STAND_TRIAL, "1.1.0", true, false},
        {"1.1.0", NULL, EMU_STAND_HUNG, "1.1.0", true, false},
        {"1.1.0", NULL, EMU_STAND_OFF, "1.1.0", true, false},
        {"1.1.0", "self-test", EMU_STAND_CONFIRMED, "1.1.0", true, false},
        {"1.1.0:trial", NULL, EMU_STAND_TRIAL, "1.1.0", false, true},
        {"1.1.0:trial", NULL, EMU_STAND_CONFIRMED, "1.1.0", true, false},
        {NULL, "watchdog", EMU_STAND_CONFIRMED, "1.1.0", false, false},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct emu_expect e = {0};
        struct emu_outcome o = good;

        assert_true(rows[i].expect == NULL || emu_expect_parse(rows[i].expect, &e));
        assert_true(rows[i].reason == NULL || emu_expect_reason_parse(rows[i].reason, &e));
        o.stand = rows[i].stand;
        o.version = version_of(rows[i].version);
        o.settled = rows[i].settled;
        if (emu_expect_met(&e, &o) != rows[i].met)
            fail_msg("row %zu", i);
    }
}

static void who_cannot_reach_the_server_need_not_settle(void **state)
{
    struct emu_outcome o = {.stand = EMU_STAND_CONFIRMED, .error = OTTER_TLS_UNTRUSTED};
    struct emu_expect e = {0};

    (void)state;
    assert_true(emu_expect_reason_parse("tls-untrusted", &e));
    assert_true(emu_expect_met(&e, &o));
    o.error = OTTER_TLS_NAME;
    assert_false(emu_expect_met(&e, &o));
    /* Of an offer, it may yet be answered otherwise. */
    assert_true(emu_expect_reason_parse("offer-nonce", &e));
    o.error = OTTER_OFFER_NONCE;
    assert_false(emu_expect_met(&e, &o));
}

static void events_of_the_updater_move_the_outcome(void **state)
{
    static const struct {
        enum otter_update_state state;
        enum otter_status reason, expected;
    } rows[] = {
        {OTTER_UPDATE_DOWNLOADING, OTTER_OK, OTTER_OK},
        {OTTER_UPDATE_DOWNLOADING, OTTER_NET_LOST, OTTER_OK}, /* interrupted: no refusal */
        {OTTER_UPDATE_FAILED, OTTER_IMAGE_DIGEST, OTTER_IMAGE_DIGEST},
        {OTTER_UPDATE_STATE_COUNT, OTTER_NET_UNREACHABLE, OTTER_IMAGE_DIGEST},
        {OTTER_UPDATE_DOWNLOADING, OTTER_NET_LOST, OTTER_IMAGE_DIGEST},
        {OTTER_UPDATE_DOWNLOADING, OTTER_OK, OTTER_OK}, /* a new attempt */
        {OTTER_UPDATE_TESTING, OTTER_SELF_TEST, OTTER_OK},
        {OTTER_UPDATE_REVERTED, OTTER_SELF_TEST, OTTER_SELF_TEST},
        {OTTER_UPDATE_INSTALLED, OTTER_OK, OTTER_SELF_TEST},
        {OTTER_UPDATE_SUCCEEDED, OTTER_OK, OTTER_OK},
    };
    struct emu_outcome o = {.quiet = 5};

    (void)state;
    emu_outcome_event(&o, OTTER_UPDATE_STATE_COUNT, OTTER_NET_LOST);
    assert_false(o.has_report);
    assert_int_equal(o.quiet, 5);
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        emu_outcome_event(&o, rows[i].state, rows[i].reason);
        if (o.reason != rows[i].expected)
            fail_msg("row %zu: %s", i, otter_status_name(o.reason));
        assert_int_equal(o.quiet, 0);
    }
    assert_int_equal(o.state, OTTER_UPDATE_SUCCEEDED);
}

static void all_devices_or_so_many_must_meet_it(void **state)
{
    struct emu_expect e = {.has_version = true};

    (void)state;
    assert_false(emu_expect_reached(&e, 9, 10));
    assert_true(emu_expect_reached(&e, 10, 10));
    e.count = 3;
    assert_false(emu_expect_reached(&e, 2, 10));
    assert_true(emu_expect_reached(&e, 3, 10));
}

static void a_device_is_idle_after_several_empty_polls(void **state)
{
    struct emu_outcome o = {.stand = EMU_STAND_CONFIRMED, .settled = true, .quiet = EMU_IDLE_POLLS};

    (void)state;
    assert_true(emu_outcome_idle(&o));
    o.quiet--;
    assert_false(emu_outcome_idle(&o));
    o.quiet++;
    o.settled = false;
    assert_false(emu_outcome_idle(&o));
    o.settled = true;
    o.stand = EMU_STAND_TRIAL;
    assert_false(emu_outcome_idle(&o));
    o = (struct emu_outcome){.stand = EMU_STAND_NOTHING};
    assert_true(emu_outcome_idle(&o));
    o = (struct emu_outcome){.stand = EMU_STAND_SILENT};
    assert_true(emu_outcome_idle(&o));
}

static void fleet_lines_resolve_paths_beside_their_file(void **state)
{
    static const char line[] =
        "{\"id\":\"dev-1\",\"factory\":\"dev-1.bin\",\"image\":\"/abs/a.img\",\"note\":1}";
    struct emu_member m;
    struct host_error err = {0};

    (void)state;
    assert_true(emu_fleet_line(line, sizeof(line) - 1, "some/dir", "f:1", &m, &err));
    assert_string_equal(m.id, "dev-1");
    assert_string_equal(m.factory, "some/dir/dev-1.bin");
    assert_string_equal(m.image, "/abs/a.img");
    free(m.factory);
    free(m.image);
}

static void bad_fleet_lines_are_refused_with_their_place(void **state)
{
    static const char *const rows[] = {
        "",
        "[]",
        "{\"id\":\"a\"}",
        "{\"factory\":\"a.bin\"}",
        "{\"id\":\"../x\",\"factory\":\"a.bin\"}",
        "{\"id\":7,\"factory\":\"a.bin\"}",
        "{\"id\":\"\",\"factory\":\"a.bin\"}",
        "{\"id\":\"a\",\"factory\":\"a.bin\"",
        "{\"id\":\"a\",\"factory\":\"a.bin\",\"image\":3}",
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct emu_member m;
        struct host_error err = {0};

        if (emu_fleet_line(rows[i], strlen(rows[i]), ".", "f:9", &m, &err))
            fail_msg("taken: %s", rows[i]);
        if (strstr(err.message, "f:9") == NULL)
            fail_msg("%s: %s", rows[i], err.message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_as_the_demo_starts_it_is_understood),
        cmocka_unit_test(devices_prove_themselves_as_asked),
        cmocka_unit_test(a_large_fleet_has_its_options),
        cmocka_unit_test(a_server_with_tls_is_named_by_its_certificate),
        cmocka_unit_test(usage_errors_are_named),
        cmocka_unit_test(help_wins_over_missing_options),
        cmocka_unit_test(an_expectation_is_met_by_these_outcomes_alone),
        cmocka_unit_test(who_cannot_reach_the_server_need_not_settle),
        cmocka_unit_test(events_of_the_updater_move_the_outcome),
        cmocka_unit_test(all_devices_or_so_many_must_meet_it),
        cmocka_unit_test(a_device_is_idle_after_several_empty_polls),
        cmocka_unit_test(fleet_lines_resolve_paths_beside_their_file),
        cmocka_unit_test(bad_fleet_lines_are_refused_with_their_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
