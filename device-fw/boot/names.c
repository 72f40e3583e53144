/*
 * The names of the statuses that a bootloader says and journals: linked into it in the place of core's
 * status.c, which has those of servers, networks and operators, too. tests/unit/boot/test_names.c holds the
 * two together.
 */
#include "core/bytes.h"
#include "core/status.h"

static const struct {
    enum otter_status status;
    const char *name;
} said[] = {
    {OTTER_OK, "ok"},
    {OTTER_NO_SPACE, "no-space"},
    {OTTER_BAD_VALUE, "bad-value"},
    {OTTER_BAD_ENCODING, "bad-encoding"},
    {OTTER_IO_ERROR, "io-error"},
    {OTTER_IMAGE_TOO_LARGE, "image-too-large"},
    {OTTER_IMAGE_MAGIC, "image-magic"},
    {OTTER_IMAGE_HEADER, "image-header"},
    {OTTER_IMAGE_FLAGS, "image-flags"},
    {OTTER_IMAGE_TLV, "image-tlv"},
    {OTTER_IMAGE_HASH, "image-hash"},
    {OTTER_IMAGE_LINK, "image-link"},
    {OTTER_IMAGE_KEY_UNKNOWN, "image-key-unknown"},
    {OTTER_IMAGE_KEY_REVOKED, "image-key-revoked"},
    {OTTER_IMAGE_SIGNATURE, "image-signature"},
    {OTTER_IMAGE_FLOOR, "image-floor"},
    {OTTER_REJECTED_BEFORE, "rejected-before"},
    {OTTER_FLASH_ERROR, "flash-error"},
    {OTTER_WATCHDOG, "watchdog"},
    {OTTER_TRIAL_DEADLINE, "trial-deadline"},
    {OTTER_TRIAL_NO_SERVER, "trial-no-server"},
    {OTTER_TRIAL_IMAGE, "trial-image"},
};

const char *otter_status_name(enum otter_status status)
{
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(said); i++)
        if (said[i].status == status)
            return said[i].name;
    return "?";
}
