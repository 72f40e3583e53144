/* Inside server/fleet only. */
#ifndef OTTER_FLEET_PROOF_H
#define OTTER_FLEET_PROOF_H

struct fleet_device;
struct fleet_extra;
struct fleet_kind;
struct fleet_proof;

/* The record's (locked), made if it has none; NULL when out of memory. */
struct fleet_extra *fleet_extra(struct fleet_device *d);

/* Frees; NULL is nothing to do. */
void fleet_pose_free(struct fleet_kind *pose);

/* Wipes and frees; NULL is nothing to do. */
void fleet_proof_free(struct fleet_proof *proof);

#endif
