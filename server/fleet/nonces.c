#include "fleet/nonces.h"

bool fleet_nonce_take(struct fleet_nonces *nonces, uint64_t nonce)
{
    for (unsigned i = 0; i < nonces->held; i++) {
        if (nonces->seen[i] == nonce)
            return false;
    }
    nonces->seen[nonces->next] = nonce;
    nonces->next = (uint16_t)((nonces->next + 1u) % FLEET_NONCES);
    if (nonces->held < FLEET_NONCES)
        nonces->held++;
    return true;
}
