/*
 * Replies that leave together. Each reply wakes its client, and where signing takes the loop tens of
 * microseconds a reply, the clients, or the network, are woken for each one alone: on a machine that they
 * share with otterd that cost a third of both. So the kernel holds a signed reply (TCP_CORK) until the loop
 * has made those of the same round, or HTTP_HOLD_MAX of them. Loop thread only. Private to server/http.
 */
#ifndef OTTER_HTTP_HOLD_H
#define OTTER_HTTP_HOLD_H

/* About a millisecond's signatures: who is first waits so long at most. */
#define HTTP_HOLD_MAX 32u

struct http_hold {
    int fd[HTTP_HOLD_MAX];
    unsigned count;
};

/* What is sent to this socket from now on is held; when there are as many as may be, the others are let go
 * first. A socket that cannot hold (of a unix address) sends at once. */
void http_hold_take(struct http_hold *hold, int fd);

/* All of them are sent. */
void http_hold_let_go(struct http_hold *hold);

#endif
