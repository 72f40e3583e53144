/*
 * The names of the statuses that a bootloader says and journals: linked into it in the place of core's
 * status.c, which has those of servers, networks and operators, too. tests/unit/boot/test_names.c holds the
 * two together.
 */
#include "core/bytes.h"
#include "core/status.h"

#include <string.h>

#define SAID(X)                                                                                              \
    X(OK, "ok")                                                                                              \
    X(NO_SPACE, "no-space")                                                                                  \
    X(BAD_VALUE, "bad-value")                                                                                \
    X(BAD_ENCODING, "bad-encoding")                                                                          \
    X(IO_ERROR, "io-error")                                                                                  \
    X(IMAGE_TOO_LARGE, "image-too-large")                                                                    \
    X(IMAGE_MAGIC, "image-magic")                                                                            \
    X(IMAGE_HEADER, "image-header")                                                                          \
    X(IMAGE_FLAGS, "image-flags")                                                                            \
    X(IMAGE_TLV, "image-tlv")                                                                                \
    X(IMAGE_HASH, "image-hash")                                                                              \
    X(IMAGE_LINK, "image-link")                                                                              \
    X(IMAGE_KEY_UNKNOWN, "image-key-unknown")                                                                \
    X(IMAGE_KEY_REVOKED, "image-key-revoked")                                                                \
    X(IMAGE_SIGNATURE, "image-signature")                                                                    \
    X(IMAGE_FLOOR, "image-floor")                                                                            \
    X(REJECTED_BEFORE, "rejected-before")                                                                    \
    X(FLASH_ERROR, "flash-error")                                                                            \
    X(WATCHDOG, "watchdog")                                                                                  \
    X(TRIAL_DEADLINE, "trial-deadline")                                                                      \
    X(TRIAL_NO_SERVER, "trial-no-server")                                                                    \
    X(TRIAL_IMAGE, "trial-image")

/* One behind the other, and whose they are in the same order: a pointer to each would cost 150 bytes more. */
static const struct {
#define NAME(symbol, name) char symbol[sizeof(name)];
    SAID(NAME)
#undef NAME
} names = {
#define NAME(symbol, name) .symbol = name,
    SAID(NAME)
#undef NAME
};

static const uint8_t said[] = {
#define STATUS(symbol, name) OTTER_##symbol,
    SAID(STATUS)
#undef STATUS
};
_Static_assert(OTTER_STATUS_COUNT <= UINT8_MAX, "a status fits a byte");

const char *otter_status_name(enum otter_status status)
{
    const char *name = (const char *)&names;

    for (unsigned i = 0; i < OTTER_ARRAY_LEN(said); i++, name += strlen(name) + 1)
        if (said[i] == status)
            return name;
    return "?";
}
