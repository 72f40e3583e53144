#include "watch.h"

#include "ask.h"
#include "fold.h"
#include "host/clock.h"
#include "member.h"
#include "parse.h"
#include "show_rollout.h"
#include "show_watch.h"
#include "stop.h"
#include "terminal.h"

#include <stdlib.h>
#include <string.h>

#define PATIENCE 10u /* seconds for an answer: longer, and the server is away */

struct watch {
    struct host_http_progress progress;
    struct cli *cli;
    const char *path;
    uint64_t interval, deadline;
    struct cli_reply reply; /* the last one */
    struct cli_samples samples;
    uint64_t asked; /* when that was */
    char *away;     /* why there was none since; NULL: there was */
    char *last; /* the last picture on the terminal, to draw over; elsewhere what the last line is known by */
};

/* The end of a picture, as many lines as there is room for: what has left the screen cannot be drawn over. */
static const char *end_of(const char *text, size_t lines)
{
    for (size_t n = cli_fold_lines(text, 0); n > lines; n--)
        text = strchr(text, '\n') + 1; /* every line of a picture has its line feed */
    return text;
}

/* Each line is erased before it is written, never behind its end: a terminal whose last column is full would
 * erase that. */
static void put_lines(FILE *to, const char *text)
{
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");

        fprintf(to, "\033[K%.*s\n", (int)len, text);
        text += len + (text[len] != '\0' ? 1 : 0);
    }
    fputs("\033[J", to);
}

/* The picture replaces the last one, also where the terminal has been made narrower or lower since. */
static void draw_over(struct watch *w, char *text)
{
    struct cli *cli = w->cli;
    size_t was = 0, rows = cli_terminal_rows(cli);

    if (w->last != NULL)
        was = cli_fold_lines(w->last, cli->screen);
    if (rows > 0 && was >= rows)
        was = rows - 1;
    if (was > 0)
        fprintf(cli->out, "\r\033[%zuA", was);
    put_lines(cli->out, rows > 1 ? end_of(text, rows - 1) : text);
    free(w->last);
    w->last = text;
}

/* A line with its time, unless nothing has changed but the speed. */
static void append(struct watch *w, char *line, size_t same)
{
    char at[CLI_TIME_STR];

    if (w->last == NULL || strlen(w->last) != same || strncmp(w->last, line, same) != 0) {
        cli_time_format((uint64_t)host_clock_wall(), at);
        fprintf(w->cli->out, "%s %s\n", at, line);
        free(w->last);
        line[same] = '\0';
        w->last = line;
    } else {
        free(line);
    }
}

static enum cli_exit draw(struct watch *w)
{
    struct cli *cli = w->cli;
    struct cli_watch view = {.rollout = w->reply.json,
                             .samples = &w->samples,
                             .asked = w->asked,
                             .now = (uint64_t)host_clock_wall(),
                             .interval = w->interval,
                             .away = w->away};
    size_t same = 0;
    char *text;

    if (cli->format != CLI_FORMAT_TABLE)
        return CLI_DONE;
    if (cli->out_tty)
        cli_terminal_look(cli);
    view.color = cli->color;
    view.screen = cli->screen;
    text = cli->out_tty ? cli_watch_text(&view) : cli_watch_line(&view, &same);
    if (text == NULL)
        return cli_fail_memory(cli);
    if (cli->out_tty)
        draw_over(w, text);
    else
        append(w, text, same);
    fflush(cli->out);
    return CLI_DONE;
}

static bool goes_on(struct host_http_progress *self, bool upload, uint64_t done, uint64_t total)
{
    (void)self;
    (void)upload;
    (void)done;
    (void)total;
    return !cli_stop_wanted();
}

static bool was_answered(const struct watch *w)
{
    return w->reply.json != NULL;
}

/* Only a server that has answered before is asked again; a refusal is final. */
static enum cli_exit missed(struct watch *w, enum cli_exit code, char *told)
{
    if (cli_stop_wanted())
        return CLI_DONE;
    if (told == NULL || code != CLI_UNREACHABLE || !was_answered(w)) {
        fputs(told != NULL ? told : "", w->cli->err);
        return code;
    }
    free(w->away);
    w->away = strdup(cli_told_line(told));
    return w->away != NULL ? CLI_DONE : cli_fail_memory(w->cli);
}

static enum cli_exit ask(struct watch *w)
{
    auto_reply struct cli_reply reply = {0};
    auto_free char *told = NULL;
    enum cli_exit code =
        cli_ask(w->cli, &(struct cli_request){.method = "GET", .path = w->path, .progress = &w->progress},
                &reply, &told);

    if (code != CLI_DONE)
        return missed(w, code, told);
    cli_reply_free(&w->reply);
    w->reply = reply;
    reply = (struct cli_reply){0};
    free(w->away);
    w->away = NULL;
    w->asked = (uint64_t)host_clock_wall();
    cli_samples_take(&w->samples, w->reply.json, host_clock_mono_ms());
    return CLI_DONE;
}

/* Until it is time to ask again; the picture follows the terminal's size meanwhile. */
static enum cli_exit pause_between(struct watch *w)
{
    uint64_t until = host_clock_mono_ms() + w->interval * 1000, now;
    enum cli_exit code = CLI_DONE;

    while (code == CLI_DONE && !cli_stop_wanted() && (now = host_clock_mono_ms()) < until)
        if (!cli_stop_nap(until - now) && !cli_stop_wanted() && w->cli->out_tty)
            code = draw(w);
    return code;
}

static enum cli_exit too_late(struct watch *w)
{
    if (w->away != NULL)
        return cli_fail(w->cli, CLI_UNREACHABLE, "not in time, and the server does not answer");
    return cli_fail(w->cli, CLI_NOT_IN_TIME, "the rollout has not ended in time; it goes on");
}

static enum cli_exit last_word(struct watch *w)
{
    const char *state = cli_member_text(w->reply.json, "state");
    enum cli_exit code = CLI_DONE;

    if (w->cli->format != CLI_FORMAT_TABLE)
        code = cli_api_result(w->cli, &w->reply, cli_rollout_columns);
    return code == CLI_DONE && strcmp(state, "complete") != 0 ? CLI_REFUSED : code;
}

static enum cli_exit run(struct watch *w)
{
    for (;;) {
        enum cli_exit code = ask(w);

        if (code == CLI_DONE && was_answered(w) && !cli_stop_wanted())
            code = draw(w);
        if (code != CLI_DONE || cli_stop_wanted())
            return code;
        if (w->away == NULL && cli_rollout_stands(w->reply.json))
            return last_word(w);
        if (w->deadline != 0 && host_clock_mono_ms() + w->interval * 1000 > w->deadline)
            return too_late(w);
        code = pause_between(w);
        if (code != CLI_DONE)
            return code;
    }
}

enum cli_exit cli_watch_rollout(struct cli *cli, const char *path, uint64_t interval, uint64_t deadline)
{
    struct watch w = {
        .progress = {goes_on}, .cli = cli, .path = path, .interval = interval, .deadline = deadline};
    enum cli_exit code;

    if (cli->patience == 0)
        cli->patience = PATIENCE;
    cli_stop_begin();
    code = run(&w);
    if (cli_stop_wanted() && cli->out_tty) { /* over the terminal's own "^C" */
        fputs("\r\033[K", cli->out);
        fflush(cli->out);
    }
    cli_reply_free(&w.reply);
    free(w.away);
    free(w.last);
    cli_stop_end();
    return code;
}
