/* Command lines against a scripted server: each anew, with its own script. */
#ifndef OTTER_TESTS_CLI_SERVED_H
#define OTTER_TESTS_CLI_SERVED_H

#include "commands.h"
#include "stub.h"

#define SERVED_TOKEN "operators-token"

static struct stub *stub; /* of the last command */

static void serve(const struct stub_reply *replies)
{
    if (stub != NULL)
        stub_stop(stub);
    stub = stub_start(replies);
    setenv("OTTER_SERVER", stub_url(stub), 1);
    setenv("OTTER_TOKEN", SERVED_TOKEN, 1);
}

/* The exit status of the command. */
static int ask(const struct stub_reply *replies, const char *line)
{
    serve(replies);
    return run(line);
}

static int leave(void **state)
{
    if (stub != NULL)
        stub_stop(stub);
    stub = NULL;
    return leave_folder(state);
}

#endif
