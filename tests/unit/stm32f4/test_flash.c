/* The flash driver over a fake of ST's HAL: the contract, the sectors' numbers, and each way to fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_hal.h"

#include "port/board.h"
#include "port/flash_check.h"

#include <string.h>

#define SLOT_A 0x08020000u
#define SLOT_B 0x08120000u

extern FLASH_ProcessTypeDef pFlash;

static int setup(void **state)
{
    fake_hal_init();
    *state = board_flash();
    return 0;
}

/* However an operation ends, the controller is locked, and the next operation works. */
static void assert_in_order(struct otter_flash *flash)
{
    const uint8_t word[4] = {1, 2, 3, 4};
    uint8_t back[4];

    assert_true(fake_flash.is_locked);
    fake_flash.unlock_fails = false;
    assert_int_equal(flash->erase(flash, SLOT_B), OTTER_OK);
    assert_int_equal(flash->program(flash, SLOT_B, word, 4), OTTER_OK);
    assert_int_equal(flash->read(flash, SLOT_B, back, 4), OTTER_OK);
    assert_memory_equal(back, word, 4);
    assert_true(fake_flash.is_locked);
}

static void test_the_driver_keeps_the_contract_on_sectors_of_each_size(void **state)
{
    static const uint32_t sectors[] = {0x08008000, 0x0800c000, SLOT_A,    0x08100000,
                                       0x08110000, SLOT_B,     0x081e0000};

    for (unsigned i = 0; i < sizeof(sectors) / sizeof(sectors[0]); i++) {
        const char *broken = otter_flash_check(*state, sectors[i]);

        if (broken != NULL)
            fail_msg("0x%08x: %s", sectors[i], broken);
    }
}

static void test_each_sector_is_erased_by_the_number_that_the_register_knows(void **state)
{
    static const struct {
        uint32_t base, snb;
    } table[] = {
        {0x08008000, 2},  {0x0800c000, 3},  {0x08020000, 5},  {0x08040000, 6},  {0x080e0000, 11},
        {0x08100000, 16}, {0x0810c000, 19}, {0x08110000, 20}, {0x08120000, 21}, {0x081e0000, 27},
    };
    const uint8_t zeros[4] = {0};
    struct otter_flash *flash = *state;

    for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        assert_int_equal(flash->program(flash, table[i].base, zeros, 4), OTTER_OK);
    for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        assert_int_equal(fake_flash_cells(table[i].base)[0], 0);
        assert_int_equal(flash->erase(flash, table[i].base), OTTER_OK);
        assert_int_equal(fake_flash.erased_number, table[i].snb);
        assert_int_equal(fake_flash_cells(table[i].base)[0], 0xff);
    }
}

static void test_bootloader_and_factory_data_are_out_of_reach(void **state)
{
    static const uint32_t sectors[] = {0x08000000, 0x08004000, 0x08010000};
    const uint8_t zeros[8] = {0};
    struct otter_flash *flash = *state;

    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(flash->erase(flash, sectors[i]), OTTER_FLASH_ERROR);
        assert_int_equal(flash->program(flash, sectors[i], zeros, 4), OTTER_FLASH_ERROR);
    }
    /* Over the edge from the journal, and over that to slot A. */
    assert_int_equal(flash->program(flash, 0x0800fffc, zeros, 8), OTTER_FLASH_ERROR);
    assert_int_equal(flash->program(flash, 0x0801fffc, zeros, 8), OTTER_FLASH_ERROR);
    assert_int_equal(fake_flash.operations, 0);
    assert_int_equal(flash->program(flash, 0x0800fffc, zeros, 4), OTTER_OK);
}

static void test_a_program_that_fails_is_an_error_and_the_next_one_works(void **state)
{
    static const enum fake_flash_fault faults[] = {FAULT_ERROR, FAULT_KEEPS_LOCK, FAULT_TIMEOUT,
                                                   FAULT_SILENT};
    const uint8_t zeros[16] = {0};

    for (unsigned i = 0; i < 4; i++)
        for (uint32_t at = 1; at <= 4; at++) {
            struct otter_flash *flash = *state;

            fake_hal_init();
            fake_flash.fault = faults[i];
            fake_flash.at = at;
            assert_int_equal(flash->program(flash, SLOT_A, zeros, 16), OTTER_FLASH_ERROR);
            assert_int_equal(fake_flash.operations, faults[i] == FAULT_SILENT ? 4 : at);
            assert_in_order(flash);
        }
}

static void test_an_erase_that_fails_is_an_error_and_the_next_one_works(void **state)
{
    static const enum fake_flash_fault faults[] = {FAULT_ERROR, FAULT_KEEPS_LOCK, FAULT_TIMEOUT,
                                                   FAULT_SILENT};

    for (unsigned i = 0; i < 4; i++) {
        struct otter_flash *flash = *state;

        fake_hal_init();
        fake_flash.fault = faults[i];
        fake_flash.at = 1;
        assert_int_equal(flash->erase(flash, SLOT_A), OTTER_FLASH_ERROR);
        assert_in_order(flash);
    }
}

static void test_a_controller_that_stays_locked_is_an_error_that_changes_nothing(void **state)
{
    const uint8_t zeros[4] = {0};
    struct otter_flash *flash = *state;

    fake_flash.unlock_fails = true;
    assert_int_equal(flash->program(flash, SLOT_A, zeros, 4), OTTER_FLASH_ERROR);
    assert_int_equal(flash->erase(flash, SLOT_A), OTTER_FLASH_ERROR);
    assert_int_equal(fake_flash.operations, 0);
    assert_in_order(flash);
}

static void test_a_write_protected_sector_is_an_error(void **state)
{
    const uint8_t zeros[4] = {0};
    struct otter_flash *flash = *state;

    fake_flash.protected = 1u << 5;
    assert_int_equal(flash->program(flash, SLOT_A, zeros, 4), OTTER_FLASH_ERROR);
    assert_int_equal(flash->erase(flash, SLOT_A), OTTER_FLASH_ERROR);
    assert_int_equal(fake_flash_cells(SLOT_A)[0], 0xff);
    assert_in_order(flash);
}

/* A stray store, or a debugger, leaves them; the HAL would take them for the next operation's. */
static void test_error_flags_of_old_do_not_fail_an_operation(void **state)
{
    static const uint32_t flags[] = {FLASH_FLAG_OPERR,  FLASH_FLAG_WRPERR, FLASH_FLAG_PGAERR,
                                     FLASH_FLAG_PGPERR, FLASH_FLAG_PGSERR, FLASH_FLAG_RDERR};
    const uint8_t word[4] = {0xf0, 0x0f, 0, 1};
    struct otter_flash *flash = *state;

    for (unsigned i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        fake_flash.flags = flags[i];
        assert_int_equal(flash->program(flash, SLOT_A, word, 4), OTTER_OK);
        fake_flash.flags = flags[i];
        assert_int_equal(flash->erase(flash, SLOT_A), OTTER_OK);
    }
}

static void test_a_lock_that_the_hal_forgot_does_not_last(void **state)
{
    struct otter_flash *flash = *state;

    pFlash.Lock = HAL_LOCKED;
    assert_int_equal(flash->erase(flash, SLOT_A), OTTER_OK);
    pFlash.Lock = HAL_LOCKED;
    assert_int_equal(flash->program(flash, SLOT_A, "abcd", 4), OTTER_OK);
}

/* The fake shows the CPU old contents until both caches were flushed: an error is no reason not to. */
static void test_what_is_read_is_what_the_cells_hold_after_errors_too(void **state)
{
    const uint8_t zeros[16] = {0};
    uint8_t back[16];
    struct otter_flash *flash = *state;

    fake_flash.fault = FAULT_ERROR;
    fake_flash.at = 3;
    assert_int_equal(flash->program(flash, SLOT_A, zeros, 16), OTTER_FLASH_ERROR);
    assert_int_equal(flash->read(flash, SLOT_A, back, 16), OTTER_OK);
    assert_memory_equal(back, fake_flash_cells(SLOT_A), 16);
    assert_memory_equal(back, zeros, 8);
    fake_flash.at = 0;
    assert_int_equal(flash->erase(flash, SLOT_A), OTTER_OK);
    assert_int_equal(flash->read(flash, SLOT_A, back, 16), OTTER_OK);
    assert_int_equal(back[0], 0xff);
}

static void test_a_bit_that_would_rise_is_refused_before_anything_falls(void **state)
{
    const uint8_t first[8] = {0xff, 0xff, 0xff, 0xff, 0xf0, 0, 0, 0}, second[8] = {0, 0, 0, 0, 0x0f, 0, 0, 0};
    struct otter_flash *flash = *state;

    assert_int_equal(flash->program(flash, SLOT_A, first, 8), OTTER_OK);
    assert_int_equal(flash->program(flash, SLOT_A, second, 8), OTTER_FLASH_ERROR);
    assert_memory_equal(fake_flash_cells(SLOT_A), first, 8);
}

static void test_an_erase_has_the_watchdogs_whole_time(void **state)
{
    struct otter_flash *flash = *state;

    for (uint32_t i = 1; i < 4; i++) {
        assert_int_equal(flash->erase(flash, SLOT_A), OTTER_OK);
        assert_int_equal(fake_flash.fed, i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_the_driver_keeps_the_contract_on_sectors_of_each_size, setup),
        cmocka_unit_test_setup(test_each_sector_is_erased_by_the_number_that_the_register_knows, setup),
        cmocka_unit_test_setup(test_bootloader_and_factory_data_are_out_of_reach, setup),
        cmocka_unit_test_setup(test_a_program_that_fails_is_an_error_and_the_next_one_works, setup),
        cmocka_unit_test_setup(test_an_erase_that_fails_is_an_error_and_the_next_one_works, setup),
        cmocka_unit_test_setup(test_a_controller_that_stays_locked_is_an_error_that_changes_nothing, setup),
        cmocka_unit_test_setup(test_a_write_protected_sector_is_an_error, setup),
        cmocka_unit_test_setup(test_error_flags_of_old_do_not_fail_an_operation, setup),
        cmocka_unit_test_setup(test_a_lock_that_the_hal_forgot_does_not_last, setup),
        cmocka_unit_test_setup(test_what_is_read_is_what_the_cells_hold_after_errors_too, setup),
        cmocka_unit_test_setup(test_a_bit_that_would_rise_is_refused_before_anything_falls, setup),
        cmocka_unit_test_setup(test_an_erase_has_the_watchdogs_whole_time, setup),
    };

    return cmocka_run_group_tests_name("stm32f4-flash", tests, NULL, NULL);
}
