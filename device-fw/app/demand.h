/*
 * What the image demands of its own trial, for tests and demos: the TLV that `otter image sign --selftest`
 * writes (demand_tlv.c: boards for tests). Boards for the field know nothing of it (demand_none.c).
 */
#ifndef OTTER_APP_DEMAND_H
#define OTTER_APP_DEMAND_H

#include "app/identity.h"

/* FAIL: the self-test is to fail. HANG: the watchdog is to be fed no more. NONE: as it comes. */
enum otter_selftest demand_read(const struct identity *id);

#endif
