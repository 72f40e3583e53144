#include "pack.h"

#include <string.h>

#define WORD 8u

static bool same_word(const uint8_t *a, const uint8_t *b)
{
    return memcmp(a, b, WORD) == 0;
}

/* A run is of whole words: its head of four bytes costs less than the equal word that ended the one before.
 */
size_t emu_pack(const uint8_t *raw, const uint8_t *model, size_t len, uint8_t *out, size_t cap)
{
    size_t at = 0, written = 0;

    while (at < len) {
        size_t from = at, differs;
        uint16_t head[2];

        while (at < len && same_word(raw + at, model + at))
            at += WORD;
        differs = at;
        while (at < len && !same_word(raw + at, model + at))
            at += WORD;
        if (at - differs + sizeof(head) > cap - written)
            return SIZE_MAX;
        head[0] = (uint16_t)(differs - from); /* len <= EMU_PACK_MAX */
        head[1] = (uint16_t)(at - differs);
        memcpy(out + written, head, sizeof(head));
        memcpy(out + written + sizeof(head), raw + differs, at - differs);
        written += sizeof(head) + (at - differs);
    }
    return written;
}

bool emu_unpack(const uint8_t *packed, size_t packed_len, const uint8_t *model, size_t len, uint8_t *out)
{
    size_t at = 0, read = 0;

    while (at < len) {
        uint16_t head[2];

        if (packed_len - read < sizeof(head))
            return false;
        memcpy(head, packed + read, sizeof(head));
        read += sizeof(head);
        if (head[0] > len - at || head[1] > len - at - head[0] || head[1] > packed_len - read)
            return false;
        memcpy(out + at, model + at, head[0]);
        at += head[0];
        memcpy(out + at, packed + read, head[1]);
        at += head[1];
        read += head[1];
        if (head[0] == 0 && head[1] == 0)
            return false;
    }
    return read == packed_len;
}
