/*
 * A stand-in for otterd, so that the emulator can be tested alone: keys, a root, images and factory data in a
 * temporary folder, and a thread that answers the device protocol one connection after the other. It offers
 * one release to each device that does not run it and has not reported an end; nothing is decided beyond
 * that.
 */
#ifndef OTTER_TEST_STUB_H
#define OTTER_TEST_STUB_H

#include "core/image.h"
#include "core/wire.h"

#include <stdbool.h>
#include <stdint.h>

#define STUB_DEVICES_MAX 64u

struct stub_release {
    const char *version;
    enum otter_selftest selftest;
    uint8_t percent;
    uint32_t payload;     /* bytes of each image */
    bool foreign_release; /* the manifest is signed by a key outside the root */
};

struct stub;

/* A server on loopback with `devices` provisioned devices (dev-0, ..) and a signed 1.0.0 for slot A. */
struct stub *stub_new(unsigned devices);
/* Stops the thread and removes the folder. */
void stub_free(struct stub *s);

/* From now on this is offered. */
void stub_publish(struct stub *s, const struct stub_release *release);

/* Paths below the folder: malloc'ed. "fleet.jsonl", "factory", "1.0.0.img". */
char *stub_path(const struct stub *s, const char *name);
const char *stub_url(const struct stub *s);

struct stub_counts {
    unsigned polls;
    unsigned confirmed; /* devices whose last poll said that they run the release, confirmed */
    unsigned ended[OTTER_UPDATE_STATE_COUNT]; /* devices by the end they reported */
    unsigned reason[OTTER_STATUS_COUNT];
    unsigned ranges; /* requests with a Range */
};
void stub_counts(struct stub *s, struct stub_counts *ret);

#endif
