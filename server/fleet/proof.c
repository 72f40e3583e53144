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
    if (!d->proof)
        d->proof = calloc(1, sizeof(*d->proof));
    if (!d->proof)
        return false;
    memcpy(d->proof->secret, secret, FLEET_SECRET);
    return true;
}

bool fleet_secret(const struct fleet_device *d, uint8_t ret_secret[FLEET_SECRET])
{
    if (!d->proof)
        return false;
    memcpy(ret_secret, d->proof->secret, FLEET_SECRET);
    return true;
}

bool fleet_take_nonce(struct fleet_device *d, uint64_t nonce)
{
    if (!d->proof)
        return false;
    if (!d->proof->nonces)
        d->proof->nonces = calloc(1, sizeof(*d->proof->nonces));
    return d->proof->nonces && fleet_nonce_take(d->proof->nonces, nonce);
}

void fleet_proof_free(struct fleet_proof *proof)
{
    if (!proof)
        return;
    free(proof->nonces);
    explicit_bzero(proof, sizeof(*proof));
    free(proof);
}
