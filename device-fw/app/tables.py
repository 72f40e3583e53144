"""Writes tables.c for the example application: tables.py OUT"""
import math
import sys

STEPS = 4096


def sine(i):
    return round(32767 * math.sin(2 * math.pi * i / STEPS))


def ntc(reading):
    """10k NTC to ground, 10k pull-up, beta equation around 25 C; limited to -55 .. 150 C."""
    ratio = min(max(reading, 1), STEPS - 1) / STEPS
    resistance = 10000 * ratio / (1 - ratio)
    celsius = 1 / (1 / 298.15 + math.log(resistance / 10000) / 3950) - 273.15
    return round(100 * min(max(celsius, -55), 150))


def table(name, size, function):
    values = [str(function(i)) for i in range(STEPS)]
    rows = [", ".join(values[i:i + 16]) + "," for i in range(0, STEPS, 16)]
    return "const int16_t %s[%s] = {\n    %s\n};\n" % (name, size, "\n    ".join(rows))


with open(sys.argv[1], "w", encoding="ascii") as out:
    out.write('#include "app/tables.h"\n\n')
    out.write(table("sine_table", "SINE_STEPS", sine) + "\n")
    out.write(table("ntc_table", "NTC_STEPS", ntc))
