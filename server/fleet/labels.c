/* What operators and devices have set on a device: tags, attributes, marks. */
#include "fleet/fleet.h"
#include "fleet/proof.h"
#include "fleet/records.h"

#include <stdlib.h>
#include <string.h>

const char *fleet_tags(const struct fleet_device *d)
{
    return d->extra && d->extra->tags_len ? d->extra->labels : NULL;
}

const char *fleet_own_attrs(const struct fleet_device *d)
{
    return d->extra && d->extra->own_len ? d->extra->labels + d->extra->tags_len : NULL;
}

const char *fleet_operator_attrs(const struct fleet_device *d)
{
    return d->extra && d->extra->operator_len ? d->extra->labels + d->extra->tags_len + d->extra->own_len
                                              : NULL;
}

struct fleet_extra *fleet_extra(struct fleet_device *d)
{
    if (!d->extra)
        d->extra = calloc(1, sizeof(*d->extra));
    return d->extra;
}

static void count_retired(struct fleet *fleet, uint32_t index, bool retired)
{
    _Atomic uint64_t *word = &bits_of(fleet, index)->retired;
    uint64_t bit = UINT64_C(1) << (index % 64);

    if (retired == fleet_is_retired(fleet, index))
        return;
    if (retired) {
        atomic_fetch_or_explicit(word, bit, memory_order_acq_rel);
        atomic_fetch_add_explicit(&fleet->retired, 1, memory_order_acq_rel);
    } else {
        atomic_fetch_and_explicit(word, ~bit, memory_order_acq_rel);
        atomic_fetch_sub_explicit(&fleet->retired, 1, memory_order_acq_rel);
    }
}

bool fleet_set_marks(struct fleet *fleet, uint32_t index, struct fleet_device *d, uint8_t marks, uint32_t pin)
{
    if (pin && !fleet_extra(d))
        return false;
    if (d->extra)
        d->extra->pin = pin;
    d->marks = (uint8_t)((marks & ~(FLEET_RETRY | FLEET_ROTATE)) | (d->marks & (FLEET_RETRY | FLEET_ROTATE)));
    count_retired(fleet, index, (marks & FLEET_RETIRED) != 0);
    return true;
}

void fleet_set_rotate(struct fleet_device *d, bool rotate)
{
    d->marks = (uint8_t)((d->marks & ~FLEET_ROTATE) | (rotate ? FLEET_ROTATE : 0));
}

void fleet_set_retry(struct fleet_device *d, bool retry)
{
    d->marks = (uint8_t)((d->marks & ~FLEET_RETRY) | (retry ? FLEET_RETRY : 0));
}

uint32_t fleet_pin(const struct fleet_device *d)
{
    return d->extra ? d->extra->pin : 0;
}

bool fleet_set_labels(struct fleet_device *d, const char *tags, size_t tags_len, const char *own,
                      size_t own_len, const char *operator_attrs, size_t operator_len)
{
    size_t total = tags_len + own_len + operator_len;
    struct fleet_extra *extra = d->extra;
    char *labels = NULL;

    if (tags_len > UINT16_MAX || own_len > UINT16_MAX || operator_len > UINT16_MAX)
        return false;
    if (total > 0) {
        extra = fleet_extra(d);
        labels = extra ? malloc(total) : NULL;
        if (!labels)
            return false;
        if (tags_len)
            memcpy(labels, tags, tags_len);
        if (own_len)
            memcpy(labels + tags_len, own, own_len);
        if (operator_len)
            memcpy(labels + tags_len + own_len, operator_attrs, operator_len);
    }
    if (!extra)
        return true;
    free(extra->labels);
    extra->labels = labels;
    extra->tags_len = (uint16_t)tags_len;
    extra->own_len = (uint16_t)own_len;
    extra->operator_len = (uint16_t)operator_len;
    return true;
}
