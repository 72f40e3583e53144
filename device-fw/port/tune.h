/*
 * Times of the updater, shortened by a board that runs tests (ports/mps2: from QEMU's command line). A board
 * for the field has none of it: its application passes no timing.
 */
#ifndef OTTER_PORT_TUNE_H
#define OTTER_PORT_TUNE_H

struct otter_client_timing; /* client/client.h */

/* Replaces what the tests name, leaves the rest. Between board_init and the updater's init. */
void board_tune(struct otter_client_timing *timing);

#endif
