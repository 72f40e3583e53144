#include "source.h"

#include "core/bytes.h"

#include <arpa/inet.h>
#include <string.h>

/*
 * A prime that divides no count: 65537 divides 2^n - 1 only where 32 divides n, and counts are 2 * (2^n - 1)
 * with n < 24.
 */
#define STRIDE 65537u

bool emu_sources_parse(const char *s, struct emu_sources *ret)
{
    const char *slash = strchr(s, '/');
    char text[INET_ADDRSTRLEN];
    struct in_addr address;
    uint64_t bits;
    uint32_t host;

    if (slash == NULL || (size_t)(slash - s) >= sizeof(text))
        return false;
    memcpy(text, s, (size_t)(slash - s));
    text[slash - s] = '\0';
    if (inet_pton(AF_INET, text, &address) != 1 ||
        !otter_parse_uint(slash + 1, strlen(slash + 1), 30, &bits) || bits < 8)
        return false;
    host = (1u << (32 - bits)) - 1;
    if ((ntohl(address.s_addr) & host) != 0)
        return false;
    *ret = (struct emu_sources){.first = ntohl(address.s_addr) + 1, .count = host - 1};
    return true;
}

uint32_t emu_source_of(const struct emu_sources *sources, uint32_t index)
{
    if (sources->count == 0)
        return 0;
    return sources->first + (uint32_t)((uint64_t)index * STRIDE % sources->count);
}
