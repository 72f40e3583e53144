/*
 * Whatever one connection sends to the real front (libmicrohttpd, our door, framing, routes, bodies), over a
 * unix socket, with the services faked: what comes back is of HTTP/1.1, none is a 500, it comes to an end,
 * and the next connection is served as if nothing had been.
 */
#include "fuzz.h"

#include "../unit/http/fake_service.h"
#include "http/front.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define REPLIES_MAX (1u << 20)

static struct svc *svc;
static char dir[] = "/tmp/fuzz-front-XXXXXX";
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static char replies[REPLIES_MAX + 1];

static void remove_socket(void)
{
    unlink(address.sun_path);
    rmdir(dir);
}

/* Runs to the end of the process. */
static void start_once(void)
{
    struct http_front_config config = {
        .listeners = 1, .threads = 1, .connections = 100, .idle_timeout_s = 2, .wrong_tokens = 0};
    struct http_front *front;
    struct host_error err = {0};
    char listen[96];

    MUST(signal(SIGPIPE, SIG_IGN) != SIG_ERR && mkdtemp(dir) != NULL);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/s", dir);
    snprintf(listen, sizeof(listen), "unix:%s", address.sun_path);
    svc = fake_open();
    svc->ready = true;
    config.svc = svc;
    config.listener[0].serves = HTTP_SERVES_ALL;
    MUST(http_address_parse(listen, &config.listener[0].address, &err));
    MUST(http_front_start(&config, &front, &err) == HTTP_START_OK);
    MUST(atexit(remove_socket) == 0);
}

static int connect_to_it(void)
{
    struct timeval limit = {.tv_sec = 60};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    MUST(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0);
    MUST(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) == 0);
    MUST(connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0);
    return fd;
}

/* Sends it all, in two pieces, says that no more will come, and reads to the end. */
static size_t exchange(const uint8_t *data, size_t size, size_t cut)
{
    int fd = connect_to_it();
    size_t len = 0;
    ssize_t n;

    if (send(fd, data, cut, MSG_NOSIGNAL) == (ssize_t)cut && cut < size)
        (void)send(fd, data + cut, size - cut, MSG_NOSIGNAL);
    (void)shutdown(fd, SHUT_WR);
    /* libFuzzer's alarm interrupts */
    while ((n = recv(fd, replies + len, REPLIES_MAX - len, 0)) > 0 || (n < 0 && errno == EINTR))
        len += n > 0 ? (size_t)n : 0;
    MUST(n == 0 || errno == ECONNRESET); /* not: it never came to an end */
    close(fd);
    replies[len] = '\0';
    return len;
}

/* Of further replies the problem tells: what it quotes of a request has its quotes escaped. */
static void check_replies(size_t len)
{
    int status = 0;

    if (len < 12)
        return; /* nothing that could be answered */
    MUST(sscanf(replies, "HTTP/1.1 %3d ", &status) == 1 && status >= 100 && status <= 599);
    MUST(status != 500 && memmem(replies, len, "\"status\":500", 12) == NULL);
}

static void check_next(void)
{
    static const char live[] = "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n";
    size_t len = exchange((const uint8_t *)live, sizeof(live) - 1, sizeof(live) - 1);

    MUST(len > 12 && memcmp(replies, "HTTP/1.1 200", 12) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static unsigned runs;

    if (svc == NULL)
        start_once();
    if (size < 2 || size > 32768)
        return 0;
    check_replies(exchange(data + 1, size - 1, data[0] % 2 == 0 ? size - 1 : (size - 1) * data[0] / 256));
    if (++runs % 64 == 0)
        check_next();
    return 0;
}
