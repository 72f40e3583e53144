/* Saved groups in target expressions: put in as if their own expression stood there in parentheses. */
#include "policy/target_parse.h"

#include <string.h>

static bool fail_group(struct target_parser *p, size_t at, const char *what, const char *group)
{
    (void)target_fail(p, at, what);
    memcpy(p->error->group, group, strlen(group) + 1); /* a valid name */
    return false;
}

static bool is_inside(const struct target_parser *p, const char *group)
{
    for (; p; p = p->outer)
        if (p->name && strcmp(p->name, group) == 0)
            return true;
    return false;
}

/* What is wrong in there is told of the place that names it, and of the innermost group. The depth that it
 * begins with bounds how far groups contain groups. */
static bool put_in(struct target_parser *p, size_t at, const char *name, const char *text)
{
    struct policy_target_error error;
    struct target_parser inner = {.text = text,
                                  .len = strlen(text),
                                  .depth = p->depth,
                                  .groups = p->groups,
                                  .name = name,
                                  .outer = p,
                                  .out = p->out,
                                  .error = &error};

    if (target_whole(&inner))
        return true;
    return fail_group(p, at, error.what, error.group[0] ? error.group : name);
}

bool target_group(struct target_parser *p)
{
    struct target_word w;
    char name[OTTER_NAME_BUF];
    const char *text;
    size_t end;

    if (!target_peek(p, &w, &end))
        return false;
    if (!otter_name_valid(w.s, w.len))
        return target_fail(p, w.at, "a group's name is expected here: [A-Za-z0-9._+-]{1,64}");
    p->at = end;
    memcpy(name, w.s, w.len); /* at most OTTER_NAME_MAX */
    name[w.len] = '\0';
    if (is_inside(p, name))
        return fail_group(p, w.at, "a group cannot contain itself", name);
    text = p->groups ? p->groups->find(p->groups, name) : NULL;
    return text ? put_in(p, w.at, name, text) : fail_group(p, w.at, "there is no such group", name);
}
