#!/usr/bin/python3
"""Programs of the NUCLEO-F429ZI as linked: does each part lie where the chip wants it, and is nothing missing but the HAL?

    f429_layout.py BUILD_DIR     of a cross build without -Dstm32cube; one line a defect, exit 1 if there is one
"""

import pathlib
import re
import struct
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TOOL = "arm-none-eabi-"

NOINIT = range(0x20000000, 0x20000040)
SRAM = range(NOINIT.stop, 0x20030000)
CCM_TOP = 0x10010000
DMA = {"rx_buffers": 10 * 1524, "tx_buffers": 4 * 1524, "rx_descriptors": 8 * 40, "tx_descriptors": 4 * 40}

# Program -> where its vectors are, where its flash ends, has it Ethernet?
PROGRAMS = {
    "boot": (0x08000000, 0x08008000, False),
    "app-a": (0x08020200, 0x080ff000, True),
    "app-b": (0x08120200, 0x081ff000, True),
    "check-a": (0x08020200, 0x080ff000, True),
}


def run(tool, *args):
    return subprocess.run([TOOL + tool, *map(str, args)], check=True, stdout=subprocess.PIPE, text=True).stdout


def symbols(elf):
    """Name -> (address, size, type) of what is defined, and the names of what is not."""
    found, missing = {}, set()
    for line in run("nm", "-S", elf).splitlines():
        parts = line.split()
        if parts[0] == "U":
            missing.add(parts[1])
        elif len(parts) == 4:
            found[parts[3]] = (int(parts[0], 16), int(parts[1], 16), parts[2])
        else:
            found[parts[2]] = (int(parts[0], 16), 0, parts[1])
    return found, missing


def flash_bytes(elf):
    image = elf.with_suffix(".layout.bin")
    run("objcopy", "-O", "binary", elf, image)
    data = image.read_bytes()
    image.unlink()
    return data


def of_the_hal():
    """Names that tests/support/hal_stub declares."""
    text = "\n".join(p.read_text() for p in (ROOT / "tests/support/hal_stub").glob("*.h"))
    return set(re.findall(r"\b(\w+)\(", text)) | set(re.findall(r"extern \w+ (\w+)", text)) | {"pFlash"}


def defects_of_vectors(vectors, data, found):
    stack, reset = struct.unpack_from("<II", data)
    if found["g_pfnVectors"][0] != vectors:
        yield "the vectors do not come first"
    if stack != CCM_TOP:
        yield f"the stack begins at {stack:#x}, not at the top of CCM"
    if reset != found["Reset_Handler"][0] | 1:
        yield f"the reset vector is {reset:#x}"


def defects_of_ram(found, has_ethernet):
    for name, (address, size, kind) in found.items():
        if kind in "bBdD" and size > 0 and not (address in SRAM and address + size <= SRAM.stop):
            yield f"{name} lies at {address:#x}, outside SRAM behind the hand-over"
    if found["program_noinit"][0] != NOINIT.start:
        yield "the hand-over is not where the other programs look for it"
    for name, size in DMA.items():
        if has_ethernet and (name not in found or found[name][1] < size):
            yield f"{name} is not there, or too small"
        if has_ethernet and name in found and found[name][0] % 4 != 0:
            yield f"{name} is not aligned for the DMA"
        if not has_ethernet and name in found:
            yield f"{name} is in a program without Ethernet"


def defects(elf, vectors, end, has_ethernet):
    found, missing = symbols(elf)
    data = flash_bytes(elf)
    if vectors + len(data) > end:
        yield f"it ends at {vectors + len(data):#x}, behind {end:#x}"
    yield from (f"{name} is nowhere defined" for name in sorted(missing - of_the_hal()))
    yield from defects_of_vectors(vectors, data, found)
    yield from defects_of_ram(found, has_ethernet)


def main():
    folder = pathlib.Path(sys.argv[1]) / "device-fw/ports/stm32f4/images"
    bad = 0
    for name, facts in PROGRAMS.items():
        for defect in defects(folder / f"nucleo-f429zi-open-{name}.elf", *facts):
            print(f"{name}: {defect}")
            bad += 1
    print(f"{len(PROGRAMS)} programs, {bad} defects")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
