/*
 * Who asks is known by the head of a request; its body may take as long as its sender likes. So when a call
 * is carried out, its asker is looked at again: what was taken back meanwhile does nothing any more.
 */
#include "service/internal.h"
#include "service/rights.h"

#include <string.h>

static const struct operator_token *token_of(const struct operators *o, int64_t num)
{
    for (size_t i = 0; i < o->token_count; i++)
        if (o->tokens[i].row.num == num)
            return &o->tokens[i];
    return NULL;
}

static enum otter_status gone(struct svc_call *call)
{
    return svc_refuse(call, OTTER_UNAUTHORIZED,
                      "the token was taken back, or its operator switched off, before the request was whole");
}

static enum otter_status judge(const struct operators *o, struct svc_call *call, int64_t now)
{
    const struct svc_asker *asker = call->in.asker;
    const struct operator_token *token = token_of(o, asker->token);
    const struct operator_row *op = token ? &o->all[token->operator] : NULL;

    if (!op || op->row.disabled || (token->row.expires && token->row.expires <= now))
        return gone(call);
    if (!policy_rights_same(&asker->rights, &op->rights))
        return svc_refuse(call, OTTER_FORBIDDEN,
                          "the roles of operator %s changed before the request was whole: ask again",
                          asker->name);
    return OTTER_OK;
}

enum otter_status auth_again(struct svc *svc, struct svc_call *call)
{
    const struct svc_asker *asker = call->in.asker;
    auto_catalog struct catalog *c = NULL;

    if (!asker || (asker->token == 0 && strcmp(asker->name, SVC_ADMIN) != 0))
        return OTTER_OK; /* no operator of the table: a device, or whoever reads public metrics */
    c = catalog_get(svc);
    if (asker->token == 0)
        return c->operators.all[0].row.disabled ? gone(call) : OTTER_OK;
    return judge(&c->operators, call, svc_now(svc));
}
