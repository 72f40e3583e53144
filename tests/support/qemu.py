"""The firmware in qemu-system-arm (mps2-an386), one process a device. The one place that makes QEMU's command line.

A Device is a flash file that outlives its processes. The console goes to <flash>.log, which grows over all of them and
is read as it grows. Nothing waits without an end, and what is ended is the process that was started here.

As a program, for scripts/demo:  qemu.py run FLASH --boot BOOT.ELF --qmp SOCKET --options NAME=VALUE...  becomes that QEMU;
qemu.py link SOCKET up|down  plugs its cable in or out.
"""

import argparse
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import time

import otter

HARDWARE = "mps2-an386"
BOOT = otter.FIRMWARE / HARDWARE / "boot.elf"
HOST = "10.0.2.2"  # this machine's loopback, as a guest of `-nic user` sees it
FLASH_SIZE = 16 << 20
EXIT_CUT = 77  # the power was cut at the operation that the control page names
PATIENCE = 90.0


def quoted(path):
    """A path as part of one of QEMU's comma-separated options."""
    return str(path).replace(",", ",,")


def mkflash(out, factory, slot_a, slot_b=None):
    """A flash file of a board that comes from the factory."""
    otter.run([sys.executable, otter.FIRMWARE.parents[1] / "scripts/mkflash", "--factory", factory, "--slot-a", slot_a,
               *(["--slot-b", slot_b] if slot_b else []), "-o", out])
    return pathlib.Path(out)


class Device:
    """options: names of struct mps2_options and their values. netdev: further options of `-nic user`. extra: arguments
    of QEMU itself. qmp: with a control socket (set_link, a clean stop)."""

    def __init__(self, flash, options=None, *, netdev="", extra=(), qmp=True, boot=BOOT):
        self.flash, self.boot = pathlib.Path(flash), pathlib.Path(boot)
        self.options, self.netdev, self.extra = dict(options or {}), netdev, [str(a) for a in extra]
        self.log = self.flash.with_name(self.flash.name + ".log")
        self.errors = self.flash.with_name(self.flash.name + ".err")
        self.with_qmp, self.qmp, self.process = qmp, None, None
        self.read_to, self.rest, self.lines, self.at = 0, b"", [], 0

    def command(self, qmp=None):
        """qmp: what kind of socket the control socket is, as QEMU says it."""
        arguments = "".join(f",arg={name}={value}" for name, value in self.options.items())
        qmp = ["-chardev", f"socket,id=qmp,{qmp}", "-mon", "chardev=qmp,mode=control"] if qmp else []
        return ["qemu-system-arm", "-machine", f"{HARDWARE},memory-backend=flash", "-object",
                f"memory-backend-file,id=flash,size={FLASH_SIZE >> 20}M,mem-path={quoted(self.flash)},share=on",
                "-display", "none", "-monitor", "none", "-chardev", f"file,id=uart,path={quoted(self.log)},append=on",
                "-serial", "chardev:uart", "-nic", "user,id=net0,model=lan9118" + (f",{self.netdev}" if self.netdev else ""),
                "-semihosting-config", "enable=on,target=native,arg=fw" + arguments, *qmp, *self.extra,
                "-kernel", str(self.boot)]

    def start(self):
        assert self.process is None or self.process.poll() is not None, "runs already"
        assert self.flash.stat().st_size == FLASH_SIZE, self.flash
        ours, theirs = socket.socketpair() if self.with_qmp else (None, None)
        fds = [theirs.fileno()] if theirs else []
        command = self.command(*[f"fd={fd}" for fd in fds])
        with open(self.errors, "ab") as errors:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors, pass_fds=fds)
        if theirs:
            theirs.close()
            self.qmp = Qmp(ours)
        return self

    # --- the console

    def read(self):
        """Takes in what the console has said since; unfinished lines wait."""
        if self.log.exists():
            with open(self.log, "rb") as log:
                log.seek(self.read_to)
                new = log.read()
            self.read_to += len(new)
            *whole, self.rest = (self.rest + new).split(b"\n")
            self.lines += [line.decode(errors="replace").rstrip("\r") for line in whole]
        return self.lines

    def wait_for_line(self, pattern, seconds=PATIENCE):
        """The next line with this regular expression, behind the one that was waited for last. The match."""
        def found():
            for at in range(self.at, len(self.read())):
                match = re.search(pattern, self.lines[at])
                if match:
                    self.at = at + 1
                    return match
            ended = self.process is None or self.process.poll() is not None
            # What was said with the last breath is in the file by then.
            assert not ended or any(re.search(pattern, line) for line in self.read()[self.at:]), self.said(
                f"no line «{pattern}», and qemu has ended")
            return None
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            match = found()
            if match:
                return match
            time.sleep(0.02)
        raise AssertionError(self.said(f"no line «{pattern}» within {seconds} s"))

    def count(self, pattern):
        """Lines with this expression from the very first on."""
        return sum(bool(re.search(pattern, line)) for line in self.read())

    def said(self, why):
        errors = self.errors.read_text(errors="replace") if self.errors.exists() else ""
        return "\n".join([f"{self.flash.name}: {why}; exit {self.process and self.process.poll()}", *self.read()[-60:],
                          errors[-2000:]])

    # --- the process

    def exit_status(self, seconds=PATIENCE):
        """Waits for its own end."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(self.said(f"did not end within {seconds} s")) from None
        self.read()
        return code

    def running(self):
        return self.process is not None and self.process.poll() is None

    def set_link(self, up):
        self.qmp.execute("set_link", name="net0", up=up)

    def stop(self):
        """Ends it now, as pulling the plug does; its flash stays as it is."""
        if self.running():
            if self.qmp:
                self.qmp.try_quit()
            else:
                self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(20)
        if self.qmp:
            self.qmp.close()
            self.qmp = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Qmp:
    """QEMU's machine protocol, of which we need three commands. Greeted when first used: a device may end before."""

    def __init__(self, connection):
        self.connection = connection
        self.connection.settimeout(60)
        self.lines = connection.makefile("rb")
        self.greeted = False

    def message(self):
        line = self.lines.readline()
        assert line, "qemu has closed its control socket"
        return json.loads(line)

    def execute(self, command, **arguments):
        if not self.greeted:
            self.greeted = True
            assert "QMP" in self.message(), "no greeting"
            self.execute("qmp_capabilities")
        self.connection.sendall(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
        while True:
            answer = self.message()
            assert "error" not in answer, answer
            if "return" in answer:
                return answer["return"]

    def try_quit(self):
        """It may be ending already, or have lost its way."""
        try:
            self.execute("quit")
        except (OSError, AssertionError):
            pass

    def close(self):
        self.lines.close()
        self.connection.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    run = verbs.add_parser("run")
    run.add_argument("flash")
    run.add_argument("--boot", default=BOOT)
    run.add_argument("--qmp", required=True, metavar="SOCKET")
    run.add_argument("--options", nargs="*", default=[], metavar="NAME=VALUE")
    link = verbs.add_parser("link")
    link.add_argument("qmp", metavar="SOCKET")
    link.add_argument("state", choices=["up", "down"])
    args = parser.parse_args()
    if args.verb == "run":
        device = Device(args.flash, dict(option.split("=", 1) for option in args.options), boot=args.boot)
        command = device.command(f"path={quoted(args.qmp)},server=on,wait=off")
        os.execvp(command[0], command)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(args.qmp)
        Qmp(connection).execute("set_link", name="net0", up=args.state == "up")


if __name__ == "__main__":
    main()
