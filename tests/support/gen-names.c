/* Prints the Markdown tables of status names and update states, from the tables that the programs use. */
#include "core/status.h"
#include "core/update_state.h"

#include <stdio.h>

struct group {
    char letter;
    const char *title;
};

static const struct group groups[] = {
    {'G', "General"},
    {'T', "Transport"},
    {'D', "Signed documents"},
    {'M', "Manifest against device"},
    {'I', "Image"},
    {'U', "Update on the device"},
    {'P', "Policy of the server"},
    {'A', "Operators' API"},
};

#define GROUPS (sizeof(groups) / sizeof(groups[0]))

static unsigned print_group(const struct group *group)
{
    unsigned n = 0;

    printf("### %s\n\n| name | meaning |\n|---|---|\n", group->title);
    for (unsigned i = 0; i < OTTER_STATUS_COUNT; i++) {
        enum otter_status status = (enum otter_status)i;

        if (otter_status_group(status) != group->letter)
            continue;
        printf("| `%s` | %s |\n", otter_status_name(status), otter_status_meaning(status));
        n++;
    }
    printf("\n");
    return n;
}

static void print_next(enum otter_update_state from, enum otter_update_by by)
{
    const char *comma = "";

    for (unsigned i = 0; i < OTTER_UPDATE_STATE_COUNT; i++) {
        if (!otter_update_may(from, (enum otter_update_state)i, by))
            continue;
        printf("%s%s", comma, otter_update_state_name((enum otter_update_state)i));
        comma = ", ";
    }
    printf("%s", *comma == '\0' ? "-" : "");
}

static void print_states(void)
{
    printf("### States of an attempt\n\n| state | by the device's report | by the server |\n|---|---|---|\n");
    for (unsigned i = 0; i < OTTER_UPDATE_STATE_COUNT; i++) {
        enum otter_update_state state = (enum otter_update_state)i;

        printf("| `%s`%s | ", otter_update_state_name(state),
               otter_update_finished(state) ? " (finished)" : "");
        print_next(state, OTTER_BY_DEVICE);
        printf(" | ");
        print_next(state, OTTER_BY_SERVER);
        printf(" |\n");
    }
}

int main(void)
{
    unsigned printed = 0;

    for (unsigned i = 0; i < GROUPS; i++)
        printed += print_group(&groups[i]);
    print_states();
    /* A status of a group that is not listed above would be missing from the page. */
    return printed == OTTER_STATUS_COUNT && fflush(stdout) == 0 ? 0 : 1;
}
