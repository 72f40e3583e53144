/* Whose connection is closed first, over socket pairs. */
#include "test.h"

#include "http/crowd.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SEATS = 6 };

struct world {
    struct http_crowd crowd;
    struct http_seat *seat[SEATS];
    int ours[SEATS], theirs[SEATS];
};

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);

    for (unsigned i = 0; i < SEATS; i++) {
        int pair[2];

        if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
            return -1;
        w->ours[i] = pair[0];
        w->theirs[i] = pair[1];
        w->seat[i] = http_crowd_enter(&w->crowd, pair[0], i);
    }
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    for (unsigned i = 0; i < SEATS; i++) {
        http_crowd_leave(&w->crowd, w->seat[i]);
        close(w->ours[i]);
        close(w->theirs[i]);
    }
    assert_int_equal(w->crowd.open, 0);
    assert_int_equal(w->crowd.gone, 0);
    for (unsigned i = 0; i < HTTP_PLACES; i++) {
        assert_null(w->crowd.place[i].first);
        assert_null(w->crowd.place[i].last);
    }
    free(w);
    return 0;
}

/* Whose turn it is; SEATS: nobody's. */
static unsigned evicted(struct world *w, uint64_t now_ms, uint64_t patience_ms)
{
    enum http_place place = HTTP_PLACE_GONE;
    char byte;

    if (!http_crowd_evict(&w->crowd, now_ms, patience_ms, &place))
        return SEATS;
    assert_true(place < HTTP_PLACES);
    for (unsigned i = 0; i < SEATS; i++) {
        if (w->theirs[i] >= 0 && recv(w->theirs[i], &byte, 1, MSG_DONTWAIT) == 0) {
            assert_int_equal(w->seat[i]->place, HTTP_PLACE_GONE);
            close(w->theirs[i]);
            w->theirs[i] = -1;
            return i;
        }
    }
    fail_msg("somebody was closed, and nobody has heard of it");
    return SEATS;
}

static void who_came_first_goes_first(void **state)
{
    struct world *w = *state;

    for (unsigned i = 0; i < SEATS; i++) {
        assert_int_equal(evicted(w, 100, 0), i);
        assert_int_equal(w->crowd.gone, i + 1);
    }
    assert_int_equal(evicted(w, 100, 0), SEATS);
}

static void idle_before_heads_before_bodies_and_the_busy_never(void **state)
{
    struct world *w = *state;

    http_crowd_move(&w->crowd, w->seat[0], HTTP_PLACE_BUSY, 10);
    http_crowd_move(&w->crowd, w->seat[1], HTTP_PLACE_BODY, 11);
    http_crowd_move(&w->crowd, w->seat[4], HTTP_PLACE_IDLE, 13);
    http_crowd_move(&w->crowd, w->seat[3], HTTP_PLACE_IDLE, 12); /* last in the row, whatever it says */
    assert_int_equal(evicted(w, 100, 0), 4);
    assert_int_equal(evicted(w, 100, 0), 3);
    assert_int_equal(evicted(w, 100, 0), 2);
    assert_int_equal(evicted(w, 100, 0), 5);
    assert_int_equal(evicted(w, 100, 0), 1);
    assert_int_equal(evicted(w, 100, 0), SEATS);
    http_crowd_move(&w->crowd, w->seat[0], HTTP_PLACE_IDLE, 100);
    assert_int_equal(evicted(w, 100, 0), 0);
}

static void nobody_goes_before_his_time(void **state)
{
    struct world *w = *state;

    assert_int_equal(evicted(w, 49, 50), SEATS);
    assert_int_equal(evicted(w, 50, 50), 0);
    assert_int_equal(evicted(w, 50, 50), SEATS);
    http_crowd_move(&w->crowd, w->seat[1], HTTP_PLACE_IDLE, 51); /* an answer begins the time anew */
    assert_int_equal(evicted(w, 52, 50), 2);
    assert_int_equal(evicted(w, 0, 50), SEATS);
    assert_int_equal(evicted(w, 101, 50), 1);
}

static void whoever_has_sent_something_stays(void **state)
{
    struct world *w = *state;
    char got;

    assert_int_equal(send(w->theirs[0], "P", 1, 0), 1);
    assert_int_equal(evicted(w, 100, 0), 1);
    assert_int_equal(recv(w->ours[0], &got, 1, 0), 1); /* not taken by the look */
    assert_int_equal(evicted(w, 100, 0), 0);
}

static void who_was_closed_comes_to_no_other_place(void **state)
{
    struct world *w = *state;

    assert_int_equal(evicted(w, 100, 0), 0);
    http_crowd_move(&w->crowd, w->seat[0], HTTP_PLACE_IDLE, 100);
    assert_int_equal(evicted(w, 100, 0), 1);
    assert_int_equal(w->crowd.gone, 2);
    http_crowd_leave(&w->crowd, w->seat[0]);
    w->seat[0] = NULL;
    assert_int_equal(w->crowd.gone, 1);
    assert_int_equal(w->crowd.open, SEATS - 1);
    http_crowd_move(&w->crowd, NULL, HTTP_PLACE_IDLE, 100); /* of a connection without a seat */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_came_first_goes_first, setup, teardown),
        cmocka_unit_test_setup_teardown(idle_before_heads_before_bodies_and_the_busy_never, setup, teardown),
        cmocka_unit_test_setup_teardown(nobody_goes_before_his_time, setup, teardown),
        cmocka_unit_test_setup_teardown(whoever_has_sent_something_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(who_was_closed_comes_to_no_other_place, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
