#include "core/names.h"

#include <string.h>

static bool alphanumeric(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Letters, digits and the signs in `others` (a string); 1..64 of them. */
static bool made_of(const char *s, size_t len, const char *others)
{
    if (len < 1 || len > OTTER_NAME_MAX)
        return false;
    for (size_t i = 0; i < len; i++)
        if (!alphanumeric(s[i]) && (s[i] == '\0' || strchr(others, s[i]) == NULL))
            return false;
    return true;
}

bool otter_device_id_valid(const char *s, size_t len)
{
    return made_of(s, len, "._:-");
}

bool otter_name_valid(const char *s, size_t len)
{
    return made_of(s, len, "._+-");
}

static const char *const slot_names[OTTER_SLOT_COUNT] = {"A", "B", "any"};

bool otter_host_is_address(const char *host)
{
    return host[0] != '\0' && (host[strspn(host, "0123456789.")] == '\0' || strchr(host, ':') != NULL);
}

const char *otter_slot_name(enum otter_slot slot)
{
    return (unsigned)slot < OTTER_SLOT_COUNT ? slot_names[slot] : "?";
}

bool otter_slot_parse(const char *s, size_t len, enum otter_slot *ret)
{
    for (unsigned i = 0; i < OTTER_SLOT_COUNT; i++) {
        if (strlen(slot_names[i]) == len && memcmp(slot_names[i], s, len) == 0) {
            *ret = (enum otter_slot)i;
            return true;
        }
    }
    return false;
}
