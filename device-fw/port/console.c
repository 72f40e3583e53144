#include "port/console.h"

#include "port/board.h"

void console_text(const char *s)
{
    while (*s != '\0')
        board_putc(*s++);
}

void console_line(const char *s)
{
    console_text(s);
    console_text("\r\n");
}

void console_field(const char *name, const char *value)
{
    console_text(name);
    console_text(": ");
    console_line(value);
}

void console_pair(const char *name, const char *value)
{
    console_text(name);
    console_text(" ");
    console_line(value);
}

void console_number(int32_t n)
{
    uint32_t rest = n < 0 ? 0u - (uint32_t)n : (uint32_t)n;
    char digits[11];
    unsigned i = sizeof(digits);

    digits[--i] = '\0';
    do {
        digits[--i] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (n < 0)
        board_putc('-');
    console_text(digits + i);
}

void console_hex(uint32_t n)
{
    console_text("0x");
    for (int shift = 28; shift >= 0; shift -= 4)
        board_putc("0123456789abcdef"[n >> shift & 0xf]);
}
