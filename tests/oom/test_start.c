/*
 * A server that starts while memory is scarce, in a new directory and in one that it has served: it is
 * refused with an exit status and a word, and nothing is lost by that: the next start finds the same, and
 * serves.
 */
#include "place.h"
#include "scarce.h"

#include "core/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct place *the_place;

static struct svc *start(char *dir, unsigned long nth, enum scarce_mode mode, bool *ret_hit)
{
    struct svc_config config = world_config;
    struct host_error err = {0};
    char token[64];
    struct svc *svc;
    int code = 0;

    config.data_dir = dir;
    scarce_watch(NULL); /* nobody gives up in a start */
    scarce_begin(nth, mode);
    svc = svc_open(&config, &err, &code, token);
    *ret_hit = scarce_end();
    /* 4: where it may also be the database that is at fault, the words say both. */
    if (!svc && (!err.message[0] || (code != 2 && !strstr(err.message, "out of memory"))))
        fail_msg("allocation %lu: exit status %d: %s", nth, code, err.message);
    if (!svc && !*ret_hit)
        fail_msg("refused though nothing failed: %s", err.message);
    return svc;
}

/* What a refused start left is as good as before. */
static void must_start(struct place *p, char *dir, const char *lists, unsigned long nth)
{
    auto_free char *found = NULL;
    bool hit;

    p->w->svc = start(dir, 0, SCARCE_ONE, &hit);
    if (!lists)
        return;
    found = place_lists(p);
    if (strcmp(found, lists) != 0)
        fail_msg("allocation %lu: the next start finds something else", nth);
}

static unsigned long step(unsigned long sampled)
{
    return getenv("OTTER_LONG") ? 1 : sampled;
}

static void a_directory_that_was_served_is_refused_whole_and_then_served(void **state)
{
    struct place *p = the_place;
    auto_free char *lists = place_lists(p);
    unsigned runs = 0, refused = 0;

    (void)state;
    for (enum scarce_mode mode = SCARCE_ONE; mode < SCARCE_MODES; mode++) {
        bool hit = true;

        for (unsigned long n = 1; hit; n += step(419)) {
            svc_close(HOST_STEAL(p->w->svc));
            p->w->svc = start(p->w->dir, n, mode, &hit);
            runs++;
            refused += p->w->svc == NULL;
            if (!p->w->svc)
                must_start(p, p->w->dir, lists, n);
        }
    }
    print_message("%u starts, refused %u\n", runs, refused);
}

static void a_new_directory_is_made_by_the_start_after_a_refused_one(void **state)
{
    struct place *p = the_place;
    unsigned runs = 0, refused = 0;

    (void)state;
    for (enum scarce_mode mode = SCARCE_ONE; mode < SCARCE_MODES; mode++) {
        bool hit = true;

        for (unsigned long n = 1; hit; n += step(997)) {
            svc_close(HOST_STEAL(p->w->svc));
            (void)snprintf(p->w->dir, sizeof(p->w->dir), "%s/new-%u", p->base, runs++);
            p->w->svc = start(p->w->dir, n, mode, &hit);
            refused += p->w->svc == NULL;
            if (!p->w->svc)
                must_start(p, p->w->dir, NULL, n);
        }
    }
    print_message("%u starts, refused %u\n", runs, refused);
}

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

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_directory_that_was_served_is_refused_whole_and_then_served),
        cmocka_unit_test(a_new_directory_is_made_by_the_start_after_a_refused_one),
    };

    scarce_install();
    return cmocka_run_group_tests(tests, furnish, leave);
}
