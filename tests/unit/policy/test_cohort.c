#include "host/crypto.h"
#include "policy/cohort.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

/* Computed apart, with Python's hashlib: int.from_bytes(sha256(seed + b"\0" + id).digest()[:8], "big") %
 * 10000. */
static void cohorts_are_those_of_the_definition(void **state)
{
    static const struct {
        uint8_t first;
        const char *device;
        unsigned cohort;
    } rows[] = {{0, "device-000", 9464},
                {0, "device-001", 8926},
                {16, "device-000", 6954},
                {200, "a", 3786},
                {1, "AA:BB:CC:DD:EE:FF", 4804},
                {0, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 749}};

    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t seed[POLICY_SEED_LEN];

        for (unsigned b = 0; b < POLICY_SEED_LEN; b++)
            seed[b] = (uint8_t)(rows[i].first + b);
        assert_int_equal(policy_cohort(&otter_crypto_openssl, seed, rows[i].device), rows[i].cohort);
    }
}

/* The next four bytes, likewise. */
static void positions_are_cohorts_and_finer(void **state)
{
    static const struct {
        uint8_t first;
        const char *device;
        uint64_t cohort, fine;
    } rows[] = {{0, "device-000", 9464, 0xef88e1f0},
                {0, "device-001", 8926, 0x01f507f7},
                {16, "device-000", 6954, 0x136873c6},
                {200, "a", 3786, 0x6b25c942},
                {1, "AA:BB:CC:DD:EE:FF", 4804, 0xcf52cd58}};

    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t seed[POLICY_SEED_LEN];

        for (unsigned b = 0; b < POLICY_SEED_LEN; b++)
            seed[b] = (uint8_t)(rows[i].first + b);
        assert_true(policy_position(&otter_crypto_openssl, seed, rows[i].device) ==
                    (rows[i].cohort << 32 | rows[i].fine));
    }
    assert_true(POLICY_POSITION(9999) < POLICY_POSITION_END);
}

static void another_seed_deals_the_devices_anew(void **state)
{
    uint8_t one[POLICY_SEED_LEN] = {1}, two[POLICY_SEED_LEN] = {2};
    unsigned same = 0;
    char id[24];

    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        (void)snprintf(id, sizeof(id), "device-%u", i);
        same +=
            policy_cohort(&otter_crypto_openssl, one, id) == policy_cohort(&otter_crypto_openssl, two, id);
    }
    assert_in_range(same, 0, 10);
}

static void five_percent_select_about_five_percent(void **state)
{
    uint8_t seed[POLICY_SEED_LEN] = {7};
    unsigned in = 0;
    char id[24];

    (void)state;
    for (unsigned i = 0; i < 10000; i++) {
        (void)snprintf(id, sizeof(id), "device-%u", i);
        in += policy_cohort(&otter_crypto_openssl, seed, id) < 500;
    }
    assert_in_range(in, 400, 600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cohorts_are_those_of_the_definition),
        cmocka_unit_test(positions_are_cohorts_and_finer),
        cmocka_unit_test(another_seed_deals_the_devices_anew),
        cmocka_unit_test(five_percent_select_about_five_percent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
