/* What operators are granted, and how long tokens last, as command lines say it. */
#ifndef OTTER_CLI_ROLES_H
#define OTTER_CLI_ROLES_H

#include "output.h"

/* --role ROLE[:PRODUCT]..., --expires and --label. */
#define CLI_ROLE_OPTION                                                                                      \
    {                                                                                                        \
        "role", CLI_OPTION_LIST, "ROLE[:PRODUCT]",                                                           \
            "viewer, operator, publisher, approver or admin; of everything if no product is named",          \
            .required = true                                                                                 \
    }
#define CLI_TOKEN_OPTIONS                                                                                    \
    {"expires", CLI_OPTION_VALUE, "TIME|never",                                                              \
     "how long the token counts: 12h, 30d, never; 90d if not given"},                                        \
    {                                                                                                        \
        "label", CLI_OPTION_VALUE, "TEXT", "what the token is for, shown by `otter token list`"              \
    }

/* The roles of --role as [{role, product}]; CLI_DONE with a new reference. */
enum cli_exit cli_roles_json(struct cli *cli, const struct cli_args *args, json_t **ret);
/* --expires and --label as members expires_in and label of body. */
enum cli_exit cli_token_members(struct cli *cli, const struct cli_args *args, json_t *body);

/* PATCH of an operator; takes body over, and prints the operator. */
enum cli_exit cli_operator_change(struct cli *cli, const char *name, json_t *body);

extern const struct cli_column cli_operator_columns[], cli_operator_fields[];
extern const struct cli_column cli_token_columns[];

#endif
