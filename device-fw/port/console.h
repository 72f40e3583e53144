/* Text on the board's console, a character at a time by board_putc: nothing is buffered. */
#ifndef OTTER_PORT_CONSOLE_H
#define OTTER_PORT_CONSOLE_H

#include <stdint.h>

void console_text(const char *s);
void console_line(const char *s);                        /* and the line's end */
void console_field(const char *name, const char *value); /* "name: value" and the line's end */
void console_pair(const char *name, const char *value);  /* "name value" and the line's end */
void console_number(int32_t n);
void console_hex(uint32_t n); /* 0x and eight digits */

#endif
