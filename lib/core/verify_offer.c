#include "core/bytes.h"
#include "core/verify.h"

#include <string.h>

/* What is asked of a signed offer, in the order of protocol.md. */
static enum otter_status check_offer(const struct otter_root *root, const struct otter_device_facts *facts,
                                     const uint8_t nonce[OTTER_NONCE_LEN], const struct otter_offer *offer)
{
    if (strcmp(offer->device, facts->device) != 0)
        return OTTER_OFFER_DEVICE;
    if (!otter_equal_ct(offer->nonce, nonce, OTTER_NONCE_LEN))
        return OTTER_OFFER_NONCE;
    if (offer->issued < facts->time_floor)
        return OTTER_OFFER_TIME;
    if (offer->issued >= root->expires)
        return OTTER_ROOT_EXPIRED;
    if (!offer->empty && offer->deadline <= offer->issued)
        return OTTER_OFFER_DEADLINE;
    return OTTER_OK;
}

enum otter_status otter_verify_offer(const struct otter_crypto *crypto, const struct otter_root *root,
                                     const struct otter_device_facts *facts,
                                     const uint8_t nonce[OTTER_NONCE_LEN], const char *envelope, size_t len,
                                     struct otter_jws *scratch, struct otter_offer *ret)
{
    struct otter_offer offer;
    enum otter_status status = otter_jws_decode(envelope, len, scratch);

    /* Nothing inside the payload is looked at before its signature holds. */
    if (status == OTTER_OK)
        status = otter_verify_role(crypto, root, OTTER_ROLE_OFFER, scratch);
    if (status == OTTER_OK)
        status = otter_offer_decode(scratch->payload, scratch->payload_len, &offer);
    if (status == OTTER_OK)
        status = check_offer(root, facts, nonce, &offer);
    if (status == OTTER_OK)
        *ret = offer;
    return status;
}
