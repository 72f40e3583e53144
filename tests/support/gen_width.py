#!/usr/bin/python3
"""Writes cli/width_ranges.h: which characters take no column on a terminal, and which take two, as the C library's
wcwidth() says for UTF-8. Unassigned characters between two of one kind are counted to it."""

import ctypes
import locale
import pathlib

TO = pathlib.Path(__file__).resolve().parents[2] / "cli/width_ranges.h"


def ranges(width, of):
    found, start, last = [], None, None
    for c in range(0xa0, 0x110000):
        w = of[c]
        if w == width:
            start, last = (c if start is None else start), c
        elif w != -1 and start is not None:
            found.append((start, last))
            start = None
    return found + ([(start, last)] if start is not None else [])


def main():
    locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
    wcwidth = ctypes.CDLL(None).wcwidth
    of = [-1 if 0xd800 <= c < 0xe000 else wcwidth(c) for c in range(0x110000)]
    lines = ["/* Made by tests/support/gen_width.py: columns by Unicode, as the C library has them; rising. */"]
    for name, width in (("zero", 0), ("wide", 2)):
        rows = ", ".join(f"{{0x{a:04x}, 0x{b:04x}}}" for a, b in ranges(width, of))
        lines += ["", f"static const struct range {name}[] = {{{rows}}};"]
    TO.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
