/*
 * A device's stream to its server, with TLS where the URL says https: the firmware's own (crypto/tls.h), over
 * the device's link and so beneath the run's faults. Its memory is held only while a connection is open, so
 * that a large fleet costs by its sockets.
 */
#ifndef OTTER_EMU_SECURE_H
#define OTTER_EMU_SECURE_H

#include "crypto/tls.h"
#include "link.h"

struct emu_secure_memory; /* of one open TLS connection, sized as on the reference boards */

struct emu_secure {
    struct otter_net net; /* what the client gets */
    struct otter_tls tls;
    struct emu_secure_memory *memory; /* NULL = no TLS connection is open */
};

/* The link must be initialised, and stays in place with s. */
void emu_secure_init(struct emu_secure *s, struct emu_link *link, struct otter_random *random);

/* The device resets: its connection is gone without a word, and so is all that RAM held. */
void emu_secure_reset(struct emu_secure *s);

#endif
