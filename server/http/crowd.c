#include "http/crowd.h"

#include <stdlib.h>
#include <sys/socket.h>

#define LOOKS_MAX 16u /* at whom bytes are waiting for, until we let it be for this time */

static bool stands_in_row(const struct http_seat *seat)
{
    return seat->place < HTTP_PLACES;
}

static void take_out(struct http_crowd *crowd, struct http_seat *seat)
{
    if (!stands_in_row(seat))
        return;
    if (seat->prev)
        seat->prev->next = seat->next;
    else
        crowd->place[seat->place].first = seat->next;
    if (seat->next)
        seat->next->prev = seat->prev;
    else
        crowd->place[seat->place].last = seat->prev;
    seat->next = seat->prev = NULL;
}

static void put_last(struct http_crowd *crowd, struct http_seat *seat)
{
    if (!stands_in_row(seat))
        return;
    seat->prev = crowd->place[seat->place].last;
    if (seat->prev)
        seat->prev->next = seat;
    else
        crowd->place[seat->place].first = seat;
    crowd->place[seat->place].last = seat;
}

struct http_seat *http_crowd_enter(struct http_crowd *crowd, int fd, uint64_t now_ms)
{
    struct http_seat *seat = calloc(1, sizeof *seat);

    if (!seat)
        return NULL;
    seat->fd = fd;
    seat->number = ++crowd->numbered;
    seat->since_ms = now_ms;
    seat->place = HTTP_PLACE_HEAD;
    put_last(crowd, seat);
    crowd->open++;
    return seat;
}

void http_crowd_leave(struct http_crowd *crowd, struct http_seat *seat)
{
    if (!seat)
        return;
    take_out(crowd, seat);
    crowd->open--;
    crowd->gone -= seat->place == HTTP_PLACE_GONE;
    free(seat);
}

void http_crowd_move(struct http_crowd *crowd, struct http_seat *seat, enum http_place place, uint64_t now_ms)
{
    if (!seat || seat->place == HTTP_PLACE_GONE)
        return;
    take_out(crowd, seat);
    seat->place = place;
    seat->since_ms = now_ms;
    put_last(crowd, seat);
}

/* Has it sent what the loop has not read yet? Then it is not idle, and closing would reset it. */
static bool has_sent(const struct http_seat *seat)
{
    char byte;

    return recv(seat->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

static void evict(struct http_crowd *crowd, struct http_seat *seat)
{
    take_out(crowd, seat);
    seat->place = HTTP_PLACE_GONE;
    crowd->gone++;
    /* libmicrohttpd has no call for it, and sees this as a hang-up. The descriptor stays its own. */
    (void)shutdown(seat->fd, SHUT_RDWR);
}

static bool is_due(const struct http_seat *seat, uint64_t now_ms, uint64_t patience_ms)
{
    return now_ms >= seat->since_ms && now_ms - seat->since_ms >= patience_ms;
}

bool http_crowd_evict(struct http_crowd *crowd, uint64_t now_ms, uint64_t patience_ms,
                      enum http_place *ret_place)
{
    unsigned looks = 0;

    for (unsigned place = 0; place < HTTP_PLACES; place++) {
        struct http_seat *seat = crowd->place[place].first;

        for (; seat && is_due(seat, now_ms, patience_ms) && looks < LOOKS_MAX; seat = seat->next, looks++) {
            if (has_sent(seat))
                continue;
            *ret_place = seat->place;
            evict(crowd, seat);
            return true;
        }
    }
    return false;
}
