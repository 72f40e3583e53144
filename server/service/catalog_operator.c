/* Operators with their rights and tokens, read from the store. */
#include "service/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct loader {
    struct store_operator_visitor operators;
    struct store_grant_visitor grants;
    struct store_token_visitor tokens;
    struct operators *o;
    bool memory; /* was enough */
};

/* Room for one element more; NULL when out of memory. */
static void *grow(void *array, size_t count, size_t element)
{
    if (count > 0 && (count & (count - 1)) != 0)
        return array;
    return realloc(array, (count ? count * 2 : 1) * element);
}

static bool add_operator(struct operators *o, const struct store_operator *row)
{
    struct operator_row *all = grow(o->all, o->count, sizeof(*all));

    if (!all)
        return false;
    o->all = all;
    o->all[o->count] = (struct operator_row){.row = *row};
    o->count++;
    return true;
}

/* The first one: what the store has of him is no more than since when admin.token is switched off. */
static bool add_admin(struct operators *o)
{
    static const struct policy_grant all = {POLICY_ADMIN, POLICY_EVERYWHERE};
    static const struct store_operator admin = {.name = SVC_ADMIN};

    return add_operator(o, &admin) && policy_rights_add(&o->all[0].rights, &all);
}

static size_t place_of(const struct operators *o, const char *name)
{
    size_t i = 0;

    while (i < o->count && strcmp(o->all[i].row.name, name) != 0)
        i++;
    return i;
}

static bool load_operator(struct store_operator_visitor *self, const struct store_operator *row)
{
    struct loader *l = OTTER_CONTAINER_OF(self, struct loader, operators);

    if (strcmp(row->name, SVC_ADMIN) == 0)
        l->o->all[0].row = *row;
    else
        l->memory = add_operator(l->o, row);
    return l->memory;
}

/* A role that this program does not know brings nothing. */
static bool load_grant(struct store_grant_visitor *self, const struct store_grant *row)
{
    struct loader *l = OTTER_CONTAINER_OF(self, struct loader, grants);
    size_t place = place_of(l->o, row->operator);
    struct policy_grant grant;

    if (place == l->o->count || !policy_role_find(row->role, &grant.role))
        return true;
    memcpy(grant.product, row->product, sizeof(grant.product));
    (void)policy_rights_add(&l->o->all[place].rights, &grant);
    return true;
}

static bool load_token(struct store_token_visitor *self, const struct store_token *row)
{
    struct loader *l = OTTER_CONTAINER_OF(self, struct loader, tokens);
    struct operators *o = l->o;
    struct operator_token *tokens;
    size_t place = place_of(o, row->operator);

    if (place == o->count)
        return true;
    tokens = grow(o->tokens, o->token_count, sizeof(*tokens));
    l->memory = tokens != NULL;
    if (!tokens)
        return false;
    o->tokens = tokens;
    o->tokens[o->token_count].row = *row;
    o->tokens[o->token_count].operator= place;
    atomic_init(&o->tokens[o->token_count].used, row->used);
    o->token_count++;
    return true;
}

enum otter_status operators_load(struct operators *o, struct store *store)
{
    struct loader l = {.operators.row = load_operator,
                       .grants.row = load_grant,
                       .tokens.row = load_token,
                       .o = o,
                       .memory = true};
    enum otter_status status = add_admin(o) ? OTTER_OK : OTTER_INTERNAL;

    if (status == OTTER_OK)
        status = store->ops->operators(store, &l.operators);
    if (status == OTTER_OK && l.memory)
        status = store->ops->grants(store, &l.grants);
    if (status == OTTER_OK && l.memory)
        status = store->ops->tokens(store, &l.tokens);
    return l.memory ? status : OTTER_INTERNAL;
}

void operators_free(struct operators *o)
{
    free(o->all);
    free(o->tokens);
    *o = (struct operators){.count = 0};
}

void operators_keep_uses(struct operators *fresh, const struct operators *old)
{
    size_t at = 0, count = old ? old->token_count : 0;

    for (size_t i = 0; i < fresh->token_count; i++) {
        struct operator_token *t = &fresh->tokens[i];

        while (at < count && old->tokens[at].row.num < t->row.num)
            at++;
        if (at < count && old->tokens[at].row.num == t->row.num)
            atomic_store_explicit(&t->used, atomic_load_explicit(&old->tokens[at].used, memory_order_relaxed),
                                  memory_order_relaxed);
    }
}

const struct operator_row *operators_find(const struct operators *o, const char *name)
{
    size_t place = place_of(o, name);

    return place < o->count ? &o->all[place] : NULL;
}

unsigned operators_tokens_of(const struct operators *o, const struct operator_row *op)
{
    unsigned n = 0;

    for (size_t i = 0; i < o->token_count; i++)
        n += &o->all[o->tokens[i].operator] == op;
    return n;
}

bool operators_administered(const struct operators *o, int64_t now)
{
    if (!o->all[0].row.disabled) /* admin.token never expires */
        return true;
    for (size_t i = 0; i < o->token_count; i++) {
        const struct operator_row *op = &o->all[o->tokens[i].operator];
        int64_t expires = o->tokens[i].row.expires;

        if (!op->row.disabled && (expires == 0 || expires > now) &&
            policy_may(&op->rights, POLICY_ADMINISTER, NULL))
            return true;
    }
    return false;
}
