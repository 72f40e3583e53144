/*
 * Bytes against a model of the same length: where they differ, and what they are there. Nothing is lost, and
 * where two devices do the same little is left. Pure.
 *
 *   u16 equal | u16 different | the different bytes | u16 equal | ...      (of this machine's byte order)
 */
#ifndef OTTER_EMU_PACK_H
#define OTTER_EMU_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EMU_PACK_MAX       65528u       /* bytes at once; a multiple of 8 */
#define EMU_PACK_ROOM(len) ((len) + 8u) /* packed bytes, at most */

/* len: a multiple of 8. Bytes written to out; SIZE_MAX if they are more than cap. */
size_t emu_pack(const uint8_t *raw, const uint8_t *model, size_t len, uint8_t *out, size_t cap);

/* Into out, of the model's length `len`. False if `packed` is not what emu_pack made for it. */
bool emu_unpack(const uint8_t *packed, size_t packed_len, const uint8_t *model, size_t len, uint8_t *out);

#endif
