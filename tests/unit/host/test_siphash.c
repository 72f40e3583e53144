/* SipHash-2-4 against the vectors of its paper's reference: bytes 0, 1, 2.. under the key 0, 1, .. 15. */
#include "host/siphash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void the_reference_vectors_hold(void **state)
{
    static const struct {
        size_t len;
        uint64_t hash;
    } rows[] = {
        {0, UINT64_C(0x726fdb47dd0e0e31)},  {1, UINT64_C(0x74f839c593dc67fd)},
        {7, UINT64_C(0xab0200f58b01d137)},  {8, UINT64_C(0x93f5f5799a932462)},
        {15, UINT64_C(0xa129ca6149be45e5)}, {16, UINT64_C(0x3f2acc7f57c29bdb)},
    };
    uint8_t key[HOST_SIPHASH_KEY], bytes[16];

    (void)state;
    for (unsigned i = 0; i < 16; i++)
        key[i] = bytes[i] = (uint8_t)i;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_true(host_siphash(key, bytes, rows[i].len) == rows[i].hash);
    key[0] ^= 1;
    assert_false(host_siphash(key, bytes, 16) == rows[5].hash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_vectors_hold),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
