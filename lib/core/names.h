/* Bounded strings that name things on the wire (protocol.md, Common forms), and slots. */
#ifndef OTTER_CORE_NAMES_H
#define OTTER_CORE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#define OTTER_NAME_MAX 64u
#define OTTER_NAME_BUF (OTTER_NAME_MAX + 1)
#define OTTER_URL_MAX  128u

/* Device id: [A-Za-z0-9._:-]{1,64}. */
bool otter_device_id_valid(const char *s, size_t len);

/* Product, hardware and other names: [A-Za-z0-9._+-]{1,64}. */
bool otter_name_valid(const char *s, size_t len);

/* An IPv4 or IPv6 address instead of a name: certificates are matched by names alone. */
bool otter_host_is_address(const char *host);

enum otter_slot { OTTER_SLOT_A = 0, OTTER_SLOT_B = 1, OTTER_SLOT_ANY = 2, OTTER_SLOT_COUNT = 3 };

/* "A", "B" or "any"; static. */
const char *otter_slot_name(enum otter_slot slot);

/* False, and *ret untouched, if it names no slot. */
bool otter_slot_parse(const char *s, size_t len, enum otter_slot *ret);

static inline enum otter_slot otter_slot_other(enum otter_slot slot)
{
    return slot == OTTER_SLOT_A ? OTTER_SLOT_B : OTTER_SLOT_A;
}

#endif
