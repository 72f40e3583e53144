"""Sizes and instruction counts of the firmware: linked sizes, and what the updater says of itself in QEMU.

Called by tests/bench/bench.py --firmware, and by the suite `firmware` of tests/suites.py with --check, which holds the
figures against tests/bench/firmware/budgets: a program that has grown beyond its budget fails.
"""

import argparse
import dataclasses
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.dont_write_bytecode = True
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]
os.environ.setdefault("OTTER_BUILD", str(ROOT / "build"))
import certificates  # noqa: E402
import otter  # noqa: E402
import qemu  # noqa: E402

BUILD = ROOT / "build/arm"
BUDGETS = HERE / "firmware/budgets"
ICOUNT = ["-icount", "shift=0"]
# Programs: name -> ELF below the build folder, and what a reader calls it.
BOOT = "device-fw/bootloader/mps2-an386-boot.elf"
UPDATERS = {"http": "updater, HTTP", "https": "updater, HTTPS, P-256 throughout", "https-full": "updater, HTTPS, any certificate"}


@dataclasses.dataclass
class Row:
    name: str    # in the budgets
    what: str
    value: int
    unit: str
    target: str
    met: bool | None


def arm_size(elf):
    """(flash, RAM) that a linked program takes, without its stack."""
    done = subprocess.run(["arm-none-eabi-size", elf], stdout=subprocess.PIPE, text=True, check=True)
    text, data, bss = (int(field) for field in done.stdout.splitlines()[1].split()[:3])
    return text + data, data + bss


class World(otter.World):
    """Its devices run the programs of tests/bench/firmware."""
    hardware = qemu.HARDWARE

    def __init__(self, folder, variant, programs):
        tls = certificates.tls_folder(folder / "tls") if variant != "http" else None
        super().__init__(folder, [] if tls else ["--plain-devices"], tls=tls)
        self.variant, self.programs = variant, programs

    def firmware(self, _version, _hardware, slot):
        return self.programs / f"measured-{self.variant}-{slot.lower()}.bin"


def run(folder, variant, build):
    """A whole update in QEMU, counted; figure -> what was said of it."""
    folder.mkdir()
    world = World(folder, variant, build / "tests/bench/firmware")
    world.start()
    try:
        tls = world.server.cacert is not None
        factories = world.fleet(1, prefix="bench-", url=f"http{'s' if tls else ''}://{qemu.HOST}:{world.server.port}")
        rollout = world.rollout(world.publish("1.1.0"))
        flash = qemu.mkflash(folder / "flash", next(factories.glob("*.factory.bin")), world.image("1.0.0", "A"))
        with qemu.Device(flash, extra=ICOUNT, qmp=False, boot=build / BOOT) as device:
            device.start()
            device.wait_for_line("^bench: done|^fault:", 300)
            lines = list(device.read())
        assert world.status(rollout)["counts"]["failed"] == 0
    finally:
        world.stop()
    figures = {}
    for line in lines:
        found = re.fullmatch(r"bench: (\S+) (\d+)", line)
        if found:
            figures.setdefault(found.group(1), []).append(int(found.group(2)))
    missing = {"boot-stack", "stack", "verify", "sha256-kb", "step", "download-kb"} - figures.keys()
    assert not missing, f"{variant}: the device did not say {missing}\n" + "\n".join(lines)
    # Only at power-on is RAM clean enough to tell what the bootloader has used.
    return {name: said[0] if name == "boot-stack" else max(said) for name, said in figures.items()}


def row(name, what, value, unit, most=None, scale=1):
    target = f"<= {most} {unit}" if most else ""
    return Row(name, what, value, unit, target, value <= most * scale if most else None)


def measure(build):
    """All rows, in the table's order."""
    with tempfile.TemporaryDirectory(prefix="otter-firmware-") as scratch:
        runs = {variant: run(pathlib.Path(scratch) / variant, variant, build) for variant in UPDATERS}
    boot_flash, boot_ram = arm_size(build / BOOT)
    boot_stack = max(figures["boot-stack"] for figures in runs.values())
    rows = [row("boot-flash", "bootloader: flash", boot_flash, "KB", 20, 1024),
            row("boot-ram", "bootloader: RAM, stack included", boot_ram + boot_stack, "KB"),
            row("boot-stack", "bootloader: stack", boot_stack, "KB")]
    for variant, what in UPDATERS.items():
        flash, ram = arm_size(build / f"tests/bench/firmware/smallest-{variant}-a.elf")
        limits = (80, 48) if variant == "https" else (None, None)
        rows += [row(f"{variant}-flash", f"{what}: flash", flash, "KB", limits[0], 1024),
                 row(f"{variant}-ram", f"{what}: RAM, stack included", ram + runs[variant]["stack"], "KB", limits[1], 1024),
                 row(f"{variant}-stack", f"{what}: stack", runs[variant]["stack"], "KB")]
    rows.append(row("verify", "a signature check: instructions", max(f["verify"] for f in runs.values()), "M", 12, 1_000_000))
    rows.append(row("sha256-kb", "SHA-256: instructions per KB", runs["https"]["sha256-kb"], "k"))
    for variant, what in UPDATERS.items():  # of https it is the handshake, all of whose flights may be there at once
        rows.append(row(f"{variant}-step", f"{what}: instructions of the longest step", runs[variant]["step"], "M"))
    for variant, what in UPDATERS.items():
        rows.append(row(f"{variant}-download-kb", f"{what}: instructions per KB downloaded", runs[variant]["download-kb"], "k"))
    return rows


SCALE = {"KB": 1024, "M": 1_000_000, "k": 1000}


def print_table(rows):
    print("| what | target | measured | |")
    print("|---|---|---|---|")
    for r in rows:
        verdict = {None: "", True: "met", False: "**missed**"}[r.met]
        print(f"| {r.what} | {r.target} | {r.value / SCALE[r.unit]:.1f} {r.unit} | {verdict} |")


def budgets():
    """name -> the most that it may be: a line a figure, # begins a comment."""
    lines = (line.split("#")[0].split() for line in BUDGETS.read_text().splitlines())
    return {line[0]: int(line[1]) for line in lines if line}


def check(rows):
    """What is over its budget, or has none."""
    allowed = budgets()
    values = {r.name: r.value for r in rows}
    wrong = [f"{name}: {value}, and {allowed[name]} is its budget" for name, value in values.items()
             if name in allowed and value > allowed[name]]
    wrong += [f"{name}: {value}, and it has no budget" for name, value in values.items() if name not in allowed]
    return wrong + [f"{name}: a budget for what is not measured" for name in allowed if name not in values]


def main():
    parser = argparse.ArgumentParser(prog="firmware.py", description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="fail where a budget is exceeded")
    parser.add_argument("--build", type=pathlib.Path, default=BUILD, help="the cross build (build/arm)")
    args = parser.parse_args()
    rows = measure(args.build)
    print_table(rows)
    wrong = check(rows) if args.check else []
    for line in wrong:
        print(f"error: {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
