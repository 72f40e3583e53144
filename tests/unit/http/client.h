/* A small blocking HTTP client on sockets, which does what a test tells it, right or wrong. */
#ifndef OTTER_TEST_CLIENT_H
#define OTTER_TEST_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

struct answer {
    int status; /* 0: the connection ended before a whole answer */
    char head[2048];
    char *body; /* NUL behind it; free with answer_clear */
    size_t body_len;
};

/* "127.0.0.1:PORT" or "unix:PATH"; -1 if refused. Reads time out after 20 s, so that no test hangs. */
int client_connect(const char *address);
void client_send(int fd, const void *data, size_t len);
void client_text(int fd, const char *text);
/* Reads one answer; a HEAD's has no body. */
void client_read(int fd, bool is_head, struct answer *ret);
/* True if the other side has closed. */
bool client_ended(int fd);
void answer_clear(struct answer *a);
/* The value of a header (a copy in a static buffer), or NULL. */
const char *answer_header(const struct answer *a, const char *name);

#endif
