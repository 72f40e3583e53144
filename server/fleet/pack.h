/*
 * Packs: short lists of strings in one piece of memory, each string with its NUL and an empty one at the end:
 * tags
 * ("a\0b\0\0"), or names and values in turn ("site\0oslo\0\0"). Sorted by name, so that equal sets are equal
 * bytes.
 */
#ifndef OTTER_FLEET_PACK_H
#define OTTER_FLEET_PACK_H

#include <stdbool.h>
#include <stddef.h>

#define FLEET_PACK_MAX 2048u /* bytes */

struct fleet_pack {
    size_t len; /* with the final empty string; 0 = empty pack */
    char data[FLEET_PACK_MAX];
};

/* Reads len bytes that were a pack; false (and *ret empty) if they are none. */
bool fleet_pack_read(const char *data, size_t len, struct fleet_pack *ret);

/* Sets or adds a tag; false if there is no room. */
bool fleet_pack_add(struct fleet_pack *pack, const char *tag);
void fleet_pack_remove(struct fleet_pack *pack, const char *tag);

/* Names with values. False if there is no room. A value of a name that is there is replaced. */
bool fleet_pack_put(struct fleet_pack *pack, const char *name, const char *value);
void fleet_pack_drop(struct fleet_pack *pack, const char *name);

/* Walks: starts with NULL; NULL at the end. data may be NULL. */
const char *fleet_pack_next(const char *data, const char *at);
unsigned fleet_pack_count(const char *data);

#endif
