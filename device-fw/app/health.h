/* The application's self-test: does it do its work, and is its own code whole? */
#ifndef OTTER_APP_HEALTH_H
#define OTTER_APP_HEALTH_H

#include "app/identity.h"
#include "app/sensor.h"
#include "client/client.h"

struct health {
    const struct identity *identity;
    const struct sensor *sensor;
    uint32_t crc; /* of the image, at the start */
};

void health_init(struct health *h, const struct identity *identity, const struct sensor *sensor);

/* Code that changes while it runs: flash fails, and what it does next is anyone's guess. */
bool health_image_is_whole(const struct health *h);

/*
 * RUNNING until the sensor has been heard often enough; PASSED if its readings are plausible and move, and
 * the image is whole. The network is none of it: whether the server is reached, the updater asks itself.
 */
enum otter_selftest_result health_test(const struct health *h);

#endif
