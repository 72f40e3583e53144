/* Inside server/fleet only. */
#ifndef OTTER_FLEET_PROOF_H
#define OTTER_FLEET_PROOF_H

struct fleet_proof;

/* Wipes and frees; NULL is nothing to do. */
void fleet_proof_free(struct fleet_proof *proof);

#endif
