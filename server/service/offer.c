#include "service/internal.h"

#include "host/jws.h"

#include <stdlib.h>
#include <string.h>

static void fill(struct svc *svc, const struct otter_poll *poll, struct otter_offer *offer)
{
    memset(offer, 0, sizeof(*offer));
    memcpy(offer->device, poll->device, sizeof(offer->device));
    memcpy(offer->nonce, poll->nonce, OTTER_NONCE_LEN);
    offer->issued = (uint64_t)svc_now(svc);
    offer->empty = true;
}

static bool fill_attempt(struct otter_offer *offer, uint64_t attempt, enum otter_slot slot,
                         const struct catalog_release *release)
{
    const struct otter_manifest *m = &release->manifest;

    for (unsigned i = 0; i < m->image_count; i++) {
        if (m->image[i].slot != slot)
            continue;
        offer->empty = false;
        offer->deadline = offer->issued + SVC_OFFER_DEADLINE;
        offer->attempt = attempt;
        offer->manifest = (struct otter_blob_ref){.sha256 = release->id, .size = release->size};
        offer->slot = slot;
        offer->image = (struct otter_blob_ref){.sha256 = m->image[i].sha256, .size = m->image[i].size};
        return true;
    }
    return false;
}

enum otter_status offer_sign(struct svc *svc, struct svc_call *call, uint64_t attempt, enum otter_slot slot,
                             const struct catalog_release *release)
{
    char payload[OTTER_PAYLOAD_MAX + 1];
    struct otter_offer offer;
    size_t payload_len, cap;
    int len;

    fill(svc, &call->in.poll, &offer);
    if (release && !fill_attempt(&offer, attempt, slot, release))
        return OTTER_INTERNAL;
    if (otter_offer_encode(&offer, payload, sizeof(payload)) != OTTER_OK)
        return OTTER_INTERNAL;
    payload_len = strlen(payload);
    cap = host_jws_len(payload_len) + 1;
    call->out.body = malloc(cap);
    if (!call->out.body)
        return OTTER_INTERNAL;
    len = host_jws_sign_to(atomic_load_explicit(&svc->offer_keys.now, memory_order_acquire), payload,
                           payload_len, call->out.body, cap);
    if (len < 0)
        return OTTER_INTERNAL;
    call->out.body_len = (size_t)len;
    call->out.offered = release != NULL;
    atomic_fetch_add_explicit(&svc->offers, 1, memory_order_relaxed);
    return OTTER_OK;
}
