/*
 * Each operation of the services while memory is scarce: the first allocation fails, then the second, ...,
 * until the operation passes without one having failed; once with that one alone, once with all behind it.
 * Each time it is either refused, and then neither memory nor database have changed, or done whole, with its
 * answer. A restart finds what it left.
 */
#include "acts.h"
#include "scarce.h"

#include "core/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a run must end like: as before, or as after the act done undisturbed. */
struct measure {
    const struct act *act;
    char *before_lists, *before_tables;
    char *after_shape, *answer;
    const char *said; /* by the newest refusal */
    unsigned runs, refused, done, gave_up;
};

/* Its answer: the very text, or, where it differs each time, the names of its members. */
static void print_names(FILE *out, const json_t *json)
{
    const char *name;
    json_t *value;
    size_t i;

    if (json_is_object(json))
        json_object_foreach((json_t *)(uintptr_t)json, name, value)
        {
            (void)fprintf(out, "%s(", name);
            print_names(out, value);
            (void)fputc(')', out);
        }
    if (json_is_array(json))
        json_array_foreach(json, i, value)
        {
            (void)fputc('-', out);
            print_names(out, value);
        }
}

static char *answer_of(const struct measure *m, const struct svc_call *call)
{
    bool exact = m->act->asks && !m->act->rerun_differs;
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    (void)fprintf(out, "body %d created %d held %d %u\n", call->out.body != NULL, call->out.created,
                  call->out.held, call->out.verdict);
    if (exact && call->out.body)
        (void)fwrite(call->out.body, 1, call->out.body_len, out);
    if (exact && call->out.json) {
        auto_free char *json = json_dumps(call->out.json, JSON_SORT_KEYS);

        (void)fputs(json, out);
    } else if (call->out.json) {
        print_names(out, call->out.json);
    }
    (void)fclose(out);
    return text;
}

static void expect_same(const struct measure *m, unsigned long n, const char *what, const char *is,
                        const char *was)
{
    size_t at = 0;

    if (strcmp(is, was) == 0)
        return;
    while (is[at] == was[at])
        at++;
    at = at > 100 ? at - 100 : 0;
    fail_msg("%s, allocation %lu: %s (%s)\nis:  %.300s\nwas: %.300s", m->act->name, n, what,
             m->said ? m->said : "", is + at, was + at);
}

static void must_be_unchanged(struct place *p, const struct measure *m, unsigned long n)
{
    auto_free char *lists = place_lists(p), *tables = place_tables(p, false);

    expect_same(m, n, "the database changed, though the act was refused", tables, m->before_tables);
    expect_same(m, n, "memory changed, though the act was refused", lists, m->before_lists);
}

static void must_be_done(struct place *p, const struct measure *m, unsigned long n)
{
    auto_free char *before = place_tables(p, true), *lists = place_lists(p), *after = NULL, *again = NULL;

    place_reopen(p, true);
    again = place_lists(p);
    after = place_tables(p, true);
    /* What follows the act may wait for another turn: a start has one. */
    expect_same(m, n, "the database does not hold it whole", after, m->after_shape);
    if (strcmp(before, after) == 0)
        expect_same(m, n, "a restart finds something else than memory had", again, lists);
}

/* In the database all of it, or nothing: nobody was told either. */
static void must_be_whole(struct place *p, const struct measure *m, unsigned long n)
{
    auto_free char *tables = NULL, *shape = NULL, *lists = NULL;

    place_reopen(p, false);
    tables = place_tables(p, false);
    shape = place_tables(p, true);
    if (strcmp(tables, m->before_tables) != 0)
        expect_same(m, n, "the database does not hold it whole", shape, m->after_shape);
    lists = place_lists(p);
}

static void begin_measure(struct place *p, const struct act *act, struct measure *m)
{
    struct svc_call call;
    bool hit;

    *m = (struct measure){.act = act};
    place_back(p);
    act_fill(p, act, &call);
    m->before_lists = place_lists(p);
    m->before_tables = place_tables(p, false);
    assert_true(place_run(p, &call, 0, SCARCE_ONE, &hit));
    if (call.out.status != OTTER_OK)
        fail_msg("%s: %s %s", act->name, otter_status_name(call.out.status), call.out.error.message);
    m->answer = answer_of(m, &call);
    m->after_shape = place_tables(p, true);
    act_clear(p, &call);
    if (!act->asks)
        place_back(p);
}

static void end_measure(struct measure *m)
{
    free(m->before_lists);
    free(m->before_tables);
    free(m->after_shape);
    free(m->answer);
}

/* A device that asks in vain for the database hears nothing of it: it is told what memory has, and asks
 * again. */
static bool was_put_off(const struct measure *m, const struct svc_call *call, bool hit)
{
    return hit && m->act->op == SVC_POLL && !m->act->asks && call->out.status == OTTER_OK && !call->out.body;
}

/* How the run ended; true: there is nothing left to fail. */
static bool judge(struct place *p, struct measure *m, unsigned long n, const struct svc_call *call, bool hit)
{
    m->runs++;
    if (call->out.status == OTTER_OK && !was_put_off(m, call, hit)) {
        auto_free char *answer = answer_of(m, call);

        expect_same(m, n, "another answer", answer, m->answer);
        m->done++;
        if (m->act->asks)
            return !hit;
        must_be_done(p, m, n);
        place_back(p);
        return !hit;
    }
    m->refused++;
    if (!hit)
        fail_msg("%s: refused though nothing failed: %s %s", m->act->name,
                 otter_status_name(call->out.status), call->out.error.message);
    if (call->out.status != OTTER_INTERNAL && call->out.status != OTTER_TOO_BUSY &&
        !was_put_off(m, call, hit))
        fail_msg("%s, allocation %lu: %s %s", m->act->name, n, otter_status_name(call->out.status),
                 call->out.error.message);
    m->said = call->out.error.message;
    if (!m->act->asks)
        must_be_unchanged(p, m, n);
    return false;
}

static bool one_run(struct place *p, struct measure *m, unsigned long n, enum scarce_mode mode)
{
    struct svc_call call;
    bool hit, over = false;

    act_fill(p, m->act, &call);
    if (place_run(p, &call, n, mode, &hit)) {
        over = judge(p, m, n, &call, hit);
    } else {
        m->gave_up++;
        must_be_whole(p, m, n);
        place_back(p);
    }
    act_clear(p, &call);
    return over;
}

/* Each allocation in a long run; else some of them, always the same. */
static unsigned long step(void)
{
    return getenv("OTTER_LONG") ? 1 : 19;
}

static void sweep(struct place *p, const struct act *act)
{
    struct measure m;

    for (enum scarce_mode mode = SCARCE_ONE; mode < SCARCE_MODES; mode++) {
        unsigned long n = 1;

        begin_measure(p, act, &m);
        while (!one_run(p, &m, n, mode))
            n += step();
        print_message("%s, %s: %u runs, refused %u, done %u, gave up %u\n", act->name,
                      mode ? "and the rest" : "one", m.runs, m.refused, m.done, m.gave_up);
        end_measure(&m);
    }
}

static struct place *the_place;

static int furnish(void **state)
{
    (void)state;
    the_place = place_new();
    return 0;
}

static int leave(void **state)
{
    (void)state;
    place_free(the_place);
    return 0;
}

static void sweep_one(void **state)
{
    sweep(the_place, *state);
}

/* An argument chooses acts whose name has it. */
int main(int argc, char **argv)
{
    struct CMUnitTest tests[128];
    size_t count = 0;

    scarce_install();
    assert_true(act_count <= OTTER_ARRAY_LEN(tests));
    for (unsigned i = 0; i < act_count; i++)
        if (argc < 2 || strstr(acts[i].name, argv[1]))
            tests[count++] = (struct CMUnitTest){
                .name = acts[i].name, .test_func = sweep_one, .initial_state = (void *)(uintptr_t)&acts[i]};
    return _cmocka_run_group_tests("scarce memory", tests, count, furnish, leave);
}
