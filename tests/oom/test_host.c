/*
 * What lib/host does while memory is scarce: the first allocation fails, then the second, ..., until it
 * passes without one having failed; once with that one alone, once with all behind it. Each time it is either
 * refused with a word of memory, and then nothing has changed on disk, or done whole.
 */
#include "deeds.h"
#include "listener.h"
#include "scarce.h"

#include "core/bytes.h"
#include "host/jws.h"
#include "host/memory.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

static struct {
    struct scene scene;
    struct folder folder;
    struct listener listener;
    struct host_key *key, *second;
    char *envelope;
} stage;

struct measure {
    const struct deed *deed;
    char *before, *after; /* of the folder; after: without bytes */
    unsigned runs, refused, done;
};

/* Leaks are named where they were made, and not at the program's end. */
static void nothing_leaked(const struct deed *deed)
{
#ifdef __SANITIZE_ADDRESS__
    if (__lsan_do_recoverable_leak_check() != 0)
        fail_msg("%s: memory leaked", deed->name);
#else
    (void)deed;
#endif
}

static void expect_folder(const struct measure *m, unsigned long n, const char *was, bool bytes)
{
    static char *is; /* reachable, also where a row fails */

    free(is);
    is = folder_text(&stage.folder, bytes);
    if (strcmp(is, was) != 0)
        fail_msg("%s, allocation %lu: the folder is\n%sand should be\n%s", m->deed->name, n, is, was);
}

/* Memory, or what this deed fails by undisturbed; and in words. */
static void expect_word(const struct measure *m, unsigned long n, const struct host_error *err, bool hit)
{
    if (m->deed->silent) {
        if (m->deed->noted)
            assert_true(host_memory_was_refused());
        return;
    }
    if (hit && (err->kind == HOST_ERROR_MEMORY || err->os_errno == ENOMEM) && err->message[0])
        return;
    if (m->deed->fails && err->kind == m->deed->fails && err->message[0])
        return;
    if (hit && (m->deed->opaque & (1u << err->kind)) && !strstr(err->message, "wrong-passphrase"))
        return;
    fail_msg("%s, allocation %lu: refused by kind %d: %s", m->deed->name, n, (int)err->kind, err->message);
}

static void must_be_done(struct measure *m, unsigned long n)
{
    m->done++;
    expect_folder(m, n, m->after, false);
    if (m->deed->judge)
        m->deed->judge(&stage.scene);
}

static void must_be_refused(struct measure *m, unsigned long n, const struct host_error *err, bool hit)
{
    m->refused++;
    if (!hit && m->deed->fails == HOST_ERROR_NONE)
        fail_msg("%s: refused though nothing failed: %s", m->deed->name, err->message);
    expect_word(m, n, err, hit);
    expect_folder(m, n, m->before, true);
}

/* True: there was nothing left to fail. */
static bool one_run(struct measure *m, unsigned long n, enum scarce_mode mode)
{
    struct host_error err = {0};
    bool ok, hit;

    (void)host_memory_was_refused();
    scarce_begin(n, mode);
    ok = m->deed->run(&stage.scene, &err);
    hit = scarce_end();
    m->runs++;
    if (ok)
        must_be_done(m, n);
    else
        must_be_refused(m, n, &err, hit);
    scene_clear(&stage.scene);
    if (ok && strcmp(m->before, m->after) != 0)
        folder_back(&stage.folder);
    return !hit;
}

/* Undisturbed, twice: libraries keep what they made first. */
static void begin_measure(struct measure *m, const struct deed *deed)
{
    struct host_error err = {0};

    scene_clear(&stage.scene);
    free(m->before);
    free(m->after);
    folder_back(&stage.folder); /* a row that failed may have left something */
    *m = (struct measure){.deed = deed, .before = folder_text(&stage.folder, true)};
    if (deed->run(&stage.scene, &err) != (deed->fails == HOST_ERROR_NONE))
        fail_msg("%s: %s", deed->name, err.message);
    if (deed->fails == HOST_ERROR_NONE && deed->judge)
        deed->judge(&stage.scene);
    m->after = folder_text(&stage.folder, false);
    scene_clear(&stage.scene);
    folder_back(&stage.folder);
}

/* Each allocation in a long run (of what is dear, some); else some of them, always the same. */
static unsigned long step(const struct deed *deed)
{
    return (getenv("OTTER_LONG") ? 1 : 13) * (deed->dear ? 13 : 1);
}

static void sweep(void **state)
{
    for (enum scarce_mode mode = SCARCE_ONE; mode < SCARCE_MODES; mode++) {
        static struct measure m; /* reachable, also where a row fails */
        unsigned long n = 1;

        begin_measure(&m, *state);
        while (!one_run(&m, n, mode))
            n += step(m.deed);
        print_message("%s, %s: %u runs, refused %u, done %u\n", m.deed->name, mode ? "and the rest" : "one",
                      m.runs, m.refused, m.done);
    }
    nothing_leaked(*state);
}

static int furnish(void **state)
{
    struct host_error err;
    size_t len;

    (void)state;
    stage.key = host_key_generate(&err);
    stage.second = host_key_generate(&err);
    folder_make(&stage.folder);
    listener_start(&stage.listener);
    if (!host_jws_sign(stage.key, "{}", 2, &stage.envelope, &len, &err))
        return -1;
    stage.scene = (struct scene){.folder = &stage.folder,
                                 .key = stage.key,
                                 .second = stage.second,
                                 .envelope = stage.envelope,
                                 .url = stage.listener.url,
                                 .closed = stage.listener.closed};
    scene_furnish(&stage.scene);
    folder_keep(&stage.folder);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    listener_stop(&stage.listener);
    folder_remove(&stage.folder);
    free(stage.envelope);
    host_key_free(stage.key);
    host_key_free(stage.second);
    return 0;
}

/* An argument chooses deeds whose name has it. */
int main(int argc, char **argv)
{
    struct CMUnitTest tests[64];
    size_t count = 0;

    (void)signal(SIGPIPE, SIG_IGN);
    scarce_install();
    assert_true(deed_count <= OTTER_ARRAY_LEN(tests));
    for (unsigned i = 0; i < deed_count; i++)
        if (argc < 2 || strstr(deeds[i].name, argv[1]))
            tests[count++] = (struct CMUnitTest){
                .name = deeds[i].name, .test_func = sweep, .initial_state = (void *)(uintptr_t)&deeds[i]};
    return _cmocka_run_group_tests("scarce memory in lib/host", tests, count, furnish, leave);
}
