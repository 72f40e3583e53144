/* What Otter-HMAC needs of a device: its secret, and the nonces that it has used. */
#include "fleet/proof.h"
#include "fleet/fleet.h"
#include "fleet/nonces.h"

#include <stdlib.h>
#include <string.h>

struct fleet_proof {
    uint8_t secret[FLEET_SECRET];
    struct fleet_nonces *nonces; /* NULL until the first: most devices of a fleet behind TLS never send one */
};

bool fleet_set_secret(struct fleet_device *d, const uint8_t secret[FLEET_SECRET])
{
    struct fleet_extra *extra = fleet_extra(d);

    if (!extra)
        return false;
    if (!extra->proof)
        extra->proof = calloc(1, sizeof(*extra->proof));
    if (!extra->proof)
        return false;
    memcpy(extra->proof->secret, secret, FLEET_SECRET);
    return true;
}

bool fleet_secret(const struct fleet_device *d, uint8_t ret_secret[FLEET_SECRET])
{
    if (!d->extra || !d->extra->proof)
        return false;
    memcpy(ret_secret, d->extra->proof->secret, FLEET_SECRET);
    return true;
}

bool fleet_take_nonce(struct fleet_device *d, uint64_t nonce)
{
    struct fleet_proof *proof = d->extra ? d->extra->proof : NULL;

    if (!proof)
        return false;
    if (!proof->nonces)
        proof->nonces = calloc(1, sizeof(*proof->nonces));
    return proof->nonces && fleet_nonce_take(proof->nonces, nonce);
}

void fleet_proof_free(struct fleet_proof *proof)
{
    if (!proof)
        return;
    free(proof->nonces);
    explicit_bzero(proof, sizeof(*proof));
    free(proof);
}
