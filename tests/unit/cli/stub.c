#include "stub.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUESTS_MAX 16
#define REQUEST_MAX  (2u << 20)

struct stub {
    pthread_t thread;
    int fd;
    char url[64];
    const struct stub_reply *next;
    char *request[REQUESTS_MAX];
    size_t count;
    size_t surprises;
};

static size_t body_length(const char *head)
{
    const char *at = strcasestr(head, "\r\nContent-Length:");

    return at != NULL ? strtoul(at + strlen("\r\nContent-Length:"), NULL, 10) : 0;
}

/* Head and as much body as it announces. */
static char *read_request(int fd)
{
    char *text = calloc(1, REQUEST_MAX + 1);
    size_t len = 0;

    while (text != NULL && len < REQUEST_MAX) {
        char *end = strstr(text, "\r\n\r\n");
        ssize_t n;

        if (end != NULL && len >= (size_t)(end + 4 - text) + body_length(text))
            return text;
        n = read(fd, text + len, REQUEST_MAX - len);
        if (n <= 0)
            break;
        len += (size_t)n;
        text[len] = '\0';
    }
    free(text);
    return NULL;
}

static void answer(int fd, const struct stub_reply *r)
{
    const char *body = r->body != NULL ? r->body : "";
    char *text = NULL;
    int len = asprintf(&text, "HTTP/1.1 %sContent-Length: %zu\r\nConnection: close\r\n\r\n%s", r->reply,
                       strlen(body), body);

    if (len > 0 && write(fd, text, (size_t)len) != len)
        perror("stub");
    free(text);
}

static void *serve(void *arg)
{
    static const struct stub_reply surprise = {"", "500 Unexpected\r\n", NULL};
    struct stub *s = arg;

    for (;;) {
        int fd = accept(s->fd, NULL, NULL);
        char *request;

        if (fd < 0)
            return NULL; /* stub_stop has shut the socket down */
        request = read_request(fd);
        if (request != NULL && s->count < REQUESTS_MAX) {
            const struct stub_reply *r = s->next;

            s->request[s->count++] = request;
            if (r->expect == NULL || strncmp(request, r->expect, strlen(r->expect)) != 0) {
                s->surprises++;
                fprintf(stderr, "stub: unexpected: %.60s\n", request);
                r = &surprise;
            } else {
                s->next++;
            }
            if (r->reply != NULL)
                answer(fd, r);
        } else {
            free(request);
        }
        shutdown(fd, SHUT_WR);
        close(fd);
    }
}

struct stub *stub_start(const struct stub_reply *replies)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    struct stub *s = calloc(1, sizeof(*s));

    if (s == NULL)
        abort();
    s->next = replies;
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s->fd < 0 || bind(s->fd, (struct sockaddr *)&at, sizeof(at)) != 0 || listen(s->fd, 8) != 0 ||
        getsockname(s->fd, (struct sockaddr *)&at, &len) != 0 ||
        pthread_create(&s->thread, NULL, serve, s) != 0)
        abort();
    snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%u", ntohs(at.sin_port));
    return s;
}

const char *stub_url(const struct stub *s)
{
    return s->url;
}

const char *stub_request(const struct stub *s, size_t i)
{
    return i < s->count ? s->request[i] : NULL;
}

size_t stub_surprises(const struct stub *s)
{
    return s->surprises + (s->next->expect != NULL ? 1 : 0); /* one that was never asked for is one, too */
}

void stub_stop(struct stub *s)
{
    shutdown(s->fd, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->fd);
    for (size_t i = 0; i < s->count; i++)
        free(s->request[i]);
    free(s);
}
