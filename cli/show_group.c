#include "show_group.h"

const struct cli_column cli_group_columns[] = {
    {"name", "name"},
    {"target", "target"},
    {"poll", "poll_interval", CLI_KIND_NUMBER},
    {"created", "created", CLI_KIND_TIME, .extra = true},
    {"updated", "updated", CLI_KIND_TIME},
    {NULL},
};

const struct cli_column cli_group_fields[] = {
    {"name", "name"},
    {"target", "target"},
    {"poll interval", "poll_interval"},
    {"devices", "devices", CLI_KIND_NUMBER},
    {"used by groups", "used_by.groups"},
    {"used by rollouts", "used_by.rollouts"},
    {"created", "created", CLI_KIND_TIME},
    {"updated", "updated", CLI_KIND_TIME},
    {NULL},
};
