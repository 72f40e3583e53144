/* One value of the live set and its bytes in an entry (format.h). Pure. */
#ifndef OTTER_JOURNAL_VALUE_H
#define OTTER_JOURNAL_VALUE_H

#include "journal/format.h"

/* The types with a value in struct otter_journal_live, but the root, i rising from 0; VOID behind the last.
 */
uint8_t otter_value_type(unsigned i);

/* The value's bytes; 0 = there is none. */
uint16_t otter_value_encode(uint8_t type, const struct otter_journal_live *live,
                            uint8_t out[OTTER_VALUE_MAX]);

/*
 * Takes the value over. False, and *live untouched, if the type is none of these or the bytes make no
 * sense; bytes behind the known ones are ignored (a newer firmware's).
 */
bool otter_value_decode(uint8_t type, const uint8_t *in, uint16_t len, struct otter_journal_live *live);

#endif
