/*
 * Replies that leave together. Each reply wakes its client, and where signing takes the loop tens of
 * microseconds a reply, the clients, or the network, are woken for each one alone: on a machine that they
 * share with otterd that cost a third of both. So the kernel holds a signed reply (TCP_CORK) until the loop
 * has made those of the same round, or HTTP_HOLD_MAX of them, or HTTP_HOLD_US have passed: a round may be
 * long for what else is in it. Loop thread only. Private to server/http.
 */
#ifndef OTTER_HTTP_HOLD_H
#define OTTER_HTTP_HOLD_H

#include <stdint.h>

#define HTTP_HOLD_MAX 32u   /* one or two milliseconds' signatures */
#define HTTP_HOLD_US  2000u /* who is first waits so long, and for one piece of work more */

struct http_hold {
    int fd[HTTP_HOLD_MAX];
    unsigned count;
    uint64_t since_us; /* monotonic: when the first of them came */
};

/* What is sent to this socket from now on is held; when there are as many as may be, the others are let go
 * first. A socket that cannot hold (of a unix address) sends at once. */
void http_hold_take(struct http_hold *hold, int fd, uint64_t now_us);

/* The first of them has waited long enough: all are sent. */
void http_hold_expire(struct http_hold *hold, uint64_t now_us);

/* All of them are sent. */
void http_hold_let_go(struct http_hold *hold);

#endif
