/* Clocks, reset cause, watchdog, entropy, console and time of the NUCLEO-F429ZI, over a fake of ST's HAL. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_hal.h"

#include "port/board.h"

#include <string.h>

static int setup(void **state)
{
    (void)state;
    fake_hal_init();
    return 0;
}

/* First of all tests: the console's handle is still zero. */
static void test_the_console_is_harmless_before_the_board_is_ready(void **state)
{
    (void)state;
    board_putc('x');
    assert_int_equal(fake_chip.console_len, 0);
    board_init();
    board_putc('o');
    board_putc('k');
    assert_int_equal(fake_chip.console_len, 2);
    assert_memory_equal(fake_chip.console, "ok", 2);
    assert_int_equal(fake_chip.no_clock, 0);
}

static void test_a_fault_in_the_middle_of_a_character_can_still_be_told(void **state)
{
    (void)state;
    board_init();
    fake_chip.console_faults = true;
    assert_true(FAKE_RESETS(board_putc('x')));
    fake_chip.console_faults = false;
    board_putc('f');
    assert_int_equal(fake_chip.console_len, 1);
    assert_int_equal(fake_chip.console[0], 'f');
}

static void test_the_clock_comes_from_the_st_link_or_from_the_chip(void **state)
{
    (void)state;
    board_init();
    assert_int_equal(fake_chip.oscillator.OscillatorType, RCC_OSCILLATORTYPE_HSE);
    assert_int_equal(fake_chip.oscillator.HSEState, RCC_HSE_BYPASS);
    assert_int_equal(fake_chip.latency, FLASH_LATENCY_5);
    fake_hal_init();
    fake_chip.hse_fails = true;
    board_init();
    assert_int_equal(fake_chip.oscillator.OscillatorType, RCC_OSCILLATORTYPE_HSI);
    assert_int_equal(fake_chip.latency, FLASH_LATENCY_5);
    fake_chip.hsi_fails = true;
    assert_true(FAKE_RESETS(board_init()));
}

#define BIT(flag) (1u << ((flag)&31u))
#define PIN       BIT(RCC_FLAG_PINRST)

static void test_each_reset_has_its_cause_and_is_told_once(void **state)
{
    static const struct {
        uint32_t flags;
        enum otter_reset_cause cause;
    } table[] = {
        {0, OTTER_RESET_POWER},
        {PIN, OTTER_RESET_POWER},
        {PIN | BIT(RCC_FLAG_BORRST), OTTER_RESET_POWER},
        {PIN | BIT(RCC_FLAG_PORRST) | BIT(RCC_FLAG_BORRST), OTTER_RESET_POWER},
        {PIN | BIT(RCC_FLAG_PORRST) | BIT(RCC_FLAG_IWDGRST), OTTER_RESET_POWER},
        {PIN | BIT(RCC_FLAG_BORRST) | BIT(RCC_FLAG_SFTRST), OTTER_RESET_POWER},
        {PIN | BIT(RCC_FLAG_IWDGRST), OTTER_RESET_WATCHDOG},
        {PIN | BIT(RCC_FLAG_IWDGRST) | BIT(RCC_FLAG_SFTRST), OTTER_RESET_WATCHDOG},
        {PIN | BIT(RCC_FLAG_WWDGRST), OTTER_RESET_WATCHDOG},
        {PIN | BIT(RCC_FLAG_SFTRST), OTTER_RESET_SOFTWARE},
        {PIN | BIT(RCC_FLAG_LPWRRST), OTTER_RESET_POWER},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        fake_chip.reset_flags = table[i].flags;
        assert_int_equal(board_reset_cause(), table[i].cause);
        assert_int_equal(fake_chip.reset_flags, 0);
    }
}

static void test_the_boards_start_keeps_the_cause(void **state)
{
    (void)state;
    fake_chip.reset_flags = PIN | BIT(RCC_FLAG_IWDGRST);
    board_init();
    assert_int_equal(board_reset_cause(), OTTER_RESET_WATCHDOG);
}

static void test_the_watchdog_has_eight_seconds(void **state)
{
    (void)state;
    board_watchdog_feed();
    assert_int_equal(fake_chip.watchdog_inits, 0);
    fake_chip.watchdog_init_fails = 3;
    board_watchdog_start();
    assert_int_equal(fake_chip.watchdog_inits, 4);
    assert_int_equal(fake_chip.watchdog.Prescaler, IWDG_PRESCALER_64);
    assert_int_equal((fake_chip.watchdog.Reload + 1) * 64 * 1000 / LSI_VALUE, 8000);
    assert_true(fake_chip.watchdog.Reload <= 0xfff);
    board_watchdog_feed();
    assert_int_equal(fake_chip.watchdog_fed, 2);
}

static void test_time_goes_on_when_the_tick_wraps(void **state)
{
    uint64_t before;

    (void)state;
    fake_chip.tick = UINT32_MAX - 5;
    before = board_ms();
    for (uint32_t i = 1; i < 20; i++) {
        HAL_IncTick();
        assert_true(board_ms() == before + i);
    }
}

static void test_idle_sleeps_for_a_tick_at_the_longest(void **state)
{
    (void)state;
    board_idle(0);
    assert_int_equal(fake_chip.sleeps, 0);
    board_idle(3600000);
    assert_int_equal(fake_chip.sleeps, 1);
}

static void test_the_light_goes_on_and_off(void **state)
{
    (void)state;
    board_init();
    board_led(true);
    assert_int_equal(fake_chip.led, GPIO_PIN_SET);
    board_led(false);
    assert_int_equal(fake_chip.led, GPIO_PIN_RESET);
}

static void test_the_hand_over_lies_where_nothing_clears_it(void **state)
{
    extern uint32_t program_noinit[];

    (void)state;
    assert_ptr_equal(board_handover(), program_noinit);
    assert_string_equal(board_hardware, board_flash()->map->hardware);
}

/* ---- entropy; the driver stays as the test before left it: running ---- */

static void draw(void *buf, size_t len)
{
    struct otter_random *random = board_random();

    random->fill(random, buf, len);
}

static void test_the_first_word_after_a_start_is_not_used(void **state)
{
    uint8_t b[8];

    (void)state;
    draw(b, sizeof(b));
    assert_memory_equal(b, "\2\2\2\2\3\3\3\3", 8);
    assert_int_equal(fake_rng.inits, 1);
    assert_int_equal(fake_chip.no_clock, 0);
}

static void test_any_length_is_filled_and_no_more(void **state)
{
    (void)state;
    for (size_t len = 0; len < 10; len++) {
        uint8_t b[12];

        memset(b, 0, sizeof(b));
        draw(b, len);
        for (size_t i = 0; i < sizeof(b); i++)
            assert_int_equal(b[i] != 0, i < len);
    }
}

/* A word that came with an error, or twice, is thrown away, and the RNG begun anew. */
static void test_words_in_error_are_not_used(void **state)
{
    static const size_t counters[] = {offsetof(struct fake_rng, hal_fails),
                                      offsetof(struct fake_rng, seed_fails),
                                      offsetof(struct fake_rng, clock_fails)};

    (void)state;
    for (unsigned i = 0; i < 3; i++)
        for (uint32_t fails = 1; fails <= 4; fails++) {
            uint32_t before, word;

            fake_hal_init();
            fake_rng.words = 10;
            memcpy((uint8_t *)&fake_rng + counters[i], &fails, sizeof(fails));
            draw(&word, sizeof(word));
            memcpy(&before, (uint8_t *)&fake_rng + counters[i], sizeof(before));
            assert_int_equal(before, 0);
            assert_int_equal(word, fake_rng.words * 0x01010101u); /* the last one drawn */
            assert_int_equal(fake_rng.inits, fails);
        }
}

static void test_a_board_without_entropy_resets(void **state)
{
    uint32_t word = 0;

    (void)state;
    fake_rng.seed_fails = UINT32_MAX;
    assert_true(FAKE_RESETS(draw(&word, sizeof(word))));
    fake_hal_init();
    fake_rng.hal_fails = UINT32_MAX;
    assert_true(FAKE_RESETS(draw(&word, sizeof(word))));
    fake_hal_init();
    fake_rng.words = 7;
    fake_rng.repeats = true;
    assert_true(FAKE_RESETS(draw(&word, sizeof(word))));
    assert_int_equal(word, 0);
    fake_rng.repeats = false;
    draw(&word, sizeof(word));
    assert_int_not_equal(word, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_the_console_is_harmless_before_the_board_is_ready, setup),
        cmocka_unit_test_setup(test_a_fault_in_the_middle_of_a_character_can_still_be_told, setup),
        cmocka_unit_test_setup(test_the_first_word_after_a_start_is_not_used, setup),
        cmocka_unit_test_setup(test_any_length_is_filled_and_no_more, setup),
        cmocka_unit_test_setup(test_words_in_error_are_not_used, setup),
        cmocka_unit_test_setup(test_a_board_without_entropy_resets, setup),
        cmocka_unit_test_setup(test_the_clock_comes_from_the_st_link_or_from_the_chip, setup),
        cmocka_unit_test_setup(test_each_reset_has_its_cause_and_is_told_once, setup),
        cmocka_unit_test_setup(test_the_boards_start_keeps_the_cause, setup),
        cmocka_unit_test_setup(test_the_watchdog_has_eight_seconds, setup),
        cmocka_unit_test_setup(test_time_goes_on_when_the_tick_wraps, setup),
        cmocka_unit_test_setup(test_idle_sleeps_for_a_tick_at_the_longest, setup),
        cmocka_unit_test_setup(test_the_light_goes_on_and_off, setup),
        cmocka_unit_test_setup(test_the_hand_over_lies_where_nothing_clears_it, setup),
    };

    return cmocka_run_group_tests_name("stm32f4-board", tests, NULL, NULL);
}
