#include "crypto/tls_chain.h"

#include "core/bytes.h"
#include "crypto/tls_profile.h"

#include <string.h>

#define DAY 86400u /* seconds */

static struct otter_tls_chain *from_class(const br_x509_class **ctx)
{
    return OTTER_CONTAINER_OF(ctx, struct otter_tls_chain, vtable);
}

static const br_x509_class **minimal_of(struct otter_tls_chain *c)
{
    return &c->minimal.vtable;
}

static void start_chain(const br_x509_class **ctx, const char *server_name)
{
    struct otter_tls_chain *c = from_class(ctx);

    c->latest_before = 0;
    c->earliest_after = UINT64_MAX;
    c->minimal.vtable->start_chain(minimal_of(c), server_name);
}

static void start_cert(const br_x509_class **ctx, uint32_t length)
{
    struct otter_tls_chain *c = from_class(ctx);

    otter_x509_dates_init(&c->dates);
    c->counts = c->minimal.err == 0; /* it is set once the judgement stands: what follows is not needed */
    c->minimal.vtable->start_cert(minimal_of(c), length);
}

static void pass_on(struct otter_tls_chain *c, const uint8_t *buf, size_t len)
{
    c->minimal.vtable->append(minimal_of(c), buf, len);
}

/* The validity is known before the engine sees it: its time becomes one at which this certificate is valid.
 */
static void take_dates(struct otter_tls_chain *c)
{
    const struct otter_x509_dates *d = &c->dates;
    uint64_t days = d->not_before; /* seconds, at first */
    uint32_t seconds;

    if (d->not_before > c->latest_before)
        c->latest_before = d->not_before;
    if (d->not_after < c->earliest_after)
        c->earliest_after = d->not_after;
    seconds = otter_divide(&days, DAY / 2);
    br_x509_minimal_set_time(&c->minimal, (uint32_t)(days / 2), seconds + (uint32_t)(days % 2) * (DAY / 2));
    pass_on(c, d->held, d->held_len);
}

static void append(const br_x509_class **ctx, const unsigned char *buf, size_t len)
{
    struct otter_tls_chain *c = from_class(ctx);

    if (!c->counts)
        return;
    for (; len > 0 && c->dates.state != OTTER_X509_DONE; buf++, len--) {
        bool inside = c->dates.state == OTTER_X509_INSIDE;

        switch (otter_x509_dates_feed(&c->dates, *buf)) {
        case OTTER_X509_BEFORE:
            pass_on(c, buf, 1);
            break;
        case OTTER_X509_INSIDE:
            if (!inside)
                pass_on(c, buf, 1); /* the last byte of the length */
            break;
        case OTTER_X509_DONE:
            take_dates(c);
            break;
        case OTTER_X509_BAD:
        default:
            if (c->minimal.err == 0)
                c->minimal.err = BR_ERR_X509_BAD_TIME;
            return;
        }
    }
    if (len > 0)
        pass_on(c, buf, len);
}

static void end_cert(const br_x509_class **ctx)
{
    struct otter_tls_chain *c = from_class(ctx);

    c->minimal.vtable->end_cert(minimal_of(c));
}

static bool valid_in_time(const struct otter_tls_chain *c)
{
    uint64_t time = c->time;

    if (c->has_clock && c->latest_before > time)
        return false;
    if (c->latest_before > time)
        time = c->latest_before;
    return time <= c->earliest_after;
}

static unsigned end_chain(const br_x509_class **ctx)
{
    struct otter_tls_chain *c = from_class(ctx);
    unsigned error = c->minimal.vtable->end_chain(minimal_of(c));

    if (error == 0 && !valid_in_time(c))
        error = BR_ERR_X509_EXPIRED;
    return error;
}

/* BearSSL asks when end_chain() was content. */
static const br_x509_pkey *get_pkey(const br_x509_class *const *ctx, unsigned *usages)
{
    const struct otter_tls_chain *c = OTTER_CONTAINER_OF_CONST(ctx, struct otter_tls_chain, vtable);

    return c->minimal.vtable->get_pkey(&c->minimal.vtable, usages);
}

static const br_x509_class chain_class = {
    .context_size = sizeof(struct otter_tls_chain),
    .start_chain = start_chain,
    .start_cert = start_cert,
    .append = append,
    .end_cert = end_cert,
    .end_chain = end_chain,
    .get_pkey = get_pkey,
};

void otter_tls_chain_init(struct otter_tls_chain *c, const struct otter_tls_anchor *anchor,
                          uint64_t time_floor, uint64_t now)
{
    br_x509_minimal_context *m = &c->minimal;

    memset(c, 0, sizeof(*c));
    c->vtable = &chain_class;
    c->has_clock = now != 0;
    c->time = OTTER_X509_UNIX_EPOCH + (now > time_floor ? now : time_floor); /* both below 2^53 */
    br_x509_minimal_init(m, &br_sha256_vtable, &anchor->ta, 1);
    otter_tls_profile_chain(m);
}
