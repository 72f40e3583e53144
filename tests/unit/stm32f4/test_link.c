/* Ethernet over a fake of ST's HAL, its DMA and the LAN8742A: frames, buffers running out, links that come
 * and go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_hal.h"

#include "port/board.h"

#include <string.h>

#define FULL_100 6u /* PHYSCSR's speed bits */
#define BURST    40u

static const uint8_t mac[6] = {0x02, 0x11, 0x22, 0x33, 0x44, 0x55};

static int setup(void **state)
{
    fake_hal_init();
    fake_eth.phy_reset = 3;
    *state = board_link();
    ((struct otter_link *)*state)->dropped = 0;
    return 0;
}

static int setup_up(void **state)
{
    struct otter_link *link;

    setup(state);
    link = *state;
    assert_true(link->start(link, mac));
    fake_phy_link(FULL_100);
    assert_true(link->is_up(link));
    return 0;
}

/* A frame whose bytes follow from its number. */
static void make(uint8_t *frame, uint32_t len, uint32_t number)
{
    for (uint32_t i = 0; i < len; i++)
        frame[i] = (uint8_t)(number * 31 + i);
}

static void from_wire(uint32_t len, uint32_t number)
{
    uint8_t frame[4096];

    make(frame, len, number);
    fake_eth_receive(frame, len);
}

static void assert_receives(struct otter_link *link, uint32_t len, uint32_t number)
{
    uint8_t frame[OTTER_FRAME_MAX], expect[OTTER_FRAME_MAX];

    make(expect, len, number);
    assert_int_equal(link->receive(link, frame, sizeof(frame)), len);
    assert_memory_equal(frame, expect, len);
}

static void assert_nothing_comes(struct otter_link *link)
{
    uint8_t frame[OTTER_FRAME_MAX];

    assert_int_equal(link->receive(link, frame, sizeof(frame)), 0);
}

static bool send(struct otter_link *link, uint32_t len, uint32_t number)
{
    uint8_t frame[4096];

    make(frame, len, number);
    return link->send(link, &(struct otter_frame_piece){frame, len}, 1);
}

static void assert_sent(uint32_t index, uint32_t len, uint32_t number)
{
    uint8_t expect[OTTER_FRAME_MAX];

    make(expect, len, number);
    assert_int_equal(fake_eth.sent_len[index % FAKE_SENT_MAX], len);
    assert_memory_equal(fake_eth.sent[index % FAKE_SENT_MAX], expect, len);
}

/* Both ways, with more frames than there are buffers: none has been lost on the way here. */
static void assert_works(struct otter_link *link)
{
    uint32_t sent = fake_eth.sent_count;

    for (uint32_t i = 0; i < BURST; i++) {
        from_wire(60 + i, i);
        assert_receives(link, 60 + i, i);
        assert_true(send(link, 60 + i, i));
        assert_nothing_comes(link);
        fake_eth_transmit();
        assert_int_equal(fake_eth.sent_count, sent + i + 1);
        assert_sent(sent + i, 60 + i, i);
    }
    for (uint32_t i = 0; i < ETH_RX_DESC_CNT; i++)
        from_wire(1514, i);
    for (uint32_t i = 0; i < ETH_RX_DESC_CNT; i++)
        assert_receives(link, 1514, i);
    assert_nothing_comes(link);
}

/* ---- start and link state ---- */

static void test_the_phy_is_found_at_any_address(void **state)
{
    struct otter_link *link = *state;

    for (uint32_t address = 0; address < 32; address++) {
        fake_eth.phy_address = address;
        fake_eth.phy_reset = 3;
        assert_true(link->start(link, mac));
    }
    assert_memory_equal(fake_eth.address, mac, 6);
}

static void test_a_start_that_fails_says_so_and_the_link_stays_down(void **state)
{
    struct otter_link *link = *state;

    fake_phy_link(FULL_100);
    fake_eth.phy_address = FAKE_PHY_NONE;
    assert_false(link->start(link, mac));
    assert_false(link->is_up(link));
    fake_eth.phy_address = 0;
    fake_eth.phy_reset = UINT32_MAX; /* its reset does not end */
    assert_false(link->start(link, mac));
    fake_eth.phy_reset = 3;
    fake_eth.bus_fails = true;
    assert_false(link->start(link, mac));
    fake_eth.bus_fails = false;
    fake_eth.init_fails = true; /* no clock from the PHY: the controller's reset does not end */
    assert_false(link->start(link, mac));
    assert_false(link->is_up(link));
    assert_false(send(link, 60, 1));
    assert_nothing_comes(link);
    fake_eth.init_fails = false;
    assert_true(link->start(link, mac));
    assert_true(link->is_up(link));
    assert_works(link);
}

static void test_speed_and_duplex_are_those_negotiated(void **state)
{
    static const struct {
        uint32_t bits, speed, duplex;
        FunctionalState retry;
    } table[] = {
        {1, ETH_SPEED_10M, ETH_HALFDUPLEX_MODE, ENABLE},
        {5, ETH_SPEED_10M, ETH_FULLDUPLEX_MODE, DISABLE},
        {2, ETH_SPEED_100M, ETH_HALFDUPLEX_MODE, ENABLE},
        {6, ETH_SPEED_100M, ETH_FULLDUPLEX_MODE, DISABLE},
    };
    struct otter_link *link = *state;

    assert_true(link->start(link, mac));
    assert_false(link->is_up(link));
    for (uint32_t i = 0; i < 4; i++) { /* from one to the next without a loss seen between */
        fake_phy_link(table[i].bits);
        assert_true(link->is_up(link));
        assert_int_equal(fake_eth.starts, i + 1);
        assert_int_equal(fake_eth.mac.Speed, table[i].speed);
        assert_int_equal(fake_eth.mac.DuplexMode, table[i].duplex);
        assert_int_equal(fake_eth.mac.RetryTransmission, table[i].retry);
        assert_memory_equal(fake_eth.address, mac, 6);
        assert_works(link);
        assert_true(link->is_up(link));
        assert_int_equal(fake_eth.starts, i + 1);
    }
    fake_phy_link(5);
    fake_eth.negotiates = true;
    assert_false(link->is_up(link));
    fake_eth.negotiates = false;
    assert_true(link->is_up(link));
    fake_phy_link(3); /* no speed at all */
    assert_false(link->is_up(link));
}

static void test_frames_in_flight_do_not_outlive_the_link(void **state)
{
    struct otter_link *link = *state;

    for (uint32_t round = 0; round < 5; round++) {
        for (uint32_t i = 0; i < 3; i++) {
            from_wire(100, i);
            assert_true(send(link, 100, i));
        }
        fake_phy_link(0);
        assert_false(link->is_up(link));
        assert_nothing_comes(link);
        assert_false(send(link, 60, 1));
        assert_false(link->is_up(link));
        fake_phy_link(FULL_100);
        assert_true(link->is_up(link));
        assert_works(link);
    }
}

/* Both sides negotiated anew: what the old link was worth is not known. */
static void test_a_loss_between_two_looks_is_seen(void **state)
{
    struct otter_link *link = *state;

    fake_phy_link(0);
    fake_phy_link(5);
    assert_false(link->is_up(link));
    assert_true(link->is_up(link));
    assert_int_equal(fake_eth.mac.Speed, ETH_SPEED_10M);
    assert_works(link);
}

static void test_a_phy_that_stops_answering_is_a_link_down(void **state)
{
    struct otter_link *link = *state;

    fake_eth.bus_fails = true;
    assert_false(link->is_up(link));
    fake_eth.bus_fails = false;
    assert_true(link->is_up(link));
    assert_works(link);
}

static void test_a_controller_that_does_not_start_is_tried_again(void **state)
{
    struct otter_link *link = *state;

    fake_phy_link(0);
    assert_false(link->is_up(link));
    fake_phy_link(FULL_100);
    fake_eth.start_fails = true;
    assert_false(link->is_up(link));
    fake_eth.start_fails = false;
    fake_eth.init_fails = true;
    assert_false(link->is_up(link));
    fake_eth.init_fails = false;
    assert_true(link->is_up(link));
    assert_works(link);
}

static void test_a_bus_error_is_left_by_a_reset_of_the_controller(void **state)
{
    struct otter_link *link = *state;

    from_wire(100, 1);
    fake_eth_break();
    from_wire(100, 2);
    assert_true(link->is_up(link));
    assert_int_equal(fake_eth.starts, 2);
    assert_works(link);
}

/* ---- receive ---- */

static void test_frames_come_in_order_without_their_check_sequence(void **state)
{
    static const uint32_t lengths[] = {14, 60, 61, 590, 1513, 1514};
    struct otter_link *link = *state;

    for (uint32_t i = 0; i < 6; i++)
        from_wire(lengths[i], i);
    for (uint32_t i = 0; i < 6; i++)
        assert_receives(link, lengths[i], i);
    assert_nothing_comes(link);
    assert_int_equal(link->dropped, 0);
}

static void test_frames_that_are_not_fit_are_dropped_and_counted(void **state)
{
    struct otter_link *link = *state;
    uint8_t small[100];

    from_wire(101, 1);
    from_wire(100, 2);
    assert_int_equal(link->receive(link, small, sizeof(small)), 100);
    assert_int_equal(small[0], (uint8_t)62);
    assert_int_equal(link->dropped, 1);
    from_wire(13, 1);   /* no header */
    from_wire(1515, 2); /* too long, in one buffer */
    from_wire(2044, 3); /* in two: as much as the MAC lets through */
    fake_eth.rx_errors = 2;
    from_wire(60, 4); /* damaged */
    fake_eth.rx_errors = 0;
    from_wire(60, 5);
    assert_receives(link, 60, 5);
    assert_int_equal(link->dropped, 5);
    assert_works(link);
}

/* Whatever the caller has room for: a part of a frame is no frame. */
static void test_a_frame_in_two_buffers_is_dropped_whole(void **state)
{
    struct otter_link *link = *state;
    uint8_t large[4096];

    from_wire(2044, 1);
    from_wire(60, 2);
    assert_int_equal(link->receive(link, large, sizeof(large)), 60);
    assert_int_equal(link->dropped, 1);
    assert_works(link);
}

static void test_a_flood_of_bad_frames_does_not_hold_the_caller(void **state)
{
    struct otter_link *link = *state;

    fake_eth.rx_errors = 1;
    for (uint32_t i = 0; i < ETH_RX_DESC_CNT; i++)
        from_wire(60, i);
    assert_nothing_comes(link);
    assert_int_equal(link->dropped, ETH_RX_DESC_CNT);
    fake_eth.rx_errors = 0;
    assert_works(link);
}

static void test_frames_beyond_the_buffers_are_lost_and_the_next_ones_come(void **state)
{
    struct otter_link *link = *state;

    for (uint32_t round = 0; round < 20; round++) {
        uint32_t missed = fake_eth.missed;

        for (uint32_t i = 0; i < BURST; i++)
            from_wire(60, i);
        assert_int_equal(fake_eth.missed - missed, BURST - ETH_RX_DESC_CNT);
        for (uint32_t i = 0; i < ETH_RX_DESC_CNT; i++)
            assert_receives(link, 60, i);
        assert_nothing_comes(link);
        assert_works(link);
    }
}

/* The DMA saw the descriptor before it was its own again, and slept over the HAL's call. */
static void test_a_receiver_that_fell_asleep_is_woken(void **state)
{
    struct otter_link *link = *state;

    for (uint32_t i = 0; i <= ETH_RX_DESC_CNT; i++)
        from_wire(60, i);
    for (uint32_t i = 0; i < ETH_RX_DESC_CNT; i++) {
        fake_eth.poll_is_lost = true;
        assert_receives(link, 60, i);
    }
    from_wire(60, 98);
    assert_int_equal(fake_eth.missed, 2);
    assert_nothing_comes(link);
    from_wire(60, 99);
    assert_receives(link, 60, 99);
    assert_works(link);
}

static void test_every_buffer_is_given_out_once(void **state)
{
    uint8_t *seen[64], *buffer;
    uint32_t n = 0;

    (void)state;
    for (;;) {
        buffer = (uint8_t *)&n;
        HAL_ETH_RxAllocateCallback(&buffer);
        if (buffer == NULL)
            break;
        assert_true(n < 64);
        for (uint32_t i = 0; i < n; i++)
            assert_ptr_not_equal(seen[i], buffer);
        assert_int_equal((uintptr_t)buffer % 4, 0);
        seen[n++] = buffer;
    }
    assert_true(n >= 1);
}

static void test_a_frame_that_waits_ends_sleep(void **state)
{
    struct otter_link *link = *state;

    board_idle(100);
    assert_int_equal(fake_chip.sleeps, 1);
    from_wire(60, 1);
    board_idle(100);
    assert_int_equal(fake_chip.sleeps, 1);
    assert_receives(link, 60, 1);
    assert_nothing_comes(link);
    board_idle(100);
    assert_int_equal(fake_chip.sleeps, 2);
}

/* ---- send ---- */

static void test_a_frame_is_gathered_from_its_pieces(void **state)
{
    const struct otter_frame_piece pieces[] = {{"abc", 3}, {NULL, 0}, {"defgh", 5}, {"i", 1}};
    struct otter_link *link = *state;

    assert_true(link->send(link, pieces, 4));
    fake_eth_transmit();
    assert_int_equal(fake_eth.sent_count, 1);
    assert_int_equal(fake_eth.sent_len[0], 9);
    assert_memory_equal(fake_eth.sent[0], "abcdefghi", 9);
}

static void test_what_is_no_frame_is_refused(void **state)
{
    static uint8_t big[OTTER_FRAME_MAX + 1];
    const struct otter_frame_piece whole[] = {{big, OTTER_FRAME_MAX}, {big, 1}},
                                   wraps[] = {{big, 10}, {big, UINT32_MAX - 5}};
    struct otter_link *link = *state;

    assert_false(link->send(link, whole, 0));
    assert_false(link->send(link, &whole[1], 0));
    assert_false(link->send(link, whole, 2));
    assert_false(link->send(link, wraps, 2));
    assert_true(link->send(link, whole, 1));
    fake_eth_transmit();
    assert_int_equal(fake_eth.sent_len[0], OTTER_FRAME_MAX);
    assert_works(link);
}

/* The like of the receiver's: it saw the descriptor just before it was handed over. */
static void test_a_transmitter_that_fell_asleep_is_woken(void **state)
{
    struct otter_link *link = *state;

    fake_eth.send_is_lost = true;
    assert_true(send(link, 60, 1));
    fake_eth_transmit();
    assert_int_equal(fake_eth.sent_count, 0);
    assert_nothing_comes(link);
    fake_eth_transmit();
    assert_int_equal(fake_eth.sent_count, 1);
    assert_sent(0, 60, 1);
}

static void test_a_full_transmitter_refuses_and_loses_nothing(void **state)
{
    struct otter_link *link = *state;
    uint32_t taken = 0;

    fake_eth.stalled = true;
    while (send(link, 1514, taken))
        taken++;
    assert_int_equal(taken, ETH_TX_DESC_CNT);
    assert_false(send(link, 60, 1));
    fake_eth.stalled = false;
    fake_eth_transmit();
    assert_int_equal(fake_eth.sent_count, taken);
    for (uint32_t i = 0; i < taken; i++)
        assert_sent(i, 1514, i);
    assert_works(link);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_the_phy_is_found_at_any_address, setup),
        cmocka_unit_test_setup(test_a_start_that_fails_says_so_and_the_link_stays_down, setup),
        cmocka_unit_test_setup(test_speed_and_duplex_are_those_negotiated, setup),
        cmocka_unit_test_setup(test_frames_in_flight_do_not_outlive_the_link, setup_up),
        cmocka_unit_test_setup(test_a_loss_between_two_looks_is_seen, setup_up),
        cmocka_unit_test_setup(test_a_phy_that_stops_answering_is_a_link_down, setup_up),
        cmocka_unit_test_setup(test_a_controller_that_does_not_start_is_tried_again, setup_up),
        cmocka_unit_test_setup(test_a_bus_error_is_left_by_a_reset_of_the_controller, setup_up),
        cmocka_unit_test_setup(test_frames_come_in_order_without_their_check_sequence, setup_up),
        cmocka_unit_test_setup(test_frames_that_are_not_fit_are_dropped_and_counted, setup_up),
        cmocka_unit_test_setup(test_a_frame_in_two_buffers_is_dropped_whole, setup_up),
        cmocka_unit_test_setup(test_a_flood_of_bad_frames_does_not_hold_the_caller, setup_up),
        cmocka_unit_test_setup(test_frames_beyond_the_buffers_are_lost_and_the_next_ones_come, setup_up),
        cmocka_unit_test_setup(test_a_receiver_that_fell_asleep_is_woken, setup_up),
        cmocka_unit_test_setup(test_every_buffer_is_given_out_once, setup_up),
        cmocka_unit_test_setup(test_a_frame_that_waits_ends_sleep, setup_up),
        cmocka_unit_test_setup(test_a_frame_is_gathered_from_its_pieces, setup_up),
        cmocka_unit_test_setup(test_what_is_no_frame_is_refused, setup_up),
        cmocka_unit_test_setup(test_a_transmitter_that_fell_asleep_is_woken, setup_up),
        cmocka_unit_test_setup(test_a_full_transmitter_refuses_and_loses_nothing, setup_up),
    };

    return cmocka_run_group_tests_name("stm32f4-link", tests, NULL, NULL);
}
