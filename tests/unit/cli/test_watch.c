/* What is seen of a watched rollout: its speed, its picture, its lines. Time is passed in. */
#include "cmocka_first.h"

#include "core/bytes.h"
#include "pace.h"
#include "progress.h"
#include "show_rollout.h"
#include "show_watch.h"
#include "width.h"

#include <stdlib.h>
#include <string.h>

#define S 1000u

/* A rollout of 200 devices whose second phase is open. */
static const char running[] =
    "{\"id\":7,\"name\":\"spring\",\"product\":\"cam\",\"version\":\"1.1.0\",\"target\":\"all\",\"state\":"
    "\"running\",\"phase\":2,\"devices\":200,\"counts\":{\"succeeded\":29,\"failed\":2,\"reverted\":1,"
    "\"downloading\":20,\"testing\":3},\"reasons\":{\"self-test\":2,\"trial-no-server\":1},\"phases\":["
    "{\"percent\":5,\"state\":\"complete\",\"devices\":10,\"counts\":{\"succeeded\":9,\"failed\":1}},"
    "{\"percent\":50,\"state\":\"open\",\"devices\":90,\"counts\":{\"succeeded\":20,\"failed\":1,"
    "\"reverted\":1,\"downloading\":20,\"testing\":3}},"
    "{\"percent\":100,\"state\":\"waiting\",\"devices\":100,\"counts\":{}}],"
    "\"waiting\":{\"fleet\":210,\"looked_at\":210,\"devices\":145,\"rules\":{\"not-in-phase\":100,"
    "\"cap-reached\":30,\"ok\":10,\"held\":2,\"outside-window\":2,\"superseded\":1}},"
    "\"gate\":{\"verdict\":\"outstanding\",\"until\":null,\"lost\":2,\"finished\":22,\"sample\":20,"
    "\"acknowledged\":0}}";

static json_t *rollout(const char *state, unsigned phase, unsigned granted, unsigned finished)
{
    return json_pack("{s:s, s:i, s:{s:i, s:i}}", "state", state, "phase", (int)phase, "counts", "succeeded",
                     (int)finished, "offered", (int)(granted - finished));
}

static void see(struct cli_samples *s, const char *state, unsigned phase, unsigned granted, unsigned finished,
                uint64_t at_ms)
{
    auto_json json_t *j = rollout(state, phase, granted, finished);

    cli_samples_take(s, j, at_ms);
}

static void a_speed_is_what_was_seen_and_nothing_before_that(void **state)
{
    static const struct {
        const char *what;
        struct {
            const char *state;
            unsigned phase, granted, finished;
            uint64_t at_s;
        } seen[4];
        bool measured;
        unsigned granted, finished; /* a minute */
    } rows[] = {
        {"one look", {{"running", 1, 10, 5, 0}}, false, 0, 0},
        {"too short", {{"running", 1, 0, 0, 0}, {"running", 1, 10, 5, 4}}, false, 0, 0},
        {"a minute", {{"running", 1, 10, 5, 0}, {"running", 1, 40, 25, 60}}, true, 30, 20},
        {"over all that is kept",
         {{"running", 1, 0, 0, 0}, {"running", 1, 10, 0, 30}, {"running", 1, 40, 30, 120}},
         true,
         20,
         15},
        {"another phase begins anew",
         {{"running", 1, 0, 0, 0},
          {"running", 1, 90, 90, 60},
          {"running", 2, 90, 90, 120},
          {"running", 2, 100, 95, 180}},
         true,
         10,
         5},
        {"a pause is none of its time",
         {{"running", 1, 0, 0, 0},
          {"paused", 1, 5, 5, 60},
          {"running", 1, 5, 5, 600},
          {"running", 1, 11, 8, 660}},
         true,
         6,
         3},
        {"paused", {{"paused", 1, 0, 0, 0}, {"paused", 1, 5, 5, 60}}, false, 0, 0},
        {"a repeated attempt is not negative",
         {{"running", 1, 9, 9, 0}, {"running", 1, 9, 8, 60}},
         true,
         0,
         0},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct cli_samples s = {0};
        struct cli_speed speed;

        for (unsigned n = 0; n < 4 && rows[i].seen[n].state != NULL; n++)
            see(&s, rows[i].seen[n].state, rows[i].seen[n].phase, rows[i].seen[n].granted,
                rows[i].seen[n].finished, rows[i].seen[n].at_s * S);
        speed = cli_samples_speed(&s);
        if (speed.measured != rows[i].measured || (unsigned)(speed.granted + 0.5) != rows[i].granted ||
            (unsigned)(speed.finished + 0.5) != rows[i].finished)
            fail_msg("%s: %d, %f, %f", rows[i].what, speed.measured, speed.granted, speed.finished);
    }
}

static void a_speed_is_of_the_last_quarter_of_an_hour(void **state)
{
    struct cli_samples s = {0};
    struct cli_speed speed;
    unsigned done = 0;

    (void)state;
    for (uint64_t at = 0; at <= UINT64_C(7200); at += 2) { /* 60 a minute in the first hour, then 30 */
        done += at < 3600 || at % 4 == 0 ? 2 - (at >= 3600) : at >= 3600;
        see(&s, "running", 1, done, done, at * S);
    }
    speed = cli_samples_speed(&s);
    assert_in_range(speed.seconds, 900, 1100);
    assert_in_range((unsigned)(speed.finished + 0.5), 29, 31);
}

static void what_is_left_takes_as_long_as_it_took(void **state)
{
    static const struct {
        struct cli_speed speed;
        uint64_t devices, seconds;
    } rows[] = {
        {{true, 60, 10, 10}, 20, 120}, {{true, 60, 10, 0.5}, 1, 120},
        {{true, 60, 10, 0}, 20, 0},    {{false, 60, 10, 10}, 20, 0},
        {{true, 60, 10, 10}, 0, 0},    {{true, 60, 10, 1e-9}, 1u << 20, UINT64_C(366) * 86400},
    };
    static const struct {
        uint64_t exact, told;
    } spans[] = {{0, 0},     {119, 119},   {120, 120},    {149, 120},
                 {150, 180}, {7199, 7200}, {9000, 10800}, {172800, 172800}};

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++)
        assert_int_equal(cli_speed_left(&rows[i].speed, rows[i].devices), rows[i].seconds);
    for (size_t i = 0; i < OTTER_ARRAY_LEN(spans); i++)
        assert_int_equal(cli_span_round(spans[i].exact), spans[i].told);
}

static void a_bar_shows_each_part_that_there_is(void **state)
{
    static const struct {
        uint64_t ok, lost, busy, total;
        const char *bar;
    } rows[] = {
        {0, 0, 0, 0, "----------"},
        {0, 0, 0, 10, "----------"},
        {10, 0, 0, 10, "##########"},
        {5, 1, 2, 10, "#####x==--"},
        {1, 0, 0, 3, "###-------"},
        {1, 1, 1, 3, "###xxx===="},
        {9990, 10, 0, 10000, "#########x"},
        {0, 1, 0, 1000000, "x---------"},
        {999999, 0, 0, 1000000, "#########-"},
        {20, 0, 0, 10, "##########"}, /* more than were planned */
        {UINT64_MAX / 2, 0, 0, UINT64_MAX, "#####-----"},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        const struct cli_bar_part parts[] = {{'#', rows[i].ok}, {'x', rows[i].lost}, {'=', rows[i].busy}};
        char out[11];

        cli_bar_parts(parts, 3, rows[i].total, 10, out);
        assert_string_equal(out, rows[i].bar);
    }
}

/* As it looks a minute after the first look, at which nothing had finished of the second phase. */
static char *picture(json_t *j, const struct cli_watch *how)
{
    struct cli_samples s = {.count = 1, .phase = 2, .running = true, .kept = {{0, 15, 10}}};
    struct cli_watch w = *how;

    cli_samples_take(&s, j, 60 * S);
    w.rollout = j;
    w.samples = &s;
    w.asked = w.now = 1800000000;
    w.interval = 2;
    return cli_watch_text(&w);
}

static void expect_lines(const char *text, const char *const *lines)
{
    for (; *lines != NULL; lines++)
        if (strstr(text, *lines) == NULL)
            fail_msg("no \"%s\" in\n%s", *lines, text);
}

static void a_picture_tells_all_that_an_operator_asks(void **state)
{
    static const char *const lines[] = {
        "rollout 7 spring: cam 1.1.0 to all, running\n",
        "phase 1    5%  [#####################xxx]  complete  10 of 10 granted: 9 succeeded, 1 lost\n",
        "phase 2   50%  [#####x======------------]  open      45 of 90 granted: 20 succeeded, 2 lost, 23 "
        "under way, 45 open\n",
        "phase 3  100%  [------------------------]  waiting   0 of 100 granted: 100 open\n",
        "all      55 of 200 granted: 29 succeeded, 3 lost, 23 under way, 145 open\n",
        "speed    40.0 granted and 22.0 finished a minute, in the last 1m\n",
        "left     about 3m for phase 2, until 2027-01-15T08:03:05Z; 8m for all, were every gate open\n",
        "reasons  self-test 2, trial-no-server 1\n",
        "wait for not-in-phase 100, cap-reached 30, the next poll 10, held 2, 3 for 2 others\n",
        "gate     devices of the phase are not through; 2 of 22 finished are lost\n",
        "as of 2027-01-15T08:00:00Z, asked every 2 s; ^C ends the watching alone\n",
        NULL,
    };
    auto_json json_t *j = host_json_load(running, strlen(running), "", NULL);
    auto_free char *text = picture(j, &(struct cli_watch){.screen = 0});

    (void)state;
    expect_lines(text, lines);
    assert_null(strchr(text, '\033'));
}

/* Columns without the sequences of colours. */
static size_t columns_of(const char *line, size_t len)
{
    char plain[512];
    size_t n = 0;

    for (size_t i = 0; i < len && n < sizeof(plain) - 1; i++) {
        if (line[i] == '\033')
            while (line[i] != 'm')
                i++;
        else
            plain[n++] = line[i];
    }
    plain[n] = '\0';
    return cli_width(plain);
}

static void no_line_of_a_picture_is_wider_than_the_screen(void **state)
{
    static const unsigned screens[] = {40, 41, 60, 79, 80, 81, 120};
    auto_json json_t *j = host_json_load(running, strlen(running), "", NULL);

    (void)state;
    (void)json_object_set_new(j, "name", json_string("漢字かな漢字かな漢字かな漢字かな漢字かな"));
    for (size_t i = 0; i < OTTER_ARRAY_LEN(screens) * 2; i++) {
        unsigned screen = screens[i / 2];
        auto_free char *text =
            picture(j, &(struct cli_watch){
                           .screen = screen, .color = i % 2, .away = "漢字かな漢字かな漢字かな漢字かな"});

        for (const char *line = text; *line != '\0';) {
            size_t len = strcspn(line, "\n");

            if (columns_of(line, len) > screen)
                fail_msg("%u columns: %.*s", screen, (int)len, line);
            line += len + 1;
        }
        assert_non_null(strstr(text, screen < 80 ? "phase 2   50%  [" : "open"));
    }
}

static void a_narrow_screen_has_the_counts_below_the_bar(void **state)
{
    static const char *const lines[] = {
        "phase 2   50%  [##x==-----]  open\n  45 of 90 granted: 20 succeeded, 2\n",
        NULL,
    };
    auto_json json_t *j = host_json_load(running, strlen(running), "", NULL);
    auto_free char *text = picture(j, &(struct cli_watch){.screen = 40});

    (void)state;
    expect_lines(text, lines);
}

static void colours_change_nothing_but_colours(void **state)
{
    auto_json json_t *j = host_json_load(running, strlen(running), "", NULL);
    auto_free char *plain = picture(j, &(struct cli_watch){.screen = 100});
    auto_free char *colored = picture(j, &(struct cli_watch){.screen = 100, .color = true});
    size_t n = 0;

    (void)state;
    assert_non_null(strstr(colored, "\033[31mx\033[0m"));
    for (const char *p = colored; *p != '\0'; p++) {
        if (*p == '\033') {
            p += strcspn(p, "m");
            continue;
        }
        assert_int_equal(*p, plain[n++]);
    }
    assert_int_equal(plain[n], '\0');
}

static void what_stands_in_the_way_is_told(void **state)
{
    static const struct {
        const char *merge; /* members that differ */
        const char *away;
        const char *says, *says_not;
    } rows[] = {
        {"{\"state\":\"halted\",\"gate\":null,\"waiting\":null,\"state_at\":1800000000,\"state_reason\":"
         "\"threshold: 3 of 8\"}",
         NULL, "threshold: 3 of 8", "speed"},
        {"{\"state\":\"halted\",\"gate\":null}", NULL, "Next: otter rollout resume 7", "asked every"},
        {"{\"state\":\"complete\"}", NULL, ", complete", "asked every"},
        {"{\"gate\":{\"verdict\":\"soaking\",\"until\":1800000600}}", NULL,
         "soaks until 2027-01-15T08:10:00Z", NULL},
        {"{\"gate\":{\"verdict\":\"approval\"}}", NULL, "otter rollout approve 7", NULL},
        {"{\"gate\":{\"verdict\":\"manual\"}}", NULL, "otter rollout advance 7", NULL},
        {"{}", "http://x does not answer", "no answer since 2027-01-15T08:00:00Z: http://x does not answer",
         "asked every"},
        {"{\"frozen\":{\"since\":1800000000,\"reason\":\"a look\"}}", NULL, "FROZEN", NULL},
        {"{\"waiting\":{\"fleet\":40000,\"looked_at\":20000,\"devices\":5,\"rules\":{\"held\":5}}}", NULL,
         "held 5 (of 20000 of the fleet's 40000 that were looked at)", NULL},
        {"{\"waiting\":{\"fleet\":4,\"looked_at\":4,\"devices\":0,\"rules\":{}}}", NULL, "all ", "wait for"},
        {"{\"reasons\":{}}", NULL, "all ", "reasons"},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        auto_json json_t *j = host_json_load(running, strlen(running), "", NULL);
        auto_json json_t *more = host_json_load(rows[i].merge, strlen(rows[i].merge), "", NULL);
        auto_free char *text = NULL;

        assert_non_null(more);
        (void)json_object_update(j, more);
        text = picture(j, &(struct cli_watch){.away = rows[i].away});
        if (strstr(text, rows[i].says) == NULL ||
            (rows[i].says_not != NULL && strstr(text, rows[i].says_not) != NULL))
            fail_msg("%s or %s:\n%s", rows[i].says, rows[i].says_not ? rows[i].says_not : "", text);
    }
}

static void a_line_is_the_same_until_something_but_the_speed_changes(void **state)
{
    auto_json json_t *j = host_json_load(running, strlen(running), "", NULL);
    struct cli_samples s = {.count = 1, .phase = 2, .running = true, .kept = {{0, 15, 10}}};
    struct cli_watch w = {.rollout = j, .samples = &s};
    size_t first = 0, second = 0;
    auto_free char *a = NULL, *b = NULL, *away = NULL;

    (void)state;
    cli_samples_take(&s, j, 60 * S);
    a = cli_watch_line(&w, &first);
    cli_samples_take(&s, j, 120 * S);
    b = cli_watch_line(&w, &second);
    assert_int_equal(first, second);
    assert_memory_equal(a, b, first);
    assert_string_not_equal(a, b);
    assert_string_equal(a, "running phase 2/3: 32 of 200 finished; 20 downloading, 3 testing, 29 succeeded, "
                           "2 failed, 1 reverted; 22.0 finished a minute, about 3m left for phase 2");
    w.away = "it is gone";
    away = cli_watch_line(&w, &second);
    assert_non_null(strstr(away, "; no answer: it is gone; asking again"));
    assert_int_equal(strlen(away), second);
}

static void what_stands_is_watched_no_further(void **state)
{
    static const struct {
        const char *state;
        bool stands;
    } rows[] = {{"draft", false},   {"running", false}, {"paused", false},     {"halted", true},
                {"complete", true}, {"aborted", true},  {"rolled-back", true}, {"of a newer server", false}};

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        auto_json json_t *j = json_pack("{s:s}", "state", rows[i].state);

        assert_int_equal(cli_rollout_stands(j), rows[i].stands);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_speed_is_what_was_seen_and_nothing_before_that),
        cmocka_unit_test(a_speed_is_of_the_last_quarter_of_an_hour),
        cmocka_unit_test(what_is_left_takes_as_long_as_it_took),
        cmocka_unit_test(a_bar_shows_each_part_that_there_is),
        cmocka_unit_test(a_picture_tells_all_that_an_operator_asks),
        cmocka_unit_test(no_line_of_a_picture_is_wider_than_the_screen),
        cmocka_unit_test(a_narrow_screen_has_the_counts_below_the_bar),
        cmocka_unit_test(colours_change_nothing_but_colours),
        cmocka_unit_test(what_stands_in_the_way_is_told),
        cmocka_unit_test(a_line_is_the_same_until_something_but_the_speed_changes),
        cmocka_unit_test(what_stands_is_watched_no_further),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
