#include "intel_hex.h"

#include "core/bytes.h"

#include <stdio.h>

#define RECORD_DATA 16u

enum record { RECORD_DATA_BYTES = 0, RECORD_END = 1, RECORD_UPPER = 4 };

/* ":LLAAAATT<data>CC": the sum of all bytes is 0. */
static void put_record(FILE *to, enum record type, uint16_t address, const uint8_t *data, size_t len)
{
    uint8_t sum = (uint8_t)(len + (address >> 8) + (address & 0xff) + (unsigned)type);

    fprintf(to, ":%02X%04X%02X", (unsigned)len, address, (unsigned)type);
    for (size_t i = 0; i < len; i++) {
        fprintf(to, "%02X", data[i]);
        sum = (uint8_t)(sum + data[i]);
    }
    fprintf(to, "%02X\n", (uint8_t)(0x100u - sum));
}

char *cli_intel_hex(const uint8_t *data, size_t len, uint32_t address)
{
    char *text = NULL;
    size_t text_len, at = 0;
    FILE *to = open_memstream(&text, &text_len);

    if (to == NULL)
        return NULL;
    while (at < len) {
        uint32_t here = address + (uint32_t)at;
        size_t n = RECORD_DATA - here % RECORD_DATA; /* records do not cross 64 KiB */

        if (at == 0 || (here & 0xffff) == 0) {
            const uint8_t upper[2] = {(uint8_t)(here >> 24), (uint8_t)(here >> 16)};

            put_record(to, RECORD_UPPER, 0, upper, sizeof(upper));
        }
        n = n < len - at ? n : len - at;
        put_record(to, RECORD_DATA_BYTES, (uint16_t)here, data + at, n);
        at += n;
    }
    put_record(to, RECORD_END, 0, NULL, 0);
    return fclose(to) == 0 ? text : NULL;
}
