/* Whole runs: emulated devices, with their bootloader and updater, against a stand-in for the server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after those: */
#include <cmocka.h>

#include "emulator/run.h"
#include "stub.h"

#include "core/bytes.h"
#include "host/cleanup.h"
#include "host/crypto.h"
#include "host/file.h"
#include "host/json.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARGS_MAX 32

static struct stub *current; /* of the test that runs; freed even when it fails */

static int stop(void **state)
{
    (void)state;
    stub_free(HOST_STEAL(current));
    return 0;
}

/* Runs `otter-emu --json --fleet .. ARGS`; the summary is in *ret (NULL: not wanted). */
static int emulate(struct stub *s, json_t **ret, char **ret_errors, const char *const *args)
{
    auto_free char *fleet = stub_path(s, "fleet.jsonl"), *image = stub_path(s, "1.0.0.img");
    char *argv[ARGS_MAX] = {(char *)(uintptr_t) "otter-emu",
                            (char *)(uintptr_t) "--json",
                            (char *)(uintptr_t) "--quiet",
                            (char *)(uintptr_t) "--fleet",
                            fleet,
                            (char *)(uintptr_t) "--slot-a",
                            image,
                            (char *)(uintptr_t) "--speed",
                            (char *)(uintptr_t) "500",
                            (char *)(uintptr_t) "--timeout",
                            (char *)(uintptr_t) "60"};
    auto_free char *text = NULL, *errors = NULL;
    size_t len = 0, errors_len = 0;
    FILE *out = open_memstream(&text, &len), *err = open_memstream(&errors, &errors_len);
    int argc = 11, code;

    for (; args[argc - 11] != NULL; argc++)
        argv[argc] = (char *)(uintptr_t)args[argc - 11];
    code = emu_main(argc, argv, out, err);
    fclose(out);
    fclose(err);
    if (ret != NULL) {
        *ret = len > 0 ? host_json_load(text, len, "summary", NULL) : NULL;
        if (code == EMU_EXIT_UNEXPECTED)
            print_message("%s", text);
    }
    if (ret_errors != NULL)
        *ret_errors = HOST_STEAL(errors);
    return code;
}

#define EMULATE(s, ret, ...) emulate((s), (ret), NULL, (const char *const[]){__VA_ARGS__, NULL})

static uint64_t number(const json_t *j, const char *object, const char *name)
{
    const json_t *in = object != NULL ? json_object_get(j, object) : j;

    return (uint64_t)json_integer_value(json_object_get(in, name));
}

static const struct stub_release good = {.version = "1.1.0", .payload = 20000};

static void a_fleet_goes_to_the_new_release_and_confirms_it(void **state)
{
    struct stub *s = current = stub_new(8);
    auto_json json_t *j = NULL;
    struct stub_counts counts;

    (void)state;
    stub_publish(s, &good);
    assert_int_equal(EMULATE(s, &j, "--expect", "1.1.0:confirmed"), EMU_EXIT_OK);
    assert_int_equal(number(j, "by_version", "1.1.0"), 8);
    assert_int_equal(number(j, "by_state", "confirmed"), 8);
    assert_int_equal(number(j, NULL, "boots"), 16);
    assert_int_equal(number(j, NULL, "reverts"), 0);
    assert_true(number(j, NULL, "flash_operations") >= 8 * 20000 / 4); /* the image alone, in words */
    assert_int_equal(number(j, NULL, "flash_erases"),
                     16); /* each: its journal when it was made, and a sector */
    stub_counts(s, &counts);
    assert_int_equal(counts.confirmed, 8); /* and the server knows */
}

static void few_sockets_serve_many_devices(void **state)
{
    struct stub *s = current = stub_new(24);
    auto_json json_t *j = NULL;

    (void)state;
    stub_publish(s, &good);
    assert_int_equal(EMULATE(s, &j, "--expect", "1.1.0", "--concurrency", "2"), EMU_EXIT_OK);
    assert_int_equal(number(j, NULL, "sockets"), 2);
}

static void a_slow_link_times_nobody_out_however_fast_the_clocks_run(void **state)
{
    struct stub *s = current = stub_new(1);
    struct stub_counts counts;

    (void)state;
    stub_publish(s, &good);
    assert_int_equal(EMULATE(s, NULL, "--expect", "1.1.0", "--fault", "slow=40000"), EMU_EXIT_OK);
    stub_counts(s, &counts);
    assert_int_equal(counts.ranges, 0); /* in one go */
}

static void an_image_that_hangs_is_left_by_the_watchdog(void **state)
{
    const struct stub_release hang = {"1.1.0", OTTER_SELFTEST_HANG, 100, 3000, false};
    struct stub *s = current = stub_new(3);
    auto_json json_t *j = NULL;
    struct stub_counts counts;

    (void)state;
    stub_publish(s, &hang);
    assert_int_equal(EMULATE(s, &j, "--expect", "1.0.0", "--expect-reason", "watchdog"), EMU_EXIT_OK);
    assert_int_equal(number(j, NULL, "reverts"), 3);
    assert_true(number(j, NULL, "watchdogs") >= 3);
    assert_int_equal(number(j, "reasons", "watchdog"), 3);
    stub_counts(s, &counts);
    assert_int_equal(counts.ended[OTTER_UPDATE_REVERTED], 3);
    assert_int_equal(counts.reason[OTTER_WATCHDOG], 3);
}

static void a_self_test_that_fails_is_reverted_at_once(void **state)
{
    const struct stub_release bad = {"1.1.0", OTTER_SELFTEST_FAIL, 100, 3000, false};
    struct stub *s = current = stub_new(3);
    auto_json json_t *j = NULL;

    (void)state;
    stub_publish(s, &bad);
    assert_int_equal(EMULATE(s, &j, "--expect", "1.0.0", "--expect-reason", "self-test"), EMU_EXIT_OK);
    assert_int_equal(number(j, NULL, "boots"), 9); /* one trial alone */
    assert_int_equal(number(j, NULL, "watchdogs"), 0);
}

static void a_self_test_for_some_devices_spares_the_others(void **state)
{
    const struct stub_release some = {"1.1.0", OTTER_SELFTEST_FAIL, 40, 3000, false};
    struct stub *s = current = stub_new(30);
    auto_json json_t *j = NULL;

    (void)state;
    stub_publish(s, &some);
    assert_int_equal(EMULATE(s, &j, "--until-idle"), EMU_EXIT_OK);
    assert_int_equal(number(j, "by_version", "1.0.0") + number(j, "by_version", "1.1.0"), 30);
    assert_int_equal(number(j, "by_version", "1.0.0"), number(j, "reasons", "self-test"));
    assert_in_range(number(j, "by_version", "1.0.0"), 1, 29);
}

/* Whom --bad chooses is known beforehand, and again in the next run. */
static void a_bad_release_goes_wrong_on_its_share_of_the_devices(void **state)
{
    struct stub *s = current = stub_new(30);
    struct emu_bad_plan plan = {0};
    struct otter_version version;
    unsigned want[EMU_BAD_COUNT] = {0};
    auto_json json_t *j = NULL;

    (void)state;
    assert_true(emu_bad_parse("1.1.0:fail=20,hang=20,silent=20,seed=3", &plan));
    assert_true(otter_version_parse("1.1.0", 5, &version));
    for (unsigned i = 0; i < 30; i++) {
        char device[16];

        snprintf(device, sizeof(device), "dev-%u", i);
        want[emu_bad_of(&plan, &version, device)]++;
    }
    stub_publish(s, &good);
    assert_int_equal(EMULATE(s, &j, "--until-idle", "--bad", "1.1.0:fail=20,hang=20,silent=20,seed=3"),
                     EMU_EXIT_OK);
    assert_in_range(want[EMU_BAD_SILENT], 1, 29);
    assert_int_equal(number(j, "reasons", "self-test"), want[EMU_BAD_FAIL]);
    assert_int_equal(number(j, "reasons", "watchdog"), want[EMU_BAD_HANG]);
    assert_int_equal(number(j, "by_state", "silent"), want[EMU_BAD_SILENT]);
    assert_int_equal(number(j, "by_report", "installed"), want[EMU_BAD_SILENT]); /* the last that it said */
    assert_int_equal(number(j, "by_report", "succeeded"), want[EMU_BAD_NOT]);
}

static void a_manifest_by_a_foreign_key_is_refused_by_each_device(void **state)
{
    const struct stub_release foreign = {"1.1.0", OTTER_SELFTEST_NONE, 0, 3000, true};
    struct stub *s = current = stub_new(3);
    auto_json json_t *j = NULL;
    struct stub_counts counts;

    (void)state;
    stub_publish(s, &foreign);
    assert_int_equal(EMULATE(s, &j, "--expect", "1.0.0:confirmed", "--expect-reason", "unknown-key"),
                     EMU_EXIT_OK);
    assert_int_equal(number(j, NULL, "boots"), 3);
    stub_counts(s, &counts);
    assert_int_equal(counts.ended[OTTER_UPDATE_FAILED], 3);
    assert_int_equal(counts.reason[OTTER_UNKNOWN_KEY], 3);
}

static void a_download_goes_on_after_dropped_connections(void **state)
{
    const struct stub_release large = {"1.1.0", OTTER_SELFTEST_NONE, 0, 300000, false};
    struct stub *s = current = stub_new(3);
    auto_json json_t *j = NULL;
    struct stub_counts counts;

    (void)state;
    stub_publish(s, &large);
    assert_int_equal(EMULATE(s, &j, "--expect", "1.1.0", "--drop-every", "100000"), EMU_EXIT_OK);
    assert_true(number(j, NULL, "drops") >= 3);
    assert_true(number(j, NULL, "bytes") < 3 * 500000); /* nobody began again */
    stub_counts(s, &counts);
    assert_true(counts.ranges >= 3);
}

static void corrupted_bytes_are_found_and_the_update_succeeds_or_fails_by_name(void **state)
{
    struct stub *s = current = stub_new(6);
    auto_json json_t *j = NULL;

    (void)state;
    stub_publish(s, &good);
    assert_int_equal(EMULATE(s, &j, "--until-idle", "--fault", "corrupt=0.02,seed=3"), EMU_EXIT_OK);
    assert_true(number(j, NULL, "corrupted") > 0);
    assert_int_equal(number(j, "by_state", "confirmed"), 6);
}

static void power_cuts_anywhere_leave_devices_that_end_on_the_release(void **state)
{
    struct stub *s = current = stub_new(40);
    auto_json json_t *j = NULL;

    (void)state;
    stub_publish(s, &good);
    assert_int_equal(EMULATE(s, &j, "--expect", "1.1.0", "--cut-spread", "1:5300"), EMU_EXIT_OK);
    assert_int_equal(number(j, NULL, "cuts"), 40);
}

static void power_cuts_again_and_again_do_not_stop_an_update(void **state)
{
    struct stub *s = current = stub_new(4);
    auto_json json_t *j = NULL;

    (void)state;
    stub_publish(s, &good);
    assert_int_equal(EMULATE(s, &j, "--expect", "1.1.0", "--cut-range", "7:6000:331"), EMU_EXIT_OK);
    assert_true(number(j, NULL, "cuts") >= 4 * 10);
}

static void kept_devices_go_on_where_they_were(void **state)
{
    struct stub *s = current = stub_new(3);
    auto_free char *keep = stub_path(s, "keep"), *flash = stub_path(s, "keep/dev-1.flash");
    const struct stub_release next = {"1.2.0", OTTER_SELFTEST_NONE, 0, 3000, false};
    auto_json json_t *first = NULL, *second = NULL, *third = NULL, *fourth = NULL;

    (void)state;
    assert_int_equal(EMULATE(s, &first, "--keep", keep, "--expect", "1.0.0"), EMU_EXIT_OK);
    stub_publish(s, &good);
    assert_int_equal(EMULATE(s, &second, "--keep", keep, "--expect", "1.1.0"), EMU_EXIT_OK);
    assert_int_equal(EMULATE(s, &third, "--keep", keep, "--expect", "1.1.0"), EMU_EXIT_OK);
    assert_int_equal(number(third, NULL, "boots"), 3);
    stub_publish(s, &next); /* into slot A, where the factory's image must not come back */
    assert_int_equal(EMULATE(s, NULL, "--keep", keep, "--expect", "1.2.0"), EMU_EXIT_OK);
    assert_int_equal(EMULATE(s, &fourth, "--keep", keep, "--expect", "1.2.0"), EMU_EXIT_OK);
    assert_int_equal(number(fourth, NULL, "boots"), 3);
    assert_int_equal(access(flash, R_OK), 0);
}

static void inspect_shows_slots_and_journal_and_changes_nothing(void **state)
{
    struct stub *s = current = stub_new(1);
    auto_free char *keep = stub_path(s, "keep"), *flash = stub_path(s, "keep/dev-0.flash");
    const char *const args[] = {"--inspect", flash, NULL};
    struct otter_digest before, after;
    auto_json json_t *j = NULL;
    const json_t *slots, *journal;
    uint64_t size;

    (void)state;
    stub_publish(s, &good);
    assert_int_equal(EMULATE(s, NULL, "--keep", keep, "--expect", "1.1.0"), EMU_EXIT_OK);
    assert_true(host_file_digest(&otter_crypto_openssl, flash, &before, &size, NULL));
    assert_int_equal(emulate(s, &j, NULL, args), EMU_EXIT_OK);
    assert_true(host_file_digest(&otter_crypto_openssl, flash, &after, &size, NULL));
    assert_memory_equal(&before, &after, sizeof(before));
    slots = json_object_get(j, "slots");
    journal = json_object_get(j, "journal");
    assert_string_equal(json_string_value(json_object_get(json_object_get(slots, "A"), "version")), "1.0.0");
    assert_string_equal(json_string_value(json_object_get(json_object_get(slots, "B"), "version")), "1.1.0");
    assert_string_equal(json_string_value(json_object_get(json_object_get(slots, "B"), "authentic")), "ok");
    assert_string_equal(json_string_value(json_object_get(json_object_get(journal, "confirmed"), "slot")),
                        "B");
    assert_string_equal(json_string_value(json_object_get(json_object_get(journal, "confirmed"), "sha256")),
                        json_string_value(json_object_get(json_object_get(slots, "B"), "sha256")));
    assert_string_equal(json_string_value(json_object_get(json_object_get(j, "factory"), "device")), "dev-0");
}

static void a_fleet_that_ends_elsewhere_exits_with_one(void **state)
{
    struct stub *s = current = stub_new(2);

    (void)state;
    assert_int_equal(EMULATE(s, NULL, "--expect", "9.9.9", "--until-idle"), EMU_EXIT_UNEXPECTED);
    assert_int_equal(EMULATE(s, NULL, "--expect", "1.0.0", "--until-idle"), EMU_EXIT_OK);
}

static void a_server_that_is_away_ends_by_the_timeout_and_says_why(void **state)
{
    struct stub *s = current = stub_new(2);
    auto_json json_t *j = NULL;

    (void)state;
    assert_int_equal(EMULATE(s, &j, "--server", "http://127.0.0.1:1", "--expect", "1.0.0", "--timeout", "1"),
                     EMU_EXIT_UNEXPECTED);
    assert_int_equal(number(j, "errors", "net-unreachable"), 2);
}

static void bad_files_are_named_and_exit_with_five(void **state)
{
    struct stub *s = current = stub_new(1);
    auto_free char *factory = stub_path(s, "factory/dev-0.bin"), *missing = stub_path(s, "none"),
                   *errors = NULL;
    const char *const plain[] = {"--timeout", "1", NULL}, *const no_image[] = {"--slot-a", factory, NULL};
    const char *const inspect[] = {"--inspect", missing, NULL};

    (void)state;
    assert_int_equal(emulate(s, NULL, &errors, no_image), EMU_EXIT_FILE);
    assert_non_null(strstr(errors, "image-magic"));
    free(HOST_STEAL(errors));
    assert_int_equal(emulate(s, NULL, &errors, inspect), EMU_EXIT_FILE);
    assert_int_equal(access(missing, F_OK), -1); /* not made by looking at it */
    free(HOST_STEAL(errors));
    assert_true(host_file_write(missing, "", 0, 0644, HOST_FILE_NEW, NULL));
    assert_int_equal(emulate(s, NULL, &errors, inspect), EMU_EXIT_FILE);
    assert_non_null(strstr(errors, "no flash of nucleo-f429zi"));
    free(HOST_STEAL(errors));
    assert_true(host_file_write(factory, "OTTF?", 5, 0644, HOST_FILE_REPLACE, NULL));
    assert_int_equal(emulate(s, NULL, &errors, plain), EMU_EXIT_FILE);
    assert_non_null(strstr(errors, "dev-0.bin"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_fleet_goes_to_the_new_release_and_confirms_it, stop),
        cmocka_unit_test_teardown(few_sockets_serve_many_devices, stop),
        cmocka_unit_test_teardown(a_slow_link_times_nobody_out_however_fast_the_clocks_run, stop),
        cmocka_unit_test_teardown(an_image_that_hangs_is_left_by_the_watchdog, stop),
        cmocka_unit_test_teardown(a_self_test_that_fails_is_reverted_at_once, stop),
        cmocka_unit_test_teardown(a_self_test_for_some_devices_spares_the_others, stop),
        cmocka_unit_test_teardown(a_bad_release_goes_wrong_on_its_share_of_the_devices, stop),
        cmocka_unit_test_teardown(a_manifest_by_a_foreign_key_is_refused_by_each_device, stop),
        cmocka_unit_test_teardown(a_download_goes_on_after_dropped_connections, stop),
        cmocka_unit_test_teardown(corrupted_bytes_are_found_and_the_update_succeeds_or_fails_by_name, stop),
        cmocka_unit_test_teardown(power_cuts_anywhere_leave_devices_that_end_on_the_release, stop),
        cmocka_unit_test_teardown(power_cuts_again_and_again_do_not_stop_an_update, stop),
        cmocka_unit_test_teardown(kept_devices_go_on_where_they_were, stop),
        cmocka_unit_test_teardown(inspect_shows_slots_and_journal_and_changes_nothing, stop),
        cmocka_unit_test_teardown(a_fleet_that_ends_elsewhere_exits_with_one, stop),
        cmocka_unit_test_teardown(a_server_that_is_away_ends_by_the_timeout_and_says_why, stop),
        cmocka_unit_test_teardown(bad_files_are_named_and_exit_with_five, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
