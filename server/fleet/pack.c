#include "fleet/pack.h"

#include <string.h>

const char *fleet_pack_next(const char *data, const char *at)
{
    const char *next = at ? at + strlen(at) + 1 : data;

    return next && *next ? next : NULL;
}

unsigned fleet_pack_count(const char *data)
{
    unsigned n = 0;

    for (const char *p = fleet_pack_next(data, NULL); p; p = fleet_pack_next(data, p))
        n++;
    return n;
}

bool fleet_pack_read(const char *data, size_t len, struct fleet_pack *ret)
{
    ret->len = 0;
    ret->data[0] = '\0';
    if (len == 0)
        return true;
    if (len > FLEET_PACK_MAX || len < 2 || data[len - 1] != '\0' || data[len - 2] != '\0')
        return false;
    memcpy(ret->data, data, len);
    ret->len = len;
    return true;
}

/* Opens n bytes at offset `at`; the final empty string stays at the end. */
static bool make_room(struct fleet_pack *pack, size_t at, size_t n)
{
    size_t len = pack->len ? pack->len : 1;

    if (n > FLEET_PACK_MAX - len)
        return false;
    if (pack->len == 0)
        pack->data[0] = '\0';
    memmove(pack->data + at + n, pack->data + at, len - at);
    pack->len = len + n;
    return true;
}

static void cut(struct fleet_pack *pack, size_t at, size_t n)
{
    memmove(pack->data + at, pack->data + at + n, pack->len - at - n);
    pack->len -= n;
    if (pack->len == 1)
        pack->len = 0;
}

/* Offset of the entry (width strings each) called name, or of where it belongs. */
static size_t find(const struct fleet_pack *pack, const char *name, unsigned width, bool *ret_there)
{
    size_t at = 0;

    *ret_there = false;
    while (pack->len > 0 && pack->data[at]) {
        int order = strcmp(pack->data + at, name);

        *ret_there = order == 0;
        if (order >= 0)
            break;
        for (unsigned i = 0; i < width; i++)
            at += strlen(pack->data + at) + 1;
    }
    return at;
}

bool fleet_pack_add(struct fleet_pack *pack, const char *tag)
{
    bool there;
    size_t at = find(pack, tag, 1, &there), n = strlen(tag) + 1;

    if (there)
        return true;
    if (!make_room(pack, at, n))
        return false;
    memcpy(pack->data + at, tag, n);
    return true;
}

void fleet_pack_remove(struct fleet_pack *pack, const char *tag)
{
    bool there;
    size_t at = find(pack, tag, 1, &there);

    if (there)
        cut(pack, at, strlen(tag) + 1);
}

void fleet_pack_drop(struct fleet_pack *pack, const char *name)
{
    bool there;
    size_t at = find(pack, name, 2, &there), n = strlen(name) + 1;

    if (there)
        cut(pack, at, n + strlen(pack->data + at + n) + 1);
}

bool fleet_pack_put(struct fleet_pack *pack, const char *name, const char *value)
{
    struct fleet_pack before = *pack;
    size_t n = strlen(name) + 1, v = strlen(value) + 1, at;
    bool there;

    fleet_pack_drop(pack, name);
    at = find(pack, name, 2, &there);
    if (!make_room(pack, at, n + v)) {
        *pack = before;
        return false;
    }
    memcpy(pack->data + at, name, n);
    memcpy(pack->data + at + n, value, v);
    return true;
}
