/* The response parser: each reply is fed whole and one byte at a time, and must read the same both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/http.h"

#include <stdlib.h>
#include <string.h>

struct outcome {
    enum otter_http_event end; /* DONE, BAD, or MORE when the input ran out */
    bool headed;
    struct otter_http_head head;
    char body[256];
    uint32_t body_len;
    uint32_t used;
};

/* Feeds `in` in pieces of at most `step` bytes; each piece is copied so that reading past it is caught. */
static void run(const char *in, uint32_t len, uint32_t step, struct outcome *o)
{
    struct otter_http http;
    uint32_t at = 0;

    memset(o, 0, sizeof(*o));
    otter_http_init(&http);
    for (;;) {
        uint32_t n = len - at < step ? len - at : step;
        uint8_t *piece = malloc(n > 0 ? n : 1);
        const uint8_t *body = NULL;
        uint32_t body_len = 0;
        uint32_t used = 0;

        assert_non_null(piece);
        memcpy(piece, in + at, n);
        o->end = otter_http_feed(&http, piece, n, &used, &body, &body_len);
        assert_true(used <= n);
        if (o->end == OTTER_HTTP_BODY) {
            assert_true(o->body_len + body_len <= sizeof(o->body));
            memcpy(o->body + o->body_len, body, body_len);
            o->body_len += body_len;
        }
        free(piece);
        at += used;
        if (o->end == OTTER_HTTP_HEAD) {
            o->headed = true;
            o->head = http.head;
        }
        if (o->end == OTTER_HTTP_DONE || o->end == OTTER_HTTP_BAD || (o->end == OTTER_HTTP_MORE && at == len))
            break;
    }
    o->used = at;
}

static void both_ways(const char *in, uint32_t len, struct outcome *o)
{
    struct outcome bytewise;

    run(in, len, len > 0 ? len : 1, o);
    for (uint32_t step = 1; step <= 3; step++) {
        run(in, len, step, &bytewise);
        assert_int_equal(bytewise.end, o->end);
        assert_int_equal(bytewise.headed, o->headed);
        assert_memory_equal(&bytewise.head, &o->head, sizeof(o->head));
        assert_int_equal(bytewise.body_len, o->body_len);
        assert_memory_equal(bytewise.body, o->body, o->body_len);
        if (o->end != OTTER_HTTP_BAD)
            assert_int_equal(bytewise.used, o->used);
    }
}

#define OK_ "HTTP/1.1 200 OK\r\n"

struct reply {
    const char *name;
    const char *in;
    uint16_t status;
    const char *body;
    bool close;
};

static const struct reply good[] = {
    {"empty body", OK_ "Content-Length: 0\r\n\r\n", 200, "", false},
    {"body", OK_ "Content-Length: 5\r\n\r\nhello", 200, "hello", false},
    {"bytes behind the body are left alone", OK_ "Content-Length: 2\r\n\r\nhiHTTP", 200, "hi", false},
    {"no reason phrase", "HTTP/1.1 204\r\n\r\n", 204, "", false},
    {"empty reason phrase", "HTTP/1.1 204 \r\n\r\n", 204, "", false},
    {"204 has no body whatever it says", "HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\nhello", 204, "", false},
    {"304 has no body whatever it says", "HTTP/1.1 304 No\r\nContent-Length: 5\r\n\r\nhello", 304, "", false},
    {"no length: ends at its head, and closes", "HTTP/1.1 404 Not Found\r\n\r\nwhatever", 404, "", true},
    {"names in any case", OK_ "cOnTeNt-LeNgTh: 1\r\n\r\nx", 200, "x", false},
    {"white space around values", OK_ "Content-Length: \t 1 \t \r\n\r\nx", 200, "x", false},
    {"connection: close", OK_ "Connection: close\r\nContent-Length: 0\r\n\r\n", 200, "", true},
    {"close in a list", OK_ "Connection: foo, Close\r\nContent-Length: 0\r\n\r\n", 200, "", true},
    {"closed is not close", OK_ "Connection: closed\r\nContent-Length: 0\r\n\r\n", 200, "", false},
    {"enclose is not close", OK_ "Connection: enclose,keep-alive\r\nContent-Length: 0\r\n\r\n", 200, "",
     false},
    {"HTTP/1.0 closes", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", 200, "", true},
    {"100-continue is skipped", "HTTP/1.1 100 Continue\r\n\r\n" OK_ "Content-Length: 1\r\n\r\nx", 200, "x",
     false},
    {"headers of a 103 are forgotten",
     "HTTP/1.1 103 Early\r\nContent-Length: 9\r\nConnection: close\r\n\r\n" OK_ "Content-Length: 1\r\n\r\nx",
     200, "x", false},
    {"unknown headers", OK_ "X: \r\nServer: otterd (\xc3\xa4)\r\nContent-Length: 1\r\nY: 1\r\n\r\nx", 200,
     "x", false},
    {"a name longer than any of ours", OK_ "Content-Length-Content-Length-X: 9\r\nContent-Length: 1\r\n\r\nx",
     200, "x", false},
};

static void replies_read_the_same_whole_and_bytewise(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct outcome o;

        print_message("  %s\n", good[i].name);
        both_ways(good[i].in, (uint32_t)strlen(good[i].in), &o);
        assert_int_equal(o.end, OTTER_HTTP_DONE);
        assert_true(o.headed);
        assert_int_equal(o.head.status, good[i].status);
        assert_int_equal(o.head.close, good[i].close);
        assert_int_equal(o.body_len, strlen(good[i].body));
        assert_memory_equal(o.body, good[i].body, o.body_len);
    }
}

static const struct reply hostile[] = {
    {"not HTTP", "SSH-2.0-OpenSSH\r\n"},
    {"HTTP/2", "HTTP/2 200 OK\r\n"},
    {"HTTP/1.2", "HTTP/1.2 200 OK\r\n"},
    {"lower case", "http/1.1 200 OK\r\n"},
    {"status of two digits", "HTTP/1.1 20 OK\r\n"},
    {"status of four digits", "HTTP/1.1 2000 OK\r\n"},
    {"status 099", "HTTP/1.1 099 OK\r\n"},
    {"status 600", "HTTP/1.1 600 OK\r\n"},
    {"negative status", "HTTP/1.1 -20 OK\r\n"},
    {"tab behind the version", "HTTP/1.1\t200 OK\r\n"},
    {"101: another protocol", "HTTP/1.1 101 Switching\r\n"},
    {"bare LF in the status line", "HTTP/1.1 200 OK\nContent-Length: 0\n\n"},
    {"bare LF in a header", OK_ "Content-Length: 0\n\n"},
    {"bare CR", OK_ "A: b\rContent-Length: 0\r\n\r\n"},
    {"bare CR at the head's end", OK_ "\rx"},
    {"folded line", OK_ "A: b\r\n c\r\nContent-Length: 0\r\n\r\n"},
    {"space before the colon", OK_ "Content-Length : 0\r\n\r\n"},
    {"no name", OK_ ": 0\r\n\r\n"},
    {"no colon", OK_ "Content-Length\r\n\r\n"},
    {"control character in a value", OK_ "A: b\x01\r\n\r\n"},
    {"DEL in a value", OK_ "A: b\x7f\r\n\r\n"},
    {"chunked", OK_ "Transfer-Encoding: chunked\r\n\r\n"},
    {"chunked beside a length", OK_ "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {"transfer-encoding: identity", OK_ "Transfer-Encoding: identity\r\n\r\n"},
    {"two lengths", OK_ "Content-Length: 3\r\nContent-Length: 3\r\n\r\n"},
    {"list of lengths", OK_ "Content-Length: 3, 3\r\n\r\n"},
    {"signed length", OK_ "Content-Length: +3\r\n\r\n"},
    {"negative length", OK_ "Content-Length: -1\r\n\r\n"},
    {"hexadecimal length", OK_ "Content-Length: 0x3\r\n\r\n"},
    {"empty length", OK_ "Content-Length:\r\n\r\n"},
    {"length over 2^53", OK_ "Content-Length: 9007199254740992\r\n\r\n"},
    {"length that would wrap", OK_ "Content-Length: 18446744073709551617\r\n\r\n"},
    {"range of other units", OK_ "Content-Range: pages 0-1/2\r\n\r\n"},
    {"range with unknown total", OK_ "Content-Range: bytes 0-1/*\r\n\r\n"},
    {"range that ends before it begins", OK_ "Content-Range: bytes 5-4/9\r\n\r\n"},
    {"range over its total", OK_ "Content-Range: bytes 0-9/9\r\n\r\n"},
    {"range with a tail", OK_ "Content-Range: bytes 0-1/2x\r\n\r\n"},
    {"range cut short", OK_ "Content-Range: bytes 0-\r\n\r\n"},
    {"two ranges", OK_ "Content-Range: bytes 0-1/2\r\nContent-Range: bytes 0-1/2\r\n\r\n"},
};

static void hostile_replies_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        struct outcome o;

        print_message("  %s\n", hostile[i].name);
        both_ways(hostile[i].in, (uint32_t)strlen(hostile[i].in), &o);
        assert_int_equal(o.end, OTTER_HTTP_BAD);
    }
}

static void nul_bytes_are_refused(void **state)
{
    static const char in[] = "HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n";
    struct outcome o;

    (void)state;
    both_ways(in, sizeof(in) - 1, &o);
    assert_int_equal(o.end, OTTER_HTTP_BAD);
}

static void our_headers_are_read(void **state)
{
    static const char in[] =
        "HTTP/1.1 206 Partial\r\nContent-Range: bytes 1024-2047/2048\r\nETag: \"abc\"\r\n"
        "Retry-After: 90\r\nOtter-Root: 7\r\nOtter-Rotate: 1\r\nContent-Length: 0\r\n\r\n";
    struct outcome o;

    (void)state;
    both_ways(in, sizeof(in) - 1, &o);
    assert_true(o.head.has_range && o.head.has_retry_after && o.head.has_root && o.head.has_length);
    assert_int_equal(o.head.range_first, 1024);
    assert_int_equal(o.head.range_last, 2047);
    assert_int_equal(o.head.range_total, 2048);
    assert_int_equal(o.head.retry_after, 90);
    assert_int_equal(o.head.root, 7);
    assert_true(o.head.rotate);
    assert_string_equal(o.head.etag, "\"abc\"");
}

static void a_date_in_retry_after_is_ignored(void **state)
{
    static const char in[] = "HTTP/1.1 503 Busy\r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n"
                             "Otter-Root: soon\r\nContent-Length: 0\r\n\r\n";
    struct outcome o;

    (void)state;
    both_ways(in, sizeof(in) - 1, &o);
    assert_int_equal(o.end, OTTER_HTTP_DONE);
    assert_false(o.head.has_retry_after);
    assert_false(o.head.has_root);
    assert_false(o.head.rotate);
}

static void an_unsatisfied_range_says_nothing(void **state)
{
    static const char in[] = "HTTP/1.1 416 No\r\nContent-Range: bytes */2048\r\nContent-Length: 0\r\n\r\n";
    struct outcome o;

    (void)state;
    both_ways(in, sizeof(in) - 1, &o);
    assert_int_equal(o.end, OTTER_HTTP_DONE);
    assert_false(o.head.has_range);
}

/* A line of `n` characters, or `n` lines: endless heads end in a refusal, not in waiting. */
static enum otter_http_event endless(const char *first, const char *repeat, unsigned n)
{
    static char in[16384];
    size_t len = strlen(first);
    struct outcome o;

    assert_true(len + n * strlen(repeat) <= sizeof(in));
    memcpy(in, first, len);
    for (unsigned i = 0; i < n; i++) {
        memcpy(in + len, repeat, strlen(repeat));
        len += strlen(repeat);
    }
    run(in, (uint32_t)len, 100, &o);
    return o.end;
}

static void endless_heads_are_refused(void **state)
{
    (void)state;
    assert_int_equal(endless(OK_ "A: ", "a", OTTER_HTTP_HEAD_MAX), OTTER_HTTP_BAD);
    assert_int_equal(endless(OK_ "A: ", "a", 1000), OTTER_HTTP_MORE);
    assert_int_equal(endless(OK_, "a", OTTER_HTTP_HEAD_MAX), OTTER_HTTP_BAD);
    assert_int_equal(endless(OK_, "A: b\r\n", OTTER_HTTP_HEADERS_MAX), OTTER_HTTP_MORE);
    assert_int_equal(endless(OK_, "A: b\r\n", OTTER_HTTP_HEADERS_MAX + 1), OTTER_HTTP_BAD);
    assert_int_equal(endless("HTTP/1.1 200 ", "a", OTTER_HTTP_HEAD_MAX), OTTER_HTTP_BAD);
    assert_int_equal(endless("", "HTTP/1.1 100 Continue\r\n\r\n", OTTER_HTTP_HEAD_MAX / 25 + 1),
                     OTTER_HTTP_BAD);
    assert_int_equal(endless(OK_ "Retry-After: ", "1", OTTER_HTTP_VALUE_MAX + 1), OTTER_HTTP_BAD);
}

static void every_cut_waits_for_more(void **state)
{
    static const char in[] = OK_ "Content-Length: 4\r\nETag: \"x\"\r\n\r\nbody";

    (void)state;
    for (uint32_t len = 0; len < sizeof(in) - 1; len++) {
        struct outcome o;

        run(in, len, 1, &o);
        assert_int_equal(o.end, OTTER_HTTP_MORE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies_read_the_same_whole_and_bytewise),
        cmocka_unit_test(hostile_replies_are_refused),
        cmocka_unit_test(nul_bytes_are_refused),
        cmocka_unit_test(our_headers_are_read),
        cmocka_unit_test(a_date_in_retry_after_is_ignored),
        cmocka_unit_test(an_unsatisfied_range_says_nothing),
        cmocka_unit_test(endless_heads_are_refused),
        cmocka_unit_test(every_cut_waits_for_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
